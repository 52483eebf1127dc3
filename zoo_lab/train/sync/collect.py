"""`collect`: one stage an iteration. Weights go out in a broadcast, gradients return to the driver with the results."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from zoo_lab.context.jobs import undivided
from zoo_lab.train.arrival import Arrival, scaled_to_mean
from zoo_lab.train.engine import Engine
from zoo_lab.train.live import LiveModel
from zoo_lab.train.setup import Order, Report
from zoo_lab.train.sync.base import Done, Sync, expect_all_rows, join_sparse
from zoo_lab.train.sync.update import DriverUpdate
from zoo_lab.train.task import TrainAndReturn
from zoo_lab.train.tensors import aligned
from zoo_lab.train.update import UpdateRule


class CollectSync(Sync):
    """Right for small models or few workers: the driver receives one gradient from each."""

    def __init__(self, engine: Engine, live: LiveModel, rule: UpdateRule | None) -> None:
        self._engine = engine
        self._newest = DriverUpdate(live, rule)
        self._letters = engine.letters()
        self._last_end = 0.0

    def publish(self) -> None:
        self._newest.publish()
        self._last_end = time.perf_counter()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        for order in orders:
            self._iterate(order, finished)

    def pull(self) -> None:
        self._newest.pull()

    def rewind(self) -> None:
        self.pull()

    def mark(self) -> None:
        """All that the next iteration starts from is what `pull` gave."""

    def close(self) -> None:
        self._letters.close()
        self._newest.weights = self._newest.weights[:0].copy()  # a finished run must not hold the memory of its letters

    def _iterate(self, order: Order, finished: Callable[[Done], None]) -> None:
        letter = self._engine.send_letter(self._letters, self._newest.weights, (order, self._newest.state))
        try:
            reports: list[Report] = self._engine.run(self._engine.job(TrainAndReturn(letter)))
        finally:
            letter.destroy()
        expect_all_rows(order, reports)
        loss = sum(report.loss for report in reports)
        with undivided():
            returned = time.perf_counter()
            arrived = sum(report.rows for report in reports)
            if order.accepts(loss * order.scale(arrived)) and order.enough(arrived):
                gradients, states, sparse = zip(*(report.arrays for report in reports if report.rows), strict=True)
                total = _summed(gradients), join_sparse(list(sparse)), _summed(states)
                self._newest.apply(*scaled_to_mean(*total, order.scale(arrived)), into=self._letters.blank())
            self._last_end, begin = time.perf_counter(), self._last_end
            finished(done_by_driver(order, reports, begin, returned, self._last_end))


def _summed(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sum in the order of the workers, with no copy of all of them side by side."""
    total = aligned(len(arrays[0]), arrays[0].dtype)
    total[:] = arrays[0]
    for array in arrays[1:]:
        np.add(total, array, out=total)
    return total


def done_by_driver(
    order: Order, reports: list[Report], begin: float, returned: float, ended: float, update: float = 0.0
) -> Done:
    """Return what an iteration was, from the durations that its workers told and when they began.

    Before that is schedule; clocks of other hosts may differ a little, so it is kept within what the workers did not
    spend on their own work or on the `update`. The rest of that is return, or exchange where gradients took a stage of
    their own.
    """
    slowest = max(reports, key=lambda report: report.times.get("compute", 0.0))
    times = dict(slowest.times)
    times.pop("write", 0.0)
    rest = max(returned - begin - sum(times.values()) - update, 0.0)
    began_here = time.time() - (time.perf_counter() - begin)
    schedule = min(max(slowest.began - began_here, 0.0), rest)
    moved = {"schedule": schedule, "exchange" if update else "return": rest - schedule}
    parts = {**moved, **times, "update": update + ended - returned}
    metrics = [report.metrics for report in reports if report.metrics is not None]
    loss = sum(report.loss for report in reports) * order.scale(sum(report.rows for report in reports))
    return Done(order, loss, metrics, parts, slowest.worker, ended, _arrivals(order, reports), _each(reports))


def _each(reports: list[Report]) -> list[tuple[float, float, float]]:
    """Return each worker's seconds of read and compute, and how long it waited for the last one."""
    own = [(report.times.get("read", 0.0), report.times.get("compute", 0.0)) for report in reports]
    longest = max(sum(times) for times in own)
    return [(*times, longest - sum(times)) for times in own]


def _arrivals(order: Order, reports: list[Report]) -> list[Arrival]:
    if order.pieces == 1:
        return []
    return [Arrival(report.rows, report.asked, _work(report)) for report in reports]


def _work(report: Report) -> float:
    return report.times.get("read", 0.0) + report.times.get("compute", 0.0)
