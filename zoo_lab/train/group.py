"""A group of exact synchronous iterations inside one Spark task (E).

In each iteration a worker computes the gradient of its part of the batch, waits for the others, sums its slice of all
gradients, updates its slice of the weights, and waits again. Where the optimizer cannot work on slices, a group is one
iteration, and the driver sums and updates.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.core.report import blame_worker
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.meeting import Gone, Meeting, claim
from zoo_lab.train.memory import MemoryShape, SharedMemory
from zoo_lab.train.microbatches import compute_part
from zoo_lab.train.setup import GroupEnd, Order
from zoo_lab.train.sparse import SparseFile, sparse_path
from zoo_lab.train.update import SliceUpdate, UpdateRule

_memories: dict[str, SharedMemory] = {}
_sparse_files: dict[tuple[str, int], SparseFile] = {}
_resident: dict[str, tuple[tuple[int, ...], SliceUpdate]] = {}  # by path: what the update's variables hold, and it


@dataclass(frozen=True)
class TrainGroup:
    """The function of a group's job; all it needs to know of the group lies in the shared memory.

    Attributes:
        path: of the shared memory.
        shape: of the shared memory.
        rule: how workers update their slices, None where the driver does.
    """

    path: str
    shape: MemoryShape
    rule: UpdateRule | None

    def __call__(self, replica: Any, index: int, handles: tuple[ShardHandle, ...]) -> GroupEnd:
        """Do the group's iterations, or as many as come before a stop or a loss that is not finite.

        The worker that this process is need not be that of partition `index`.
        """
        memory = _opened(self.path, self.shape)
        worker = index
        try:
            replica.number = worker = claim(memory, index, replica.number)
            part = _Part(replica, worker, handles, memory)
            if self.rule is None or memory.apart:
                return GroupEnd(worker, part.compute(0, memory.bank))
            return self._iterate(part, Meeting(memory, worker), _Slice(self, replica, memory, worker))
        except Gone as gone:
            memory.abort()
            return GroupEnd(index, lost=str(gone))
        except BaseException as error:
            memory.abort()
            blame_worker(error, worker)
            raise

    def _iterate(self, part: _Part, meeting: Meeting, own: _Slice) -> GroupEnd:
        memory, index, bank = part.memory, part.index, part.memory.bank
        for position in range(memory.count):
            if index == 0 and memory.stopping:
                memory.last = position
            active = part.active(position)
            part.compute(position, bank)
            meeting.wait()
            met = time.perf_counter()
            if not memory.accepts(position):
                if position:
                    own.store()
                break
            own.update(position, active)
            memory.stamps[position, index, 4:6] = met, time.perf_counter()
            if position >= memory.last:
                own.store()
                meeting.wait()
                break
            meeting.wait()
            bank = 1 - memory.bank
        return GroupEnd(index)


class _Part:
    """This worker's part of each batch."""

    def __init__(self, replica: Any, index: int, handles: tuple[ShardHandle, ...], memory: SharedMemory) -> None:
        self.index = index
        self.memory = memory
        self._replica = replica
        self._feed = replica.feed(replica.setup.data, handles)

    def active(self, position: int) -> int:
        """Return how many workers have rows of this batch; the others' gradient slots hold old values."""
        start = self.memory.ends[position - 1] if position else 0
        return min(self.memory.shape.workers, int(self.memory.ends[position] - start))

    def compute(self, position: int, bank: int) -> tuple[int, ...]:
        """Compute one step and write down what it gave; return the entries of each sparse gradient."""
        memory, index = self.memory, self.index
        begin = time.perf_counter()
        pieces, limit, strength, _highest = map(float, memory.terms)
        batch = memory.batch(position)
        order = Order(memory.first + position, batch, pieces=int(pieces), limit=limit, strength=strength)
        weights, state = memory.weights[bank], memory.state[bank]
        part = compute_part(self._replica, index, self._feed, order, weights, state, position + 1 >= memory.count)
        memory.counts[position, index], result = part.rows, part.result
        if result is None:
            memory.losses[position, index] = 0.0
            memory.metrics[position, index] = 0.0
            memory.stamps[position, index] = begin
            return ()
        read = begin + part.read
        computed = time.perf_counter()
        memory.gradients[index] = result.gradient
        memory.states[index] = result.state
        memory.losses[position, index] = result.loss
        memory.metrics[position, index] = result.metrics
        sparse = _sparse_file(str(memory.path), index).write(result.sparse) if result.sparse else ()
        written = time.perf_counter()
        memory.stamps[position, index] = (begin, read, computed, written, written, written)
        return sparse


class _Slice:
    """This worker's slice of the weights, of the state and of what the optimizer keeps."""

    def __init__(self, group: TrainGroup, replica: Any, memory: SharedMemory, index: int) -> None:
        shape = group.shape
        self._memory = memory
        self._index = index
        self._weights = slice(*slice_bounds(shape.weights, shape.workers, index))
        self._state = slice(*slice_bounds(shape.state, shape.workers, index))
        self._from, self._to = memory.bank, 1 - memory.bank
        self._done = 0
        self._update = self._loaded(group, replica)

    def update(self, position: int, active: int) -> None:
        """Sum this slice of all gradients, in the order of the workers, and update the weights with it."""
        memory = self._memory
        gradient = np.add.reduce(memory.gradients[:active, self._weights], axis=0)
        self._update(gradient, float(memory.rates[position]), memory.weights[self._to, self._weights])
        memory.state[self._to, self._state] = np.add.reduce(memory.states[:active, self._state], axis=0)
        self._done += 1

    def store(self) -> None:
        """Write down what the optimizer keeps, for whichever process does this slice in the next group."""
        slots, scalars = self._update.kept()
        for kept, values in zip(self._memory.slots[self._to], slots, strict=True):
            kept[self._weights] = values
        self._memory.scalars[self._to, self._index] = scalars
        holds = (self._memory.version, self._index, self._memory.updates + self._done)
        _resident[str(self._memory.path)] = (holds, self._update)

    def _loaded(self, group: TrainGroup, replica: Any) -> SliceUpdate:
        """Return the update with the group's first values; a process that did this slice in the last group has them."""
        memory, own = self._memory, self._weights
        holds, update = _resident.pop(group.path, ((), None))
        if holds == (memory.version, self._index, memory.updates):
            return update
        size = own.stop - own.start
        if update is None or update.size != size:
            update = SliceUpdate(group.rule, size, memory.shape.dtype, bool(replica.model.jit_compile))
        slots = memory.slots[self._from, :, own]
        update.load(memory.weights[self._from, own], slots, memory.scalars[self._from, self._index], memory.updates)
        return update


def _opened(path: str, shape: MemoryShape) -> SharedMemory:
    if path not in _memories:
        _memories.clear()
        _sparse_files.clear()
        _resident.clear()
        _memories[path] = SharedMemory(Path(path), shape)
    return _memories[path]


def _sparse_file(path: str, worker: int) -> SparseFile:
    return _sparse_files.setdefault((path, worker), SparseFile(sparse_path(path, worker)))
