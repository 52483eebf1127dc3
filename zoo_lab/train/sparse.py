"""Sparse gradients on their way from a worker to the driver of the same host. Runs inside Spark executors too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def sparse_path(memory_path: str, worker: int) -> Path:
    """Return where the sparse gradients of a worker lie, beside the run's shared memory."""
    return Path(f"{memory_path}.{worker}")


class SparseFile:
    """A worker's sparse gradients on their way to the driver: (rows, values) pairs one after another, growing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bytes: np.ndarray = np.zeros(0, np.uint8)

    def write(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[int, ...]:
        """Write the pairs and return the number of rows in each."""
        arrays = [array for pair in pairs for array in pair]
        needed = sum(array.nbytes for array in arrays)
        if needed > len(self._bytes):
            self._grow(2 * needed)
        start = 0
        for array in arrays:
            self._bytes[start : start + array.nbytes] = array.reshape(-1).view(np.uint8)
            start += array.nbytes
        return tuple(len(rows) for rows, _values in pairs)

    def _grow(self, nbytes: int) -> None:
        """Map at least `nbytes`. A file never shrinks: the process that did this worker's part before still maps it."""
        with self.path.open("ab") as file:
            size = max(nbytes, file.tell())
            file.truncate(size)
        self._bytes = np.memmap(self.path, dtype=np.uint8, mode="r+", shape=(size,))

    def read(self, counts: Sequence[int], shapes: Sequence[tuple[int, ...]], dtype: np.dtype) -> list[Any]:
        """Return copies of the pairs; `shapes` are those of one row of each variable."""
        sizes = [
            count * (8 + int(np.prod(shape)) * dtype.itemsize) for count, shape in zip(counts, shapes, strict=True)
        ]
        if sum(sizes) > len(self._bytes):
            self._bytes = np.memmap(self.path, dtype=np.uint8, mode="r")
        pairs, start = [], 0
        for count, shape, size in zip(counts, shapes, sizes, strict=True):
            end_of_rows = start + 8 * count
            rows = np.array(self._bytes[start:end_of_rows].view(np.int64))
            values = np.array(self._bytes[end_of_rows : start + size].view(dtype)).reshape(count, *shape)
            pairs.append((rows, values))
            start += size
        return pairs
