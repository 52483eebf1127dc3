"""Reads a worker's rows out of the memory-mapped shards it can reach. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from zoo_lab.context.shardfile import ShardHandle, expect_same_rows, open_shards
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.setup import DataSetup


class RowReader:
    """Rows of a pinned data set, by the number that runs through all of its shards.

    Errors:
        ShardLost: files of some shards are not here.
        DataError: a shard that was lost and written again has other rows than before.
    """

    def __init__(self, data: DataSetup, handles: Collection[ShardHandle]) -> None:
        self.handles = tuple(handles)
        for handle in handles:
            expect_same_rows(handle.index, data.shard_rows[handle.index], handle.rows)
        self.fields = [spec.name for spec in data.stored]
        self._starts = np.concatenate([[0], np.cumsum(data.shard_rows)]).astype(np.int64)
        self._shards = open_shards(handles)
        self._specs = {spec.name: spec for spec in data.stored}

    def part(self, rows: np.ndarray, worker: int, workers: int, one_host: bool) -> np.ndarray:
        """Return the worker's part of a batch: an equal slice on one host, else the rows of its own shards."""
        if one_host:
            return rows[slice(*slice_bounds(len(rows), workers, worker))]
        own = np.isin(self._shard_of(rows), list(self._shards))
        return rows[own]

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the fields of the given rows, in that order."""
        shard_of = self._shard_of(rows)
        touched = np.unique(shard_of)
        if len(touched) == 1:
            index = int(touched[0])
            local = rows - self._starts[index]
            return {name: self._shards[index].take(name, local) for name in self.fields}
        return {name: self._scattered(name, rows, shard_of, touched) for name in self.fields}

    def _scattered(self, name: str, rows: np.ndarray, shard_of: np.ndarray, touched: np.ndarray) -> np.ndarray:
        values: np.ndarray | None = None
        for index in touched:
            here = shard_of == index
            taken = self._shards[int(index)].take(name, rows[here] - self._starts[index])
            if values is None:
                values = np.empty((len(rows), *taken.shape[1:]), taken.dtype)
            values[here] = taken
        if values is None:
            spec = self._specs[name]
            return np.empty((0, *spec.shape), object if spec.dtype == "string" else spec.dtype)
        return values

    def _shard_of(self, rows: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._starts, rows, side="right") - 1
