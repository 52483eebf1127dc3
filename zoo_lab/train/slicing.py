"""The two stages of an iteration of `sliced`, as Spark runs them (E).

Forward: a worker computes the gradient of its part of the batch and sends slice n of it to slice worker n. Update:
slice worker n sums what came, in the order of the workers, and updates slice n of the weights with its part of the
optimizer, which it keeps in a file of its host. Both are pure: what an iteration changes is written beside what it
read, so a task may be done again anywhere that the files of the last iteration can be read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import executor_folder
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.arrival import scaled_to_mean
from zoo_lab.train.letters import opened
from zoo_lab.train.setup import Failure, Order, Report
from zoo_lab.train.shuffle import Record, chunks, chunks_of, read, sent_to, sliced_chunks, summed, telling
from zoo_lab.train.task import failure, load_replica, train_part, working
from zoo_lab.train.update import SliceUpdate, UpdateRule
from zoo_lab.train.wire import WIRES, Wire, with_feedback


@dataclass(frozen=True)
class Zeros:
    """An array of zeros on its way: before the first update most optimizers keep nothing else."""

    count: int
    dtype: np.dtype

    def __getitem__(self, part: slice) -> np.ndarray:
        return np.zeros(len(range(self.count)[part]), self.dtype)


def brief(values: np.ndarray) -> np.ndarray | Zeros:
    """Return flat values, or `Zeros` where they are all 0, and none of them -0; slices of both are the same."""
    bits = values.view(f"u{values.itemsize}")
    return values if bits.any() else Zeros(len(values), values.dtype)


@dataclass(frozen=True)
class Message:
    """What an iteration starts from; sent in a letter with the flat weights.

    Attributes:
        order: the batch.
        state: flat.
        rate: the learning rate.
        updates: updates that the optimizer has done.
        rule: how slices are updated; None lets the driver update.
        compression: name of a wire.
        files: what the last iteration left: name → path, see `file_name`.
        fresh: whether workers start without a rounding error to carry on.
    """

    order: Order
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
    """What became of a slice; its values follow as chunks, "gradient" and "state".

    Attributes:
        slice: its number.
        reports: of the workers whose reports it was sent.
        losses: of all workers, in their order.
        files: the files that this iteration wrote: name → path.
        seconds: of summing and updating.
        received: bytes of gradient that came.
    """

    slice: int
    reports: list[Report]
    losses: list[float]
    files: dict[str, str]
    seconds: float
    received: int


@dataclass(frozen=True)
class _Told:
    """What a worker tells each slice worker: of itself in short, and to the one with its number all."""

    worker: int
    rows: int
    loss: float
    report: Report | None = None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Forward:
    """The function of the first stage: yields records on their way to the slice workers."""

    setup: Any
    letter: Any

    def __call__(self, index: int, records: Iterable[Any]) -> Iterator[Record]:
        """Compute the gradient of partition `index` and yield its slices."""
        handles = tuple(record for record in records if isinstance(record, ShardHandle))
        workers = self.setup.value.workers
        try:
            yield from self._slices(load_replica(self.setup), index, handles)
        except Exception as error:
            told = error.lost if isinstance(error, _FileLost) else failure(error, index)
            for worker in range(workers):
                yield from sent_to(worker, telling(index, told))

    def _slices(self, replica: Any, index: int, handles: tuple[ShardHandle, ...]) -> Iterator[Record]:
        weights, message = opened(self.letter)
        workers = replica.setup.workers
        report, result = working(
            replica, lambda own: train_part(own, index, handles, message.order, weights, message.state)
        )
        begin = time.perf_counter()
        files: dict[str, str] = {}
        if result is not None:
            wire = WIRES[message.compression]
            feedback = _Feedback(replica.setup.run, message, index, wire) if wire.lossy else None
            yield from sliced_chunks("gradient", index, result.gradient, workers, feedback)
            if feedback is not None:
                files |= feedback.close()
            yield from sliced_chunks("state", index, result.state, workers)
            report = replace(report, arrays=result.sparse)
        report = replace(report, times={**report.times, "write": time.perf_counter() - begin})
        for worker in range(workers):
            own = (report, files) if worker == index else ()
            yield from sent_to(worker, telling(index, _Told(index, report.rows, report.loss, *own)))


class _Feedback:
    """Packs a gradient chunk by chunk, with what rounding took from the last one; both lie in files."""

    def __init__(self, run: str, message: Message, index: int, wire: Wire) -> None:
        self._wire = wire
        self._name = name = file_name("residual", index)
        self._last = None if message.fresh or name not in message.files else open_file(message.files[name])
        self._path, self._next = new_file(run, name, message.updates + 1)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        residual = None if self._last is None else np.fromfile(self._last, values.dtype, len(values))
        packed, left = with_feedback(self._wire, values, residual)
        self._next.write(left.data)
        return packed

    def close(self) -> dict[str, str]:
        """Return name → path of what the next iteration reads."""
        for file in filter(None, (self._last, self._next)):
            file.close()
        return {self._name: self._path}


@dataclass(frozen=True)
class Update:
    """The function of the second stage: sums slice `index` and updates it; yields a `SliceDone` and chunks as records.

    `seed` is a broadcast of the optimizer's (`brief` slots, scalars) to start from, None where slice workers have them.
    """

    setup: Any
    letter: Any
    seed: Any = None

    def __call__(self, index: int, records: Iterable[Record]) -> Iterator[Record]:
        """Yield what became of slice `index`, or why nothing did."""
        parts = read(records)
        begin = time.perf_counter()
        failures = [part for part in parts if isinstance(part, (Failure, Lost))]
        if failures:
            yield from (telling(index, part) for part in failures)
            return
        try:
            done, pieces, state = self._done(load_replica(self.setup), index, parts, begin)
        except Exception as error:
            yield telling(index, error.lost if isinstance(error, _FileLost) else failure(error, index))
            return
        yield telling(index, done)
        at = 0
        for piece in pieces:
            yield from chunks("gradient", index, piece, before=at)
            at += len(piece)
        yield from chunks("state", index, state)

    def _done(self, replica: Any, index: int, parts: list[Any], begin: float) -> tuple[SliceDone, list[Any], Any]:
        weights, message = opened(self.letter)
        told = sorted((part for part in parts if isinstance(part, _Told)), key=lambda part: part.worker)
        losses = [part.loss for part in told]
        reports = [part.report for part in told if part.report is not None]
        files = {name: path for part in told for name, path in part.files.items()}
        gradients, states = chunks_of(parts, "gradient"), chunks_of(parts, "state")
        received = sum(len(part.content) for part in gradients)
        wire, dtype = WIRES[message.compression], replica.setup.layout.dtype
        order, arrived = message.order, sum(part.rows for part in told)
        if not order.accepts(sum(losses) * order.scale(arrived)) or not order.enough(arrived):
            return SliceDone(index, reports, losses, {}, 0.0, received), [], np.zeros(0, dtype)
        gradient, state = summed(gradients, wire, dtype), summed(states, WIRES["none"], dtype)
        gradient, _, state = scaled_to_mean(gradient, (), state, order.scale(arrived))
        pieces = [gradient]
        if message.rule is not None:
            pieces, written = self._updated(replica, message, index, weights, gradient)
            files |= written
        return SliceDone(index, reports, losses, files, time.perf_counter() - begin, received), pieces, state

    def _updated(
        self, replica: Any, message: Message, index: int, weights: np.ndarray, gradient: np.ndarray
    ) -> tuple[list[np.ndarray], dict[str, str]]:
        run, name = replica.setup.run, file_name("slots", index)
        own = slice(*slice_bounds(len(weights), replica.setup.workers, index))
        at, update = replica.slices.pop(index, (-1, None))
        if at != message.updates or self.seed is not None:
            if update is None or update.rule != message.rule:
                compiled = bool(replica.model.jit_compile)
                update = SliceUpdate(message.rule, own.stop - own.start, weights.dtype, compiled)
            update.load(weights[own], *self._slots(message, own, index, weights.dtype), message.updates)
        updated = update.pieces(gradient, message.rate)
        path, file = new_file(run, name, message.updates + 1)
        with file:
            for values in update.pieces_kept():
                file.write(np.ascontiguousarray(values).data)
        replica.slices[index] = (message.updates + 1, update)
        return updated, {name: path}

    def _slots(self, message: Message, own: slice, index: int, dtype: np.dtype) -> tuple[Any, Any]:
        if self.seed is not None:
            slots, scalars = self.seed.value
            return [values[own] for values in slots], scalars
        return _split(read_file(message.files[file_name("slots", index)], dtype), message.rule)


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


def new_file(run: str, name: str, updates: int) -> tuple[str, BinaryIO]:
    """Return path and file for what the iteration that follows `updates` updates is to find.

    It lies beside the one that this iteration started from, and over that of the one before: page cache that is there.
    """
    folder = slices_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run}-{name}-{updates % 2}"
    return str(path), path.open("r+b" if path.exists() else "wb")


def open_file(path: str) -> BinaryIO:
    """Return a file of `new_file` to be read; raise `_FileLost` where it is not here."""
    try:
        return Path(path).open("rb")
    except FileNotFoundError as error:
        raise _FileLost(path) from error


def read_file(path: str, dtype: np.dtype) -> np.ndarray:
    """Return the values of a file, flat; raise `_FileLost` where it is not here."""
    with open_file(path) as file:
        return np.fromfile(file, dtype)


def _split(values: np.ndarray, rule: UpdateRule) -> tuple[Any, Any]:
    end = len(values) - rule.scalars
    return np.split(values[:end], rule.slots) if rule.slots else [], values[end:]
