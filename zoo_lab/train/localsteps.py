"""Some steps that a worker makes by itself, on its own parts of several batches, as Spark runs them (E)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.train.setup import Order, Report
from zoo_lab.train.task import train_part


@dataclass(frozen=True)
class Round:
    """What the workers start a round from; sent as a broadcast.

    Attributes:
        orders: the batches.
        weights, state: flat.
        optimizer: the value of each of its variables.
        updates: updates that it has done.
    """

    orders: tuple[Order, ...]
    weights: np.ndarray
    state: np.ndarray
    optimizer: tuple[np.ndarray, ...]
    updates: int


@dataclass(frozen=True)
class RoundEnd:
    """Where a worker's own steps have led.

    Attributes:
        reports: one for each batch, up to one whose loss is not finite.
        values: (weights, state, optimizer), None where it had no rows or its loss became not finite.
    """

    reports: tuple[Report, ...]
    values: tuple[np.ndarray, np.ndarray, list[np.ndarray]] | None

    @property
    def rows(self) -> int:
        """The number of rows it has used."""
        return sum(report.rows for report in self.reports)


@dataclass(frozen=True)
class TrainAlone:
    """The function of a round's job; `message` is a broadcast of a `Round`."""

    message: Any

    def __call__(self, replica: Any, index: int, handles: tuple[ShardHandle, ...]) -> RoundEnd:
        """Make one step on this worker's part of each batch."""
        start: Round = self.message.value
        weights, state, update = start.weights, start.state, replica.update()
        update.load(weights, start.optimizer)
        reports: list[Report] = []
        for position, order in enumerate(start.orders):
            last = position + 1 == len(start.orders)
            report, result = train_part(replica, index, handles, order, weights, state, last)
            if not math.isfinite(report.loss):
                return RoundEnd((*reports, report), None)
            if result is not None:
                begin = time.perf_counter()
                state = result.state
                weights = update(start.updates + position, result.gradient, result.sparse, state)
                report = replace(report, times={**report.times, "update": time.perf_counter() - begin})
            reports.append(report)
        used = any(report.rows for report in reports)
        return RoundEnd(tuple(reports), (weights, state, update.kept()) if used else None)
