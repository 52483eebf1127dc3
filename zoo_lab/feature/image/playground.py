"""A chain to play with: its steps with a switch and their parameters, the seed and the epoch. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoo_lab.core.errors import ZooLabError
from zoo_lab.feature.image.playable import changed, parameters, steps_of
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing


class Playground:
    """The steps of a chain, of which each can be switched off or changed; the steps that it was given stay as they are.

    A step that was not changed is the very object that it was given.

    Args:
        steps: steps and chains, in order.
        seeding: (seed, epoch) that the random steps draw from.

    Example:
        >>> from zoo_lab.feature.image import ImageHFlip, ImageResize
        >>> play = Playground([ImageHFlip(), ImageResize(30, 40)])
        >>> play.change({"on": {"0": False}, "values": {"1/resize_h": 60}})
        >>> play.chain
        ChainedPreprocessing([ImageResize(60, 40)])
    """

    def __init__(self, steps: Sequence[Preprocessing], seeding: tuple[int, int] = (0, 0)) -> None:
        self._given = steps_of(steps)
        self._seeding = seeding
        self._reset()

    @property
    def chain(self) -> ChainedPreprocessing | None:
        """The steps that are on, as they are now; None if there are none."""
        steps = [step for step, on in zip(self._steps, self._on, strict=True) if on]
        return ChainedPreprocessing(steps) if steps else None

    @property
    def steps(self) -> tuple[Preprocessing, ...]:
        """The steps that are on, as they are now."""
        return () if self.chain is None else self.chain.transformers

    def told(self) -> dict[str, Any]:
        """Return all of it as JSON values: seed, epoch, code, and of each step name, switch, parameters and problem."""
        steps = zip(self._steps, self._given, self._on, self._problems, strict=True)
        told = [
            {
                "name": type(step).__name__,
                "code": repr(step),
                "on": on,
                "params": list(parameters(step, given, str(position))),
                "problem": problem,
                "changed": step is not given,
            }
            for position, (step, given, on, problem) in enumerate(steps)
        ]
        return {"seed": self.seed, "epoch": self.epoch, "steps": told, "code": self._code()}

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Change what is named in `wanted`: "seed", "epoch", "on", "values", "reset"; see `PictureSource.change`.

        A value that its step refuses leaves the step as it was; `told` says why.
        """
        if wanted.get("reset"):
            self._reset()
        self.seed = max(int(wanted.get("seed", self.seed)), 0)
        self.epoch = max(int(wanted.get("epoch", self.epoch)), 0)
        for position, on in wanted.get("on", {}).items():
            self._on[int(position)] = bool(on)
        for path, value in wanted.get("values", {}).items():
            position, *names = path.split("/")
            self._set(int(position), names, value)

    def _code(self) -> str:
        """Return the Python of the chain as it is, a line for each step."""
        lines = [f"    {step!r},\n" for step in self.steps]
        return f"ChainedPreprocessing([\n{''.join(lines)}])" if lines else "None"

    def _set(self, position: int, names: list[str], value: Any) -> None:
        try:
            self._steps[position] = changed(self._steps[position], names, value)
            self._problems[position] = ""
        except (ZooLabError, ValueError, TypeError) as error:
            self._problems[position] = str(error)

    def _reset(self) -> None:
        self._steps = list(self._given)
        self._on = [True] * len(self._given)
        self._problems = [""] * len(self._given)
        self.seed, self.epoch = self._seeding
