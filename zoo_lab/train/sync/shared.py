"""`shared`: all workers on one host. Weights and gradients lie in one memory-mapped file, a job carries only control.

Each worker sums and updates its own slice, so that a job can hold a group of iterations; where the optimizer cannot
work on slices, the driver sums and updates, and every job is one iteration. So it does for a while where another job
holds a slot: workers that wait for each other need all of them.
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo_lab.context.jobs import GRACE_SECONDS, undivided
from zoo_lab.core.errors import ZooLabError
from zoo_lab.train.arrival import equal_arrivals, scaled_to_mean
from zoo_lab.train.crowding import Crowding
from zoo_lab.train.engine import Engine, WorkersLost
from zoo_lab.train.group import TrainGroup
from zoo_lab.train.live import LiveModel
from zoo_lab.train.meeting import died
from zoo_lab.train.memory import MemoryShape, SharedMemory
from zoo_lab.train.setup import GroupEnd, Order
from zoo_lab.train.sparse import SparseFile, sparse_path
from zoo_lab.train.sync.base import Done, Sync, join_sparse
from zoo_lab.train.update import SliceUpdate, UpdateRule

_LOOK_SECONDS = 0.02
_numbers = itertools.count()  # workers know a memory by its path: none is used twice
_LOOK_AT_ONE_SECONDS = 0.25


class SharedSync(Sync):
    """One job a group, always the same RDD, since all it works on is read from the shared file."""

    def __init__(
        self,
        engine: Engine,
        live: LiveModel,
        rule: UpdateRule | None,
        *,
        batch_size: int,
        capacity: int,
        halt_asked: Callable[[], bool],
        notice: Callable[[str], None],
    ) -> None:
        layout, prepared = live.layout, engine.prepared
        self.capacity = capacity if rule else 1
        self._shape = MemoryShape(
            workers=engine.setup.workers,
            iterations=self.capacity,
            batch_size=batch_size,
            weights=layout.weights_size,
            gradient=layout.dense_size(prepared.sparse),
            state=layout.updated_size(prepared.updated),
            metrics=live.totals.size,
            slots=rule.slots if rule else 0,
            scalars=rule.scalars if rule else 0,
            dtype=layout.dtype.str,
        )
        self._engine = engine
        self._live = live
        self._rule = rule
        self._halt_asked = halt_asked
        self._notice = notice
        self._crowding = Crowding(self._shape.workers, engine.running_tasks)
        self._crowded = self._noticed = False
        self._rows = [layout.trainable[index][0][1:] for index in prepared.sparse]
        self._told = 0
        self._owed: Sequence[Order] = ()  # told, and lost with a worker before the group was done
        self._last_end = 0.0
        self._open()

    def publish(self) -> None:
        live = self._live
        slots, scalars = live.kept() if self._rule else ((), ())
        self._memory.publish(live.flat_weights(), live.flat_state(), slots, scalars, live.updates)
        self._last_end = time.perf_counter()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        if self._crowding.apart:
            for order in orders:
                self._advance_apart(order, finished)
                if self._halt_asked() or not self._memory.accepts(0):
                    break
            return
        self._crowded = False
        self._put_down(orders)
        tell = self._teller(orders, finished)
        try:
            ends = self._run(tell if len(orders) > 1 else None)
        except KeyboardInterrupt:
            with undivided():
                self._salvage(orders, tell)
            raise
        except Exception:
            self._go_back(orders)
            if not self._crowded:
                raise
            self._notice_crowd()
            self.advance(orders, finished)
            return
        self._owed = ()
        if not self._rule:
            self._update_here(orders[0], ends, tell)
            return
        self._take_over(tell)

    def _advance_apart(self, order: Order, finished: Callable[[Done], None]) -> None:
        """Do one iteration whose workers take turns."""
        self._put_down([order], apart=True)
        try:
            ends = self._ends(lambda: self._engine.run(self._job))
        except BaseException:
            self._go_back([order])
            raise
        self._update_here(order, ends, self._teller([order], finished))

    def _notice_crowd(self) -> None:
        if not self._noticed:
            self._noticed = True
            self._notice("Another Spark job holds a slot that a worker needs: the workers take turns until it is free.")

    def pull(self) -> None:
        if not self._rule:
            return  # the live model itself was updated
        if self._owed:
            self._redo()
        self._restore()

    def rewind(self) -> None:
        if self._rule:
            self._restore()

    def _restore(self) -> None:
        memory, bank = self._memory, self._memory.bank
        self._live.restore(
            memory.weights[bank], memory.state[bank], memory.slots[bank], memory.scalars[bank, 0], memory.updates
        )

    def mark(self) -> None:
        """All that the next group starts from is what `pull` gave."""

    def close(self) -> None:
        self._memory.release()
        self._unlink()

    def _unlink(self) -> None:
        for path in (self._memory.path, *(file.path for file in self._files)):
            path.unlink(missing_ok=True)

    def _put_down(self, orders: Sequence[Order], apart: bool = False) -> None:
        rates = self._live.rates(self._memory.updates, len(orders))
        self._memory.order(orders[0].iteration, [order.rows for order in orders], rates, apart)
        first = orders[0]
        limit = math.inf if first.limit is None else first.limit
        self._memory.terms[:] = first.pieces, limit, first.strength, first.highest
        self._told = 0

    def _redo(self) -> None:
        """Do again what was told of a group before it was lost: the model must not be older than what was told."""
        orders = self._owed
        self._put_down(orders)
        try:
            self._run(None)
        except Exception:
            self._renew()
            raise
        self._owed = ()
        self._take_over(lambda _position, _returned: None)

    def _run(self, tell: Callable[[int, float], None] | None) -> list[GroupEnd]:
        self._crowding.begin()
        every = _LOOK_SECONDS if tell else _LOOK_AT_ONE_SECONDS
        return self._ends(lambda: self._engine.run(self._job, lambda: self._look(tell), every=every, gang=True))

    def _ends(self, run: Callable[[], list[GroupEnd]]) -> list[GroupEnd]:
        """Return the workers' ends in their order; where one was lost, say which: Spark knows only the partition."""
        try:
            ends = run()
        except ZooLabError:
            raise
        except Exception as error:
            if dead := died(self._memory):
                raise WorkersLost(dead) from error
            raise
        lost = [end.lost for end in ends if end.lost]
        if lost:
            raise WorkersLost(died(self._memory) or lost[0])
        return sorted(ends, key=lambda end: end.worker)

    def _look(self, tell: Callable[[int, float], None] | None) -> None:
        """While a group is under way: tell what is done, and let it end where the run is asked to stop, pause or turn."""
        memory = self._memory
        if self._rule and not self._engine.exchanges and self._crowding.found(np.count_nonzero(memory.claims)):
            self._crowded = True
            memory.abort()
        if tell is None:
            return
        if self._halt_asked():
            self._memory.stop()
        with undivided():
            for position in range(self._told, min(self._memory.finished(), self._memory.count - 1)):
                tell(position, 0.0)

    def _take_over(self, tell: Callable[[int, float], None]) -> None:
        """After a group's job: tell the rest, and make what it left the start of the next group."""
        with undivided():
            returned, done = time.perf_counter(), self._memory.finished()
            rejected = done < self._memory.count and not self._memory.accepts(done)
            if done:
                self._memory.flip(done)
            for position in range(self._told, done + rejected):
                tell(position, returned if position == done + rejected - 1 else 0.0)

    def _salvage(self, orders: Sequence[Order], tell: Callable[[int, float], None]) -> None:
        """After an interrupt: let the iteration under way end, if it is short, and keep what the group has done.

        Where iterations were told that only the whole group makes last, it is waited for however long it takes.
        """
        self._memory.stop()
        seconds = max(GRACE_SECONDS, 3 * self._longest()) if self._told else GRACE_SECONDS
        if self._rule and self._engine.settle(seconds) and not self._memory.aborted:
            self._take_over(tell)
        else:
            self._go_back(orders)

    def _longest(self) -> float:
        stamps = self._memory.stamps[: self._told]
        return float((stamps[:, :, -1].max(1) - stamps[:, :, 0].min(1)).max())

    def _go_back(self, orders: Sequence[Order]) -> None:
        """To the group's first weights."""
        self._owed = orders[: self._told]
        self._renew()

    def _update_here(self, order: Order, ends: list[GroupEnd], tell: Callable[[int, float], None]) -> None:
        memory = self._memory
        arrived = int(memory.counts[0].sum())
        if not order.accepts(memory.losses[0].sum() * order.scale(arrived)) or not order.enough(arrived):
            tell(0, time.perf_counter())
            return
        with undivided():
            returned = time.perf_counter()
            active = np.flatnonzero(memory.counts[0])
            state = np.add.reduce(memory.states[active], axis=0)
            gradient = np.add.reduce(memory.gradients[active], axis=0)
            total = scaled_to_mean(gradient, self._sparse(ends, active), state, order.scale(arrived))
            self._apply_here(*total)
            memory.stamps[0, :, 5] += time.perf_counter() - returned
            tell(0, time.perf_counter())

    def _apply_here(self, gradient: np.ndarray, sparse: list[Any], state: np.ndarray) -> None:
        memory, bank, rule = self._memory, self._memory.bank, self._rule
        if rule is None:
            memory.weights[bank] = self._live.apply(gradient, sparse, state)
            memory.state[bank] = state
            return
        update = self._whole_update
        update.load(memory.weights[bank], memory.slots[bank], memory.scalars[bank, 0], memory.updates)
        weights = update(gradient, float(memory.rates[0]))
        memory.publish(weights, state, *update.kept(), memory.updates + 1)

    @functools.cached_property
    def _whole_update(self) -> SliceUpdate:
        shape = self._shape
        return SliceUpdate(self._rule, shape.weights, shape.dtype, bool(self._live.model.jit_compile))

    def _teller(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> Callable[[int, float], None]:
        """Return what tells one iteration by its position, `returned` when its job did if it was the job's last."""

        def tell(position: int, returned: float) -> None:
            memory = self._memory
            begin, read, compute, write, met, update = memory.stamps[position].T
            slowest = int(np.argmax(compute - read))
            end = float(update.max())
            ended = returned or end
            parts = {
                "schedule": max(float(begin[slowest]) - self._last_end, 0.0),
                "read": float(read[slowest] - begin[slowest]),
                "compute": float(compute[slowest] - read[slowest]),
                "exchange": float(met[slowest] - compute[slowest]),
                "update": float(update[slowest] - met[slowest]),
                "return": ended - float(update[slowest]),
            }
            self._last_end = ended
            self._told = position + 1
            order, counts = orders[position], memory.counts[position]
            loss = float(memory.losses[position].sum()) * order.scale(int(counts.sum()))
            each = np.stack([read - begin, compute - read, met - compute], axis=1).tolist()
            arrivals = equal_arrivals(order, counts, compute - begin)
            finished(Done(order, loss, memory.metrics[position], parts, slowest, ended, arrivals, each))

        return tell

    def _open(self) -> None:
        self._memory = self._create()
        path = self._memory.path
        self._files = [SparseFile(sparse_path(str(path), index)) for index in range(self._shape.workers)]
        self._job = self._engine.job(TrainGroup(str(path), self._shape, self._rule))

    def _create(self) -> SharedMemory:
        """Return a new memory, on disk where the shared one has no room for it."""
        context, name = self._engine.context, f"{self._engine.setup.run}.memory-{next(_numbers)}"
        needed = self._shape.nbytes
        try:
            return SharedMemory.create(context.shared_memory_folder(needed) / name, self._shape)
        except OSError:  # another run has taken the room meanwhile
            return SharedMemory.create(context.shared_memory_folder(sys.maxsize) / name, self._shape)

    def _renew(self) -> None:
        """Go on in a new file: a task that is still under way may write into the old one."""
        old = self._memory
        self._unlink()
        self._open()
        self._engine.next_attempt()
        bank = old.bank
        self._memory.publish(old.weights[bank], old.state[bank], old.slots[bank], old.scalars[bank], old.updates)

    def _sparse(self, ends: list[GroupEnd], active: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        if not self._rows:
            return []
        dtype = np.dtype(self._shape.dtype)
        return join_sparse([self._files[worker].read(ends[worker].looked_up, self._rows, dtype) for worker in active])
