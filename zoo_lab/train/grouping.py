"""Decides how many iterations share a Spark job, from what jobs and iterations were measured to take. Pure."""

from __future__ import annotations

import statistics
from collections import deque

SINGLE_JOBS = 5
_WORTHWHILE = 0.1  # of an iteration: the launch that a group is made to save
_LONGEST_SECONDS = 1.0  # Stop, Pause and knobs end a group sooner; a callback and the watching of rows wait for its end
MOST_ITERATIONS = 512
_MOST_ROWS = 1 << 22


def most_iterations(asked: int | str, batch_size: int) -> int:
    """Return how many iterations the memory for orders must hold: what was asked for, or as many as `auto` may take."""
    return asked if isinstance(asked, int) else max(1, min(MOST_ITERATIONS, _MOST_ROWS // batch_size))


class Grouping:
    """How many iterations the next job takes.

    Args:
        asked: "auto", or a number that is kept.
        most: the largest group; 1 where callbacks act on every batch or the driver updates.
        ahead: whether workers make the rows of the next iteration while they do this one, which surely helps only
            within a job; then iterations share a job even where launching one is cheap.
    """

    def __init__(self, asked: int | str, most: int, ahead: bool = False) -> None:
        self._asked = asked
        self._ahead = ahead
        self._most = most
        self._jobs = 0
        self._launches: deque[float] = deque(maxlen=SINGLE_JOBS)
        self._iterations: deque[float] = deque(maxlen=SINGLE_JOBS)
        self.size = 1 if asked == "auto" else min(int(asked), most)

    def note(self, iterations: int, launch: float, inside: float) -> None:
        """Learn from a job of `iterations`: seconds that launching and returning took, and that the iterations took."""
        if not iterations:
            return
        self._jobs += 1
        if self._jobs > 1:  # the first compiles
            self._launches.append(launch)
            self._iterations.append(inside / iterations)
        if self._asked == "auto" and self._most > 1 and self._jobs > SINGLE_JOBS:
            self.size = self._best()

    @property
    def why(self) -> str:
        """The reason for the size, as one clause; "" before anything was measured."""
        if self._asked != "auto" or self._jobs <= SINGLE_JOBS:
            return ""
        launch, iteration = self._medians()
        measured = f"a job's launch takes {1000 * launch:.0f} ms and an iteration {1000 * iteration:.1f} ms"
        measured += " and rows are made ahead within a job" if self._ahead else ""
        return (
            f"{measured}, so {self.size} of them share a job" if self.size > 1 else f"{measured}, so each has its own"
        )

    def _best(self) -> int:
        launch, iteration = self._medians()
        if launch <= _WORTHWHILE * iteration and not self._ahead:
            return 1
        return max(1, min(int(_LONGEST_SECONDS / iteration), self._most))

    def _medians(self) -> tuple[float, float]:
        return statistics.median(self._launches), max(statistics.median(self._iterations), 1e-6)
