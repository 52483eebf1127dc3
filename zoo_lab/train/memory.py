"""One memory-mapped file through which the driver and the workers of one host share a run's arrays.

It holds the state of the run twice (two banks: the one that a group of iterations starts from stays untouched until the
group is done), a gradient slot for each worker, the orders of a group and what each worker reports of each iteration.
Runs inside Spark executors too.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

_ALIGNED = 64
STAMPS = ("begin", "read", "compute", "write", "met", "update")


@dataclass(frozen=True)
class MemoryShape:
    """The sizes that both sides must agree on.

    Attributes:
        workers: number of workers.
        iterations: the most iterations of one group.
        batch_size: the most rows of one batch.
        weights: values in the flat weights.
        gradient: values in the flat dense gradient.
        state: values in the flat updated state.
        metrics: values in the flat metric variables.
        slots: values that the optimizer keeps for each weight; 0 where the driver updates.
        scalars: values that it keeps once.
        dtype: of weights, gradient, state and slots.
    """

    workers: int
    iterations: int
    batch_size: int
    weights: int
    gradient: int
    state: int
    metrics: int
    slots: int
    scalars: int
    dtype: str

    def fields(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Return name → (dtype, shape) of every array in the file, in order."""
        workers, iterations = self.workers, self.iterations
        return {
            "header": ("<i8", (9,)),
            "claims": ("<i8", (workers,)),
            "arrived": ("<i8", (workers, _ALIGNED // 8)),  # a cache line each: they are polled
            "ends": ("<i8", (iterations,)),
            "rates": ("<f8", (iterations,)),
            "terms": ("<f8", (4,)),  # pieces of a part, seconds for it, strength of random steps, highest loss
            "rows": ("<i8", (iterations * self.batch_size,)),
            "weights": (self.dtype, (2, self.weights)),
            "state": (self.dtype, (2, self.state)),
            "slots": (self.dtype, (2, self.slots, self.weights)),
            "scalars": ("<f8", (2, workers, self.scalars)),
            "gradients": (self.dtype, (workers, self.gradient)),
            "states": (self.dtype, (workers, self.state)),
            "counts": ("<i8", (iterations, workers)),
            "losses": ("<f8", (iterations, workers)),
            "stamps": ("<f8", (iterations, workers, len(STAMPS))),
            "metrics": ("<f8", (iterations, workers, self.metrics)),
        }

    @property
    def nbytes(self) -> int:
        """Size of the file in bytes."""
        return sum(_padded(_nbytes(*field)) for field in self.fields().values())


class SharedMemory:
    """The mapped file; `create` it once on the driver, open it in every worker.

    Attributes are the arrays of `MemoryShape.fields`; of `weights`, `state`, `slots` and `scalars` the first axis is
    the bank. The header's numbers are the properties below.
    """

    header: np.ndarray
    claims: np.ndarray
    arrived: np.ndarray
    ends: np.ndarray
    rates: np.ndarray
    terms: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    state: np.ndarray
    slots: np.ndarray
    scalars: np.ndarray
    gradients: np.ndarray
    states: np.ndarray
    counts: np.ndarray
    losses: np.ndarray
    stamps: np.ndarray
    metrics: np.ndarray

    def __init__(self, path: Path, shape: MemoryShape) -> None:
        self.path = path
        self.shape = shape
        whole = np.asarray(np.memmap(path, dtype=np.uint8, mode="r+", shape=(shape.nbytes,)))
        start = 0
        for name, (dtype, extent) in shape.fields().items():
            size = _nbytes(dtype, extent)
            setattr(self, name, whole[start : start + size].view(dtype).reshape(extent))
            start += _padded(size)

    @classmethod
    def create(cls, path: Path, shape: MemoryShape) -> SharedMemory:
        """Make the file, full of zeros, and open it; raise `OSError` where there is no room for all of it.

        Without setting the room aside, a full file system would kill whoever writes into the map.
        """
        with path.open("wb") as file:
            try:
                set_aside(file, shape.nbytes)
            except OSError:
                path.unlink()
                raise
        return cls(path, shape)

    def release(self) -> None:
        """Give the room back at the end of a run: idle workers keep their maps of the file, which may then be empty."""
        for name in self.shape.fields():
            delattr(self, name)
        with contextlib.suppress(OSError):
            os.truncate(self.path, 0)

    def order(self, first: int, batches: Sequence[np.ndarray], rates: Sequence[float], apart: bool = False) -> None:
        """Put down a group: its first iteration, the rows of its batches and their learning rates.

        Where the workers are `apart`, they do not meet, and the driver updates.
        """
        sizes = np.cumsum([len(rows) for rows in batches])
        self.ends[: len(batches)] = sizes
        self.rows[: sizes[-1]] = np.concatenate(batches)
        self.rates[: len(rates)] = rates
        self.claims[:] = 0
        self.arrived[:] = 0
        self.header[:5] = first, len(batches), 0, 0, len(batches) - 1
        self.header[8] = apart

    @property
    def first(self) -> int:
        """The group's first iteration, counted from 1 over the run."""
        return int(self.header[0])

    @property
    def count(self) -> int:
        """The number of iterations in the group."""
        return int(self.header[1])

    @property
    def stopping(self) -> bool:
        """Whether the group is to end with the iteration under way."""
        return bool(self.header[2])

    def stop(self) -> None:
        """End the group with the iteration under way."""
        self.header[2] = 1

    @property
    def aborted(self) -> bool:
        """Whether a worker has given the group up."""
        return bool(self.header[3])

    def abort(self) -> None:
        """Give the group up: no worker need wait for this one."""
        self.header[3] = 1

    @property
    def last(self) -> int:
        """The position in the group, from 0, of its last iteration."""
        return int(self.header[4])

    @last.setter
    def last(self, position: int) -> None:
        self.header[4] = position

    @property
    def bank(self) -> int:
        """The bank that the group starts from; it works in the other one."""
        return int(self.header[5])

    def flip(self, updates: int) -> None:
        """Let the next group start from what this one has made with its `updates`."""
        self.header[5] = 1 - self.bank
        self.header[6] += updates

    @property
    def updates(self) -> int:
        """How many updates the optimizer had done before the group."""
        return int(self.header[6])

    @property
    def version(self) -> int:
        """Grows with each `publish`: what workers kept from before is void."""
        return int(self.header[7])

    @property
    def apart(self) -> bool:
        """Whether the workers do not meet."""
        return bool(self.header[8])

    def batch(self, position: int) -> np.ndarray:
        """Return a copy of the rows of one batch of the group."""
        start = int(self.ends[position - 1]) if position else 0
        return np.array(self.rows[start : int(self.ends[position])])

    def accepts(self, position: int) -> bool:
        """Tell whether the loss of an iteration of the group, which all workers have computed, lets it be applied."""
        loss = self.losses[position].sum()
        return bool(np.isfinite(loss) and loss <= self.terms[3])

    def finished(self) -> int:
        """Return how many iterations of the group all workers have done; meaningful where they update."""
        return int(self.arrived[:, 0].min()) // 2

    def publish(self, weights: np.ndarray, state: np.ndarray, slots: Any, scalars: Any, updates: int) -> None:
        """Make these the values that the next group starts from.

        Args:
            weights, state: flat.
            slots: a flat array for each slot of the optimizer.
            scalars: a number for each of its scalars.
            updates: how many updates it has done.
        """
        bank = self.bank
        self.weights[bank] = weights
        self.state[bank] = state
        for kept, values in zip(self.slots[bank], slots, strict=True):
            kept[:] = values
        self.scalars[bank] = scalars
        self.header[6] = updates
        self.header[7] += 1


def set_aside(file: BinaryIO, nbytes: int) -> None:
    """Make a file so long, and raise `OSError` where there is no room for all of it."""
    if sys.platform == "linux":
        os.posix_fallocate(file.fileno(), 0, nbytes)
    else:
        file.truncate(nbytes)


def _nbytes(dtype: str, shape: tuple[int, ...]) -> int:
    return np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))


def _padded(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
