"""What each worker did, in at most ten rows a second: how many workers there are must not make a page heavy."""

from __future__ import annotations

from zoo_lab.core.events import IterationDone, WorkerLost
from zoo_lab.widgets.columns import Columns

PARTS = ("read", "compute", "exchange")
_SECONDS = 0.095  # a little less than the tenth that sums of float times may miss
_KEPT = 50


class Lanes:
    """The split of each worker's own time by iteration, and which workers were lost when.

    `table` has a row for each tenth of a second: "iteration", the last one in it, and the mean seconds "0 read",
    "0 compute", "0 exchange" of worker 0, and so on. `lost` are the last losses, each (iteration, worker, who it was).

    Example:
        >>> Lanes().table.names
        ['iteration']
    """

    def __init__(self) -> None:
        self.table = Columns(["iteration"])
        self.lost: list[tuple[int, int, str]] = []
        self._sums: dict[str, float] = {}
        self._count = 0
        self._told = -_SECONDS

    def add(self, event: IterationDone) -> None:
        """Take an iteration into account; without its workers' times it changes nothing."""
        if not event.each:
            return
        for worker, times in enumerate(event.each):
            for part, seconds in zip(PARTS, times, strict=False):
                name = f"{worker} {part}"
                self._sums[name] = self._sums.get(name, 0.0) + seconds
        self._count += 1
        if abs(event.time - self._told) >= _SECONDS:
            means = {name: total / self._count for name, total in self._sums.items()}
            self.table.append({"iteration": event.iteration, **means})
            self._told, self._sums, self._count = event.time, {}, 0

    def lose(self, event: WorkerLost) -> None:
        """Note a loss; one of nobody knows which worker has no lane."""
        if event.worker >= 0:
            self.lost = [*self.lost, (event.iteration, event.worker, event.who)][-_KEPT:]
