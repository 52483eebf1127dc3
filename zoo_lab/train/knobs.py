"""The settings that can be changed while a run goes on: which there are, what values they take, how a change gets through.

Run checks and queues what somebody turns · Loop asks between two jobs · Knobs changes the live model or the strength ·
Crew opens the strategy anew where the optimizer now does something else to gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.checks import Checks

if TYPE_CHECKING:
    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.train.live import LiveModel

RATE, STRENGTH = "learning_rate", "augmentation_strength"
CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")
MOST_STRENGTH = 10.0


def check_turn(knob: str, value: Any, knobs: Mapping[str, float]) -> float:
    """Return a new value for a knob as a number.

    Args:
        knob: its name.
        value: what was asked for.
        knobs: name → value that it has, or was promised.

    Errors:
        ArgumentError: there is no such knob, it cannot have this value, or another way of clipping is on.
    """
    checks = Checks("turn")
    checks.one_of("knob", knob, knobs)
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)
    if knob == RATE:
        checks.require(number and value > 0, f"Expected {knob} to be above 0; received {value!r}.")
    elif knob == STRENGTH:
        fits = number and 0 <= value <= MOST_STRENGTH
        checks.require(fits, f"Expected {knob} to be from 0 to {MOST_STRENGTH:g}; received {value!r}.")
    elif knob in CLIPS:
        checks.require(number and value >= 0, f"Expected {knob} to be 0 (off) or above; received {value!r}.")
        others = [name for name in CLIPS if name != knob and knobs.get(name)]
        free = not others or not number or value == 0
        checks.require(free, f"Expected one way of clipping; {', '.join(others)} is on. Set it to 0 first.")
    checks.done()
    return float(value)


class Turns:
    """The knobs that a run turns by itself.

    Args:
        given: iterations done → knob → value from then on.
        start: iterations that were done when the run began: what was due before them has been done.

    Example:
        >>> turns = Turns({5: {"learning_rate": 0.1}})
        >>> turns.room(3, 10), list(turns.due(3)), list(turns.due(5)), turns.room(5, 10)
        (2, [], [('learning_rate', 0.1)], 10)
    """

    def __init__(self, given: Mapping[int, Mapping[str, float]], start: int = 0) -> None:
        self._left = {iteration: dict(given[iteration]) for iteration in sorted(given) if iteration >= start}

    def room(self, iteration: int, count: int) -> int:
        """Return how many of the next `count` iterations may share a job, so that none is passed where a knob turns."""
        return min([count, *(each - iteration for each in self._left if each > iteration)])

    def due(self, iteration: int) -> Iterator[tuple[str, float]]:
        """Yield what turns now, once."""
        for each in [each for each in self._left if each <= iteration]:
            yield from self._left.pop(each).items()


def check_turns(turns: Any, knobs: Mapping[str, float]) -> None:
    """Raise `ArgumentError` naming what is wrong with the `turns` of `fit`; `knobs` are those that the run begins with."""
    checks = Checks("fit")
    right = isinstance(turns, Mapping) and all(isinstance(each, Mapping) for each in turns.values())
    whole = right and all(isinstance(at, int) and not isinstance(at, bool) and at >= 0 for at in turns)
    told = "Expected turns to be a dict of iterations done → {knob: value}"
    checks.require(whole, f"{told}; received {turns!r}.")
    checks.done()
    now = dict(knobs)
    for iteration in sorted(turns):
        for knob, value in turns[iteration].items():
            now[knob] = check_turn(knob, value, now)


class Knobs:
    """The knobs of one run.

    Args:
        live: its model.
        data: what it is trained on.

    Attributes:
        strength: how far random steps over images draw.
    """

    def __init__(self, live: LiveModel, data: FeatureSet) -> None:
        self.strength = 1.0
        self._live = live
        self._moves, self._stays = _steps_with_and_without_strength(data)

    @property
    def values(self) -> dict[str, float]:
        """Name → present value: the learning rate unless a schedule gives it, clipping (0 is off), and the strength
        where a step has one."""
        return {**self._live.knobs, **({STRENGTH: self.strength} if self._moves else {})}

    def restore(self, values: Mapping[str, float]) -> None:
        """Before a run: set what was turned in the run that this one goes on from."""
        for knob, value in values.items():
            self._set(knob, value)

    def turn(self, knob: str, value: float, retool: Callable[[Callable[[], None]], None]) -> float | None:
        """Set a knob; return the value before, None where nothing has changed.

        Args:
            knob, value: as `check_turn` has let them through.
            retool: called with what changes the optimizer, where that must be done between two strategies.
        """
        before = self.values.get(knob)
        if before is None or np.float32(before) == np.float32(value):
            return None
        if knob in CLIPS:
            retool(lambda: self._set(knob, value))
        else:
            self._set(knob, value)
        return before

    def untouched(self, knob: str) -> str:
        """Return a sentence on what a knob leaves as it is, "" where it reaches everything."""
        if knob != STRENGTH or not self._stays:
            return ""
        return f"The strength does not change {', '.join(self._stays)}: how far they draw cannot be scaled."

    def _set(self, knob: str, value: float) -> None:
        if knob == STRENGTH:
            self.strength = value
        elif knob in CLIPS:
            self._live.set_clip(knob, value)
        elif knob == RATE:
            self._live.set_rate(value)


def _steps_with_and_without_strength(data: FeatureSet) -> tuple[list[str], list[str]]:
    from zoo_lab.feature.image.strength import has_strength, random_steps

    chain = data.chain
    if chain is None:
        return [], []
    found = list(random_steps(chain.maker.steps))
    mix = [] if chain.mix is None else [chain.mix]
    stays = [step for step in found if not has_strength(step)] + mix
    return _names(step for step in found if has_strength(step)), _names(stays)


def _names(steps: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(type(step).__name__ for step in steps))
