"""Decides which workers are too slow to be waited for, from how long their parts took before. Pure.

The rule is that of Analytics Zoo's `setDropModuleProperty`: after a warm-up, each window of iterations gives a limit,
and the parts of the next window that take longer are cut off there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError

_LOOSER = 1.01


@dataclass(frozen=True)
class DropSlow:
    """How many of the slowest parts a run may do without.

    Args:
        drop_percentage: the share of all parts that may be cut off, above 0 and below 1 (0.05 is 5 %).
        max_drop_percentage: the share of a batch's rows, from 0 and below 1, without which it still counts; an
            iteration that lacks more is discarded.
        window: after how many iterations the limit is set anew (the predecessor's `batchsize`).
        warm_up_iterations: how many iterations pass before any counts.

    Errors:
        ArgumentError: lists every wrong argument.

    Source: `setDropModuleProperty` of Analytics Zoo.

    Example:
        >>> DropSlow(0.05, window=50).parts(workers=4)
        10
    """

    drop_percentage: float = 0.04
    max_drop_percentage: float = 0.5
    window: int = 100
    warm_up_iterations: int = 200

    def __post_init__(self) -> None:
        checks = Checks("DropSlow")
        dropped, most = self.drop_percentage, self.max_drop_percentage
        checks.require(
            _is_number(dropped) and 0 < dropped < 1,
            f"Expected drop_percentage to be a number above 0 and below 1; received {dropped!r}.",
        )
        checks.require(
            _is_number(most) and 0 <= most < 1,
            f"Expected max_drop_percentage to be a number from 0 and below 1; received {most!r}.",
        )
        checks.positive_int("window", self.window)
        checks.natural_int("warm_up_iterations", self.warm_up_iterations)
        checks.done()

    def parts(self, workers: int) -> int:
        """Return how many parts of a window of so many workers may be cut off."""
        return int(self.drop_percentage * self.window * workers)

    def expect_some(self, workers: int) -> None:
        """Raise `ArgumentError` if no part of so many workers could ever be cut off."""
        if self.parts(workers) < 1:
            msg = (
                f"Expected drop_percentage × window × workers to be at least 1; received {self.drop_percentage} × "
                f"{self.window} × {workers}: no part could ever be cut off. Take a larger window or percentage."
            )
            raise ArgumentError(msg)

    def least_rows(self, rows: int) -> int:
        """Return how many of a batch's rows must arrive for it to count; at least 1."""
        return max(1, math.ceil(round(rows * (1 - self.max_drop_percentage), 6)))


class Stragglers:
    """The limit of the present window, learned from the last.

    Args:
        rule: how many of the slowest parts may be cut off.
        workers: how many parts a batch has.

    Example:
        >>> slow = Stragglers(DropSlow(0.5, window=2, warm_up_iterations=0), workers=2)
        >>> for times in ([1.0, 5.0], [2.0, 3.0]):
        ...     changed = slow.note(times)
        >>> slow.limit                                  # the second largest of the four
        3.0
    """

    def __init__(self, rule: DropSlow, workers: int) -> None:
        self.limit: float | None = None
        self._rule = rule
        self._parts = max(1, rule.parts(workers))  # some may have left since the run began
        self._iterations = 0
        self._times: list[float] = []
        self._cut = 0

    def note(self, times: Sequence[float], cut: int = 0, applied: bool = True) -> bool:
        """Learn from an iteration and tell whether it ended a window, so that the limit is new.

        Args:
            times: seconds of each part that was done whole.
            cut: how many parts were cut off.
            applied: whether the iteration counted; one that was discarded is no iteration of the window, but what it
                lost is of the window's loss.
        """
        self._cut += cut
        if not applied:
            return False
        self._iterations += 1
        self._times = [*self._times, *times] if (self._iterations - 1) % self._rule.window else list(times)
        if self._iterations % self._rule.window or self._iterations <= self._rule.warm_up_iterations:
            return False
        if self._parts > self._cut and self._times:
            # those that were cut off would be the largest of all
            order = min(self._parts - self._cut, len(self._times))
            self.limit = sorted(self._times, reverse=True)[order - 1]
        elif self.limit is not None:
            self.limit *= _LOOSER
        self._cut = 0
        return self.limit is not None


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
