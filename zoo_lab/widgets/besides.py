"""The curves of other runs that are drawn beside a run's own: its branches, and what it branches from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zoo_lab.core.events import Event
from zoo_lab.widgets.columns import Columns


@dataclass
class Beside:
    """One curve: the rows behind the iteration where the two runs part.

    Attributes:
        run, name: of the other run.
        begin: the last iteration that both have in common.
        iteration: of each row.
        values: "loss" and the metrics, a row for each iteration.
        over: whether the run has ended.
    """

    run: str
    name: str
    begin: int
    over: bool = False

    def __post_init__(self) -> None:
        self.iteration: list[int] = []
        self.values = Columns(["loss"])

    def __len__(self) -> int:
        return len(self.iteration)

    def add(self, event: Event) -> None:
        """Take an event of that run into account."""
        kind = type(event).__name__
        if kind == "IterationDone" and event.iteration > self.begin:
            self.iteration.append(event.iteration)
            self.values.append({**event.metrics, "loss": event.loss})
        elif kind == "RunStopped":
            self.over = True

    def facts(self, start: int) -> dict[str, Any]:
        """Return what a page must know beside the rows from `start` on."""
        own = {"run": self.run, "name": self.name, "begin": self.begin}
        return {**own, "start": start, "count": len(self) - start, "columns": ["iteration", *self.values.names]}
