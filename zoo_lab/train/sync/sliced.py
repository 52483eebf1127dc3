"""`sliced`: gradient slice n of every worker goes through Spark's shuffle to slice worker n, which updates slice n.

What a node sends and receives in an iteration is about twice the weights, however many nodes there are; the driver
receives the new weights and sends them out once. Each slice worker keeps its part of the optimizer on its host. If that
is lost with an executor, the run goes back to its last snapshot and repeats the iterations since: they are exact, so
nobody can tell afterwards.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.context.jobs import undivided
from zoo_lab.train.arrival import scaled_sparse
from zoo_lab.train.engine import Engine, WorkersLost
from zoo_lab.train.live import LiveModel
from zoo_lab.train.setup import Order
from zoo_lab.train.shuffle import Record, arriving, place, sent_to, shuffled
from zoo_lab.train.slicing import Forward, Lost, Message, ReadSlots, RemoveFiles, SliceDone, Update, brief
from zoo_lab.train.sync.base import Done, Sync, expect_all_rows, join_sparse
from zoo_lab.train.sync.collect import done_by_driver
from zoo_lab.train.sync.update import DriverUpdate
from zoo_lab.train.update import UpdateRule

if TYPE_CHECKING:
    from pyspark import RDD

_SNAPSHOT_ITERATIONS = 64


class SlicedSync(Sync):
    """Two stages an iteration: forward and backward, then the sum and the update of each slice."""

    def __init__(
        self,
        engine: Engine,
        live: LiveModel,
        rule: UpdateRule | None,
        compression: str,
        stop_asked: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._live = live
        self._rule = rule
        self._compression = compression
        self._stop_asked = stop_asked
        self._workers = engine.setup.workers
        self._places = _placed(engine, self._workers)
        self._driver = DriverUpdate(live, None) if rule is None else None
        self._letters = engine.letters()
        self._seed: Any = None
        self._interrupted = False
        self._files: dict[str, str] = {}
        self._since: list[tuple[Order, float]] = []  # the iterations since the snapshot, with their learning rates
        self._repeated = 0  # how many of them are done: all, unless the run has gone back
        self._undo: Callable[[], None] | None = None  # where the driver updates: takes the live model to the snapshot
        self._last_end = 0.0
        self._read: tuple[int, list[np.ndarray], list[Any]] | None = None
        self.received = 0
        self._take_snapshot_of_live()

    def publish(self) -> None:
        if self._driver is not None:
            self._catch_up()
            self._driver.publish()
        if not self._is_as_live():
            self._take_snapshot_of_live()
        self._last_end = time.perf_counter()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        for order in orders:
            self._catch_up()
            if len(self._since) >= _SNAPSHOT_ITERATIONS:
                self._snapshot()
            try:
                done = self._iterate(order, self._live.rates(self._updates, 1)[0])
            except KeyboardInterrupt:
                self._interrupted = True
                self._engine.end()
                raise
            finished(done)

    def pull(self) -> None:
        # a run that is to end within a second does not repeat iterations for its optimizer
        leave = self._is_behind and (self._interrupted or self._stop_asked())
        if self._driver is None or leave:
            self._live.restore(*self._newest)  # also where the optimizer cannot be had any more
        if leave:
            return
        if self._driver is not None:
            self._catch_up()
            return
        slots, scalars = self._read_slots()
        self._live.restore(self._weights, self._state, slots, scalars, self._updates)

    def rewind(self) -> None:
        self.pull()

    def mark(self) -> None:
        self._snapshot()  # rounding errors are not in a checkpoint, so they are dropped here too

    def close(self) -> None:
        self._drop_seed()
        self._letters.close()
        nothing = np.zeros(0, self._weights.dtype)  # a finished run must not hold the memory of its letters
        self._weights, self._newest, self._snapshotted, self._read = nothing, (), (), None
        with contextlib.suppress(Exception):  # Spark may have been stopped under us; then nothing is left to free
            if self._files:
                self._engine.run(self._places.mapPartitionsWithIndex(RemoveFiles(self._engine.setup.run)))
            self._places.unpersist()
            _clean_shuffle(self._engine, self._places)

    def _iterate(self, order: Order, rate: float) -> Done:
        """Do one iteration and make its weights the newest."""
        values, state = self._letters.blank(), np.empty_like(self._state)
        if self._driver is not None:  # what comes is the dense gradient
            values = values[: self._engine.setup.layout.dense_size(self._engine.prepared.sparse)]
        slices = self._run_stages(order, rate, values, state)
        reports = sorted((report for done in slices for report in done.reports), key=lambda report: report.worker)
        expect_all_rows(order, reports)
        returned = time.perf_counter()
        with undivided():
            arrived = [report.rows for report in reports]
            if order.accepts(sum(slices[0].losses) * order.scale(sum(arrived))) and order.enough(sum(arrived)):
                sparse = join_sparse([report.arrays for report in reports if report.rows])
                self._take(values, state, scaled_sparse(sparse, order.scale(sum(arrived))))
                self._keep(slices, order.again(arrived), rate)
            self._last_end, begin = time.perf_counter(), self._last_end
            seconds = max(done.seconds for done in slices)
            return done_by_driver(order, reports, begin, returned, self._last_end, update=seconds)

    def _run_stages(self, order: Order, rate: float, values: np.ndarray, state: np.ndarray) -> list[SliceDone]:
        """Return what the slice workers told, in the order of the slices; `values` and `state` are filled."""
        engine, workers = self._engine, self._workers
        kept = (self._updates, self._rule, self._compression, self._files)
        message = Message(order, self._state, rate, *kept, fresh=self._repeated == 0)
        letter = engine.send_letter(self._letters, self._weights, message)
        gradients = shuffled(engine.rdd(Forward(engine.shipped, letter)), workers)
        update = self._places.union(gradients).mapPartitionsWithIndex(Update(engine.shipped, letter, self._seed))
        try:
            found = engine.run(arriving(update, workers, gradient=values, state=state))
        finally:
            letter.destroy()
            _clean_shuffle(engine, gradients)
        lost = [record.reason for record in found if isinstance(record, Lost)]
        if lost:
            self._go_back()
            raise WorkersLost(lost[0])
        return sorted(found, key=lambda done: done.slice)

    def _take(self, values: np.ndarray, state: np.ndarray, sparse: list[Any]) -> None:
        if self._driver is None:
            self._weights, self._state = values, state
            self._updates += 1
            self._drop_seed()
        else:
            self._driver.apply(values, sparse, state)
            self._weights, self._state, self._updates = self._driver.weights, self._driver.state, self._driver.updates

    def _keep(self, slices: list[SliceDone], order: Order, rate: float) -> None:
        self._files = {name: path for done in slices for name, path in done.files.items()}
        self.received = sum(done.received for done in slices)
        if self._repeated == len(self._since):
            self._since.append((order, rate))
            self._newest = (self._weights, self._state)
        self._repeated += 1

    def _go_back(self) -> None:
        """Start from the last snapshot again; `_catch_up` repeats the iterations since, also after more losses."""
        since, newest = self._since, (self._newest[0].copy(), self._newest[1])  # the iterations to come fill letters
        if self._driver is not None:
            self._undo()
            self._driver.publish()
        self._start(self._snapshotted)
        self._since, self._newest = since, newest

    @property
    def _is_behind(self) -> bool:
        return self._repeated < len(self._since)

    def _catch_up(self) -> None:
        rate = self._live.rates(self._updates, 1)[0] if self._is_behind else 0.0
        try:
            while self._is_behind:
                order, its_rate = self._since[self._repeated]
                if self._driver is not None:
                    self._live.set_rate(its_rate)
                self._iterate(order, its_rate)
        finally:
            if self._driver is not None and rate:
                self._live.set_rate(rate)

    def _snapshot(self) -> None:
        slots, scalars = self._read_slots()
        self._snapshotted = (self._weights.copy(), self._state, slots, scalars, self._updates)
        self._since, self._repeated = [], 0
        self._undo = self._live.remember() if self._driver is not None else None

    def _take_snapshot_of_live(self) -> None:
        live = self._live
        slots, scalars = live.kept() if self._rule else ([], [])
        self._start((live.flat_weights(), live.flat_state(), slots, scalars, live.updates))
        self._undo = live.remember() if self._driver is not None else None

    def _start(self, snapshot: tuple[Any, ...]) -> None:
        slots, scalars = snapshot[2:4]
        seed = None if self._rule is None else self._engine.broadcast((list(map(brief, slots)), scalars))
        self._drop_seed()
        self._seed = seed
        self._snapshotted = snapshot
        self._weights, self._state, _slots, _scalars, self._updates = snapshot
        self._newest = (self._weights, self._state)
        self._since, self._repeated, self._files, self._read = [], 0, {}, None

    def _read_slots(self) -> tuple[list[np.ndarray], list[Any]]:
        self._catch_up()
        if self._read is None or self._read[0] != self._updates:
            self._read = (self._updates, *self._slots_now())
        return self._read[1:]

    def _slots_now(self) -> tuple[list[np.ndarray], list[Any]]:
        if self._seed is not None or self._rule is None:
            return self._snapshotted[2], self._snapshotted[3]  # no iteration since
        job = self._places.mapPartitionsWithIndex(ReadSlots(self._files, self._rule, self._weights.dtype))
        found = self._engine.run(job)
        lost = [record.reason for record in found if isinstance(record, Lost)]
        if lost:
            self._go_back()
            raise WorkersLost(lost[0])
        parts = [part for _slice, part in sorted(found, key=lambda record: record[0])]
        slots = [np.concatenate([part[0][slot] for part in parts]) for slot in range(self._rule.slots)]
        return slots, list(parts[0][1])

    def _is_as_live(self) -> bool:
        """Tell whether the live model is what this strategy made it: then nothing need be sent out anew."""
        live = self._live
        if live.updates != self._updates or not np.array_equal(live.flat_weights(), self._weights):
            return False
        if not np.array_equal(live.flat_state(), self._state):
            return False
        if self._rule is None:
            return True
        slots, scalars = live.kept()
        own = self._read_slots()
        return all(map(np.array_equal, (*slots, *scalars), (*own[0], *own[1])))

    def _drop_seed(self) -> None:
        if self._seed is not None:
            with contextlib.suppress(Exception):  # as in close
                self._seed.destroy()
            self._seed = None


def _placed(engine: Engine, workers: int) -> RDD:
    """Return one empty record a slice, kept where the slice is worked on.

    Joined with the shuffle without another one, it draws slice n to the host that did it before; a shuffle alone goes
    anywhere.
    """
    numbers = engine.context.sc.parallelize(range(workers), workers).mapPartitions(_places_of)
    placed = shuffled(numbers, workers).persist()
    engine.run(placed.map(len))
    return placed


def _places_of(numbers: Iterable[int]) -> Iterator[Record]:
    return (record for number in numbers for record in sent_to(number, place(number)))


def _clean_shuffle(engine: Engine, shuffled: RDD) -> None:
    """Remove the files of a shuffle now: Spark would wait for a garbage collection of its JVM."""
    with contextlib.suppress(Exception):  # it is only tidying
        by_key = shuffled._jrdd.rdd().dependencies().head().rdd()
        shuffle = by_key.dependencies().head().shuffleId()
        engine.context.sc._jsc.sc().cleaner().get().doCleanupShuffle(shuffle, False)
