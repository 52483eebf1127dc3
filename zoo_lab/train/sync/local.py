"""`local`: each worker makes some steps by itself; then weights, state and optimizer are averaged by rows.

One Spark job a round. Only an explicit `sync_every` chooses it: what it computes is not what one process would.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from zoo_lab.context.jobs import undivided
from zoo_lab.train.averaging import weighted_mean
from zoo_lab.train.engine import Engine
from zoo_lab.train.live import LiveModel
from zoo_lab.train.localsteps import Round, RoundEnd, TrainAlone
from zoo_lab.train.setup import Order, Report
from zoo_lab.train.sync.base import Done, Sync, expect_all_rows


class LocalSync(Sync):
    """Every call of `advance` is a round, from one averaging to the next; the live model is always the newest.

    Args:
        engine: prepared; its model came with the optimizer.
        live: the live model.
        steps: the most iterations of a round.
    """

    def __init__(self, engine: Engine, live: LiveModel, steps: int) -> None:
        self.capacity = steps
        self._engine = engine
        self._live = live
        self._last_end = 0.0

    def publish(self) -> None:
        self._last_end = time.perf_counter()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        ends = self._run(orders)
        for position, order in enumerate(orders):
            reports = _reports(ends, position)
            if len(reports) == len(ends):
                expect_all_rows(order, reports)
        with undivided():
            returned = time.perf_counter()
            wrong = _first_not_finite(ends)
            if wrong is None:
                self._average([end for end in ends if end.values is not None], len(orders))
            for done in self._told(orders, ends, returned):
                if wrong is None or done.order is orders[wrong]:  # else nothing of the round was applied
                    finished(done)

    def pull(self) -> None:
        """The live model itself is averaged."""

    def rewind(self) -> None:
        """The live model itself is averaged."""

    def mark(self) -> None:
        """All that the next round starts from is the live model."""

    def close(self) -> None:
        """Nothing outlives a round."""

    def _run(self, orders: Sequence[Order]) -> list[RoundEnd]:
        live, engine = self._live, self._engine
        optimizer = tuple(np.asarray(variable) for variable in live.model.optimizer.variables)
        message = engine.broadcast(
            Round(tuple(orders), live.flat_weights(), live.flat_state(), optimizer, live.updates)
        )
        try:
            return engine.run(engine.job(TrainAlone(message)))
        finally:
            message.destroy()

    def _average(self, ends: list[RoundEnd], steps: int) -> None:
        live, rows, updates = self._live, [end.rows for end in ends], self._live.updates
        weights, states, optimizers = zip(*(end.values for end in ends), strict=True)
        live.restore(weighted_mean(weights, rows), weighted_mean(states, rows))
        own = zip(live.model.optimizer.variables, zip(*optimizers, strict=True), strict=True)
        for variable, values in own:
            variable.assign(weighted_mean(values, rows))
        live.model.optimizer.iterations.assign(updates + steps)

    def _told(self, orders: Sequence[Order], ends: list[RoundEnd], returned: float) -> list[Done]:
        """Return what each iteration was; the times are those of the worker that took longest over the round.

        The first has what was neither its nor any other's own time, the last the averaging: clocks of other hosts may
        differ, so that only durations count.
        """
        slowest = max(range(len(ends)), key=lambda worker: _seconds(ends[worker]))
        own = [dict(report.times) for report in ends[slowest].reports]
        own += [{}] * (len(orders) - len(own))
        at, ended = self._last_end, time.perf_counter()
        told = []
        for position, order in enumerate(orders):
            parts = own[position]
            if position == 0:
                parts = {"schedule": max(returned - self._last_end - _seconds(ends[slowest]), 0.0), **parts}
            at += sum(parts.values())
            if position == len(orders) - 1:
                parts, at = {**parts, "return": ended - returned}, ended
            reports = _reports(ends, position)
            told.append(Done(order, _loss(order, reports), [r.metrics for r in reports], parts, slowest, at))
        self._last_end = ended
        return told


def _first_not_finite(ends: list[RoundEnd]) -> int | None:
    wrong = [len(end.reports) - 1 for end in ends if not math.isfinite(end.reports[-1].loss)]
    return min(wrong, default=None)


def _reports(ends: list[RoundEnd], position: int) -> list[Report]:
    """Return the workers' reports of one iteration, without those that ended before."""
    return [end.reports[position] for end in ends if position < len(end.reports)]


def _seconds(end: RoundEnd) -> float:
    return sum(sum(report.times.values()) for report in end.reports)


def _loss(order: Order, reports: list[Report]) -> float:
    """Return the mean of the workers' own losses, weighted by their rows."""
    return sum(report.loss * report.rows for report in reports if report.rows) / len(order.rows)
