"""The two stages of an iteration of `sliced`, as Spark runs them (E).

Forward: a worker computes the gradient of its part of the batch and sends slice n of it to slice worker n. Update: slice
worker n sums what came, in the order of the workers, and updates slice n of the weights with its part of the
optimizer, which it keeps in a file of its host. Both are pure: what an iteration changes is written beside what it read,
so a task may be done again anywhere that the files of the last iteration can be read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import executor_folder
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.arrival import scaled_to_mean
from zoo_lab.train.setup import Failure, Order, Report
from zoo_lab.train.task import failure, load_replica, train_part, working
from zoo_lab.train.update import SliceUpdate, UpdateRule
from zoo_lab.train.wire import CHUNK_BYTES, WIRES, with_feedback


@dataclass(frozen=True)
class Message:
    """What an iteration starts from; sent as a broadcast.

    Attributes:
        order: the batch.
        weights, state: flat.
        rate: the learning rate.
        updates: updates that the optimizer has done.
        rule: how slices are updated; None lets the driver update.
        compression: name of a wire.
        files: what the last iteration left: name → path, see `file_name`.
        fresh: whether workers start without a rounding error to carry on.
    """

    order: Order
    weights: np.ndarray
    state: np.ndarray
    rate: float
    updates: int
    rule: UpdateRule | None
    compression: str = "none"
    files: dict[str, str] = field(default_factory=dict)
    fresh: bool = True


@dataclass(frozen=True)
class Lost:
    """A file of the last iteration cannot be read any more; `reason` says which."""

    reason: str


class _FileLost(Exception):  # noqa: N818 - it becomes a `Lost`
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.lost = Lost(f"what a worker kept for the next iteration is lost with it: {path}")


@dataclass(frozen=True)
class SliceDone:
    """What became of a slice.

    Attributes:
        slice: its number.
        values: the new weights of the slice; the summed gradient where the driver updates.
        state: its slice of the updated state.
        reports: of the workers whose reports it was sent.
        losses: of all workers, in their order.
        files: the files that this iteration wrote: name → path.
        seconds: of summing and updating.
        received: bytes of gradient that came.
    """

    slice: int
    values: np.ndarray | None
    state: np.ndarray | None
    reports: list[Report]
    losses: list[float]
    files: dict[str, str]
    seconds: float
    received: int


@dataclass(frozen=True)
class Forward:
    """The function of the first stage: yields (slice, (worker, kind, offset, content))."""

    setup: Any
    message: Any

    def __call__(self, index: int, records: Iterable[Any]) -> Iterator[tuple[int, Any]]:
        """Compute the gradient of partition `index` and yield its slices."""
        handles = tuple(record for record in records if isinstance(record, ShardHandle))
        workers = self.setup.value.workers
        try:
            yield from self._slices(load_replica(self.setup), index, handles)
        except Exception as error:
            told = error.lost if isinstance(error, _FileLost) else failure(error, index)
            yield from ((worker, (index, "failure", 0, told)) for worker in range(workers))

    def _slices(self, replica: Any, index: int, handles: tuple[ShardHandle, ...]) -> Iterator[tuple[int, Any]]:
        message: Message = self.message.value
        workers = replica.setup.workers
        report, result = working(
            replica, lambda own: train_part(own, index, handles, message.order, message.weights, message.state)
        )
        begin = time.perf_counter()
        written: dict[str, str] = {}
        if result is not None:
            gradient, residual = self._packed(message, index, result.gradient)
            if residual is not None:
                name = file_name("residual", index)
                written[name] = write_file(replica.setup.run, name, message.updates + 1, [residual])
            yield from _chunks("gradient", index, gradient, workers)
            yield from _chunks("state", index, result.state, workers)
            report = replace(report, arrays=result.sparse)
        report = replace(report, times={**report.times, "write": time.perf_counter() - begin})
        summary = (report.rows, report.loss)
        for worker in range(workers):
            told = (summary, report, written) if worker == index else (summary, None, {})
            yield worker, (index, "report", 0, told)

    def _packed(self, message: Message, index: int, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        wire, residual = WIRES[message.compression], None
        name = file_name("residual", index)
        if wire.lossy and not message.fresh and name in message.files:
            residual = read_file(message.files[name], gradient.dtype)
        return with_feedback(wire, gradient, residual)


@dataclass(frozen=True)
class Update:
    """The function of the second stage: sums slice `index` and updates it.

    `seed` is a broadcast of the optimizer's (slots, scalars) to start from, None where the slice workers have them.
    """

    setup: Any
    message: Any
    seed: Any = None

    def __call__(self, index: int, records: Iterable[tuple[int, Any]]) -> Iterator[SliceDone | Failure | Lost]:
        """Yield what became of slice `index`, or why nothing did."""
        parts = [content for _slice, content in records if content is not None]
        begin = time.perf_counter()
        failures = [content for _worker, kind, _offset, content in parts if kind == "failure"]
        if failures:
            yield from failures
            return
        try:
            yield self._done(load_replica(self.setup), index, parts, begin)
        except Exception as error:
            yield error.lost if isinstance(error, _FileLost) else failure(error, index)

    def _done(self, replica: Any, index: int, parts: list[Any], begin: float) -> SliceDone:
        message: Message = self.message.value
        told = {worker: content for worker, kind, _offset, content in parts if kind == "report"}
        losses = [told[worker][0][1] for worker in sorted(told)]
        reports = [report for _summary, report, _written in told.values() if report is not None]
        written = {name: path for _summary, _report, files in told.values() for name, path in files.items()}
        received = sum(len(content) for _worker, kind, _offset, content in parts if kind == "gradient")
        order, arrived = message.order, sum(rows for (rows, _loss), _report, _written in told.values())
        if not math.isfinite(sum(losses)) or not order.enough(arrived):
            return SliceDone(index, None, None, reports, losses, {}, 0.0, received)
        wire, dtype = WIRES[message.compression], replica.setup.layout.dtype
        gradient = _summed([part for part in parts if part[1] == "gradient"], wire, dtype)
        state = _summed([part for part in parts if part[1] == "state"], WIRES["none"], dtype)
        gradient, _, state = scaled_to_mean(gradient, (), state, order.scale(arrived))
        if message.rule is not None:
            gradient, files = self._updated(replica, message, index, gradient)
            written |= files
        return SliceDone(index, gradient, state, reports, losses, written, time.perf_counter() - begin, received)

    def _updated(
        self, replica: Any, message: Message, index: int, gradient: np.ndarray
    ) -> tuple[np.ndarray, dict[str, str]]:
        run, name = replica.setup.run, file_name("slots", index)
        own = slice(*slice_bounds(len(message.weights), replica.setup.workers, index))
        at, update = replica.slices.pop(index, (-1, None))
        if at != message.updates or self.seed is not None:
            if update is None:
                compiled = bool(replica.model.jit_compile)
                update = SliceUpdate(message.rule, own.stop - own.start, message.weights.dtype, compiled)
            update.load(message.weights[own], *self._slots(message, own, index), message.updates)
        weights = update(gradient, message.rate)
        slots, scalars = update.kept()
        path = write_file(run, name, message.updates + 1, [*slots, *scalars])
        replica.slices[index] = (message.updates + 1, update)
        return weights, {name: path}

    def _slots(self, message: Message, own: slice, index: int) -> tuple[Any, Any]:
        if self.seed is not None:
            slots, scalars = self.seed.value
            return [values[own] for values in slots], scalars
        return _split(read_file(message.files[file_name("slots", index)], message.weights.dtype), message.rule)


@dataclass(frozen=True)
class ReadSlots:
    """The function of a job that brings the optimizer's slots to the driver."""

    files: dict[str, str]
    rule: UpdateRule
    dtype: np.dtype

    def __call__(self, index: int, records: Iterable[Any]) -> Iterator[tuple[int, Any] | Lost]:
        """Yield (slice, (its slots, its scalars))."""
        for _ in records:
            pass
        name = file_name("slots", index)
        try:
            yield index, _split(read_file(self.files[name], self.dtype), self.rule)
        except _FileLost as error:
            yield error.lost


