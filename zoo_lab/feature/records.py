"""Writes the (x, y, sample_weight) records of a partition into a shard. Runs inside Spark executors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import executor_folder, handle_or_error, write_shard
from zoo_lab.core.errors import DataError
from zoo_lab.feature.place import Place
from zoo_lab.feature.recordform import RecordForm
from zoo_lab.feature.structure import Structure

_BLOCK_BYTES = 16 << 20
_BLOCK_ROWS = 8192


class RecordWriter:
    """What `mapPartitionsWithIndex` calls: writes a partition's records as a shard and gives its handle.

    The handle's note is the `Structure` of the records.

    Args:
        folder: where shards go; None for the executor's own folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def __call__(self, partition: int, records: Iterator[Any]) -> Iterator[ShardHandle | DataError]:
        yield handle_or_error(lambda: self._write(partition, records), records)

    def _write(self, partition: int, records: Iterator[Any]) -> ShardHandle:
        reader = RecordReader(partition)
        handle = write_shard(self.folder or executor_folder(), partition, reader.blocks(records))
        return replace(handle, note=reader.structure)


class RecordReader:
    """Turns records into blocks of fields; the first record says what every other must look like.

    Args:
        partition: where they come from, for messages.
        first_record: the number of the first within the partition.

    Attributes:
        structure: how fields make up the records; None until the first record was read.
    """

    def __init__(self, partition: int, first_record: int = 0) -> None:
        self.structure: Structure | None = None
        self._place = Place("record", partition, first_record)
        self._first = first_record

    def blocks(self, records: Iterable[Any]) -> Iterator[dict[str, np.ndarray]]:
        """Yield blocks of a few MB.

        Raises `DataError` naming the value, its record and the repair where a record differs from the first.
        """
        records = iter(records)
        for first in records:
            form = RecordForm.of(first, self._place)
            self.structure = form.structure
            rows = max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // max(form.nbytes, 1)))
            records = itertools.chain([first], records)
            start = self._first
            while chunk := list(itertools.islice(records, rows)):
                yield form.arrays(chunk, replace(self._place, first_row=start))
                start += len(chunk)
            return
