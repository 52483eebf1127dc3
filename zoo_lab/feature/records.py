"""Writes the (x, y, sample_weight) records of a partition into a shard. Runs inside Spark executors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import executor_folder, handle_or_error, write_shard
from zoo_lab.core.errors import DataError
from zoo_lab.feature.place import Place
from zoo_lab.feature.recordfield import RecordField, shown
from zoo_lab.feature.recordnests import record_parts, record_structure
from zoo_lab.feature.structure import Nest, Structure, leaves

_BLOCK_BYTES = 16 << 20
_BLOCK_ROWS = 8192
_RECORD = "a record (x, y) or (x, y, sample_weight)"


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

    Attributes:
        structure: how fields make up the records; None until the first record was read.
    """

    def __init__(self, partition: int) -> None:
        self.structure: Structure | None = None
        self._partition = partition
        self._fields: dict[str, RecordField] = {}

    def blocks(self, records: Iterable[Any]) -> Iterator[dict[str, np.ndarray]]:
        """Yield blocks of a few MB.

        Raises `DataError` naming the value, its record and the repair where a record differs from the first.
        """
        records = iter(records)
        for first in records:
            rows = self._learn(first)
            records = itertools.chain([first], records)
            start = 0
            while chunk := list(itertools.islice(records, rows)):
                yield self._block(chunk, start)
                start += len(chunk)
            return

    def _learn(self, first: Any) -> int:
        """Learn the structure from the first record and return how many such records make up a block."""
        place = Place("record", self._partition)
        try:
            self.structure = record_structure(first)
        except TypeError as error:
            raise place.error(0, _RECORD, str(error), "") from error
        if self.structure.x is None:
            raise place.error(0, f"{_RECORD} with a value for x", shown(first), "Fill or drop such records first.")
        inputs = leaves(self.structure.x)
        for name, items in self._columns([first], 0, self.structure.fields()).items():
            self._fields[name] = RecordField.like(items[0], self._place(name, 0), may_be_text=name in inputs)
        nbytes = sum(field.nbytes for field in self._fields.values())
        return max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // max(nbytes, 1)))

    def _block(self, chunk: list[Any], start: int) -> dict[str, np.ndarray]:
        columns = self._columns(chunk, start, self._fields)
        return {name: field.array(columns[name], self._place(name, start)) for name, field in self._fields.items()}

    def _columns(self, chunk: list[Any], start: int, names: Iterable[str]) -> dict[str, list[Any]]:
        """Return the values of consecutive records per field."""
        columns: dict[str, list[Any]] = {name: [] for name in names}
        structure = self.structure
        assert structure is not None
        for item, record in enumerate(chunk):
            x, y, weight = record_parts(record)
            try:
                _collect("x", structure.x, x, columns)
                _collect("y", structure.y, y, columns)
                _collect("sample_weight", structure.weight, weight, columns)
            except _Differs as differs:
                place = self._place(differs.path, start + item)
                repair = "Give every record the same form first."
                raise place.error(0, differs.expected, _told(differs.value), repair) from None
        return columns

    def _place(self, name: str, first_row: int) -> Place:
        return Place(f"value {name}", self._partition, first_row)


class _Differs(Exception):
    def __init__(self, path: str, expected: str, value: Any) -> None:
        super().__init__()
        self.path = path
        self.expected = f"{expected} as in the first record"
        self.value = value


def _collect(path: str, nest: Nest, value: Any, columns: dict[str, list[Any]]) -> None:
    if isinstance(nest, str):
        columns[nest].append(value)
    elif isinstance(nest, dict):
        if not isinstance(value, Mapping) or value.keys() != nest.keys():
            raise _Differs(path, f"a dict with the keys {list(nest)}", value)
        for key, item in nest.items():
            _collect(f"{path}[{key!r}]", item, value[key], columns)
    elif isinstance(nest, list):
        if not isinstance(value, (list, tuple)) or len(value) != len(nest):
            raise _Differs(path, f"a list of {len(nest)} values", value)
        for position, item in enumerate(nest):
            _collect(f"{path}[{position}]", item, value[position], columns)
    elif value is not None:
        raise _Differs(path, "no value", value)


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a dict with the keys {list(value)}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"