@dataclass(frozen=True)
class RemoveFiles:
    """The function of a job that deletes what a run left on the host of each slice."""

    run: str

    def __call__(self, _index: int, records: Iterable[Any]) -> Iterator[int]:
        """Yield the number of files deleted."""
        for _ in records:
            pass
        files = list(slices_folder().glob(f"{self.run}-*"))
        for file in files:
            file.unlink(missing_ok=True)
        yield len(files)


def slices_folder() -> Path:
    """Return the folder of this executor for what slice workers keep; Spark removes it with the executor."""
    return executor_folder().parent / "zoo_lab-slices"


def file_name(kind: str, number: int) -> str:
    """Return the name under which a slice's or a worker's file is known."""
    return f"{kind}-{number}"


def write_file(run: str, name: str, updates: int, arrays: list[np.ndarray]) -> str:
    """Write arrays one after another for the iteration that follows `updates` updates, and return the path.

    They go beside those that the iteration started from, and over those of the one before: page cache that is there.
    """
    folder = slices_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run}-{name}-{updates % 2}"
    with path.open("r+b" if path.exists() else "wb") as file:
        for array in arrays:
            file.write(np.ascontiguousarray(array).data)
    return str(path)


def read_file(path: str, dtype: np.dtype) -> np.ndarray:
    """Return the values of a file, flat; raise `_FileLost` where it is not here."""
    try:
        return np.fromfile(path, dtype)
    except FileNotFoundError as error:
        raise _FileLost(path) from error


def _split(values: np.ndarray, rule: UpdateRule) -> tuple[Any, Any]:
    end = len(values) - rule.scalars
    return np.split(values[:end], rule.slots) if rule.slots else [], values[end:]


def _chunks(kind: str, worker: int, values: np.ndarray, slices: int) -> Iterator[tuple[int, Any]]:
    """Yield (slice, (worker, kind, offset within the slice, bytes)); small pieces, so that Spark streams them."""
    step = max(1, CHUNK_BYTES // values.itemsize)
    for number in range(slices):
        start, stop = slice_bounds(len(values), slices, number)
        for at in range(start, stop, step):
            yield number, (worker, kind, at - start, values[at : min(at + step, stop)].tobytes())


def _summed(parts: list[Any], wire: Any, dtype: np.dtype) -> np.ndarray:
    """Return the sum over the workers, always in their order; chunks come in any."""
    total: np.ndarray | None = None
    for worker in sorted({part[0] for part in parts}):
        chunks = sorted((offset, content) for sender, _kind, offset, content in parts if sender == worker)
        values = [wire.unpacked(content, dtype) for _offset, content in chunks]
        own = values[0] if len(values) == 1 else np.concatenate(values)
        total = np.array(own) if total is None else np.add(total, own, out=total)
    return np.zeros(0, dtype) if total is None else total
