"""One shard: the rows of one partition as flat files that every process of its host can memory-map.

A folder holds, per field, `<position>.bin` (rows one after another, C order) and, for strings,
`<position>.ends.bin` (int64 end of each row's UTF-8 bytes). Runs inside Spark executors.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from zoo_lab.core.errors import DataError

STRING = "string"


@dataclass(frozen=True)
class FieldSpec:
    """Name (any text; messages show it), numpy dtype (or "string") and the shape of one row."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def type_name(self) -> str:
        """The type as people write it, such as "float32"."""
        return self.dtype if self.dtype == STRING else np.dtype(self.dtype).name


@dataclass(frozen=True)
class ShardHandle:
    """Where one shard lies and how many rows it has: the small record that is pinned in Spark.

    `note` is what the task that read the rows has to tell the driver about them; shards do not look at it.
    """

    index: int
    rows: int
    host: str
    folder: str
    fields: tuple[FieldSpec, ...]
    note: Any = None


class ShardLost(Exception):  # noqa: N818 - it ends the job, which is done again once they are written again
    """Shards whose files cannot be read here.

    Attributes:
        shards: their numbers.
    """

    def __init__(self, message: str, shards: Sequence[int]) -> None:
        super().__init__(message)
        self.shards = tuple(shards)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.shards)


class ShardWriter:
    """Append blocks of rows to a new shard below `parent`; every block must agree with the first.

    Example:
        >>> import tempfile, numpy
        >>> writer = ShardWriter(Path(tempfile.mkdtemp()), index=0)
        >>> writer.append({"x": numpy.zeros((3, 2), "float32")})
        >>> writer.close().rows
        3
    """

    def __init__(self, parent: Path, index: int) -> None:
        self.folder = parent / f"shard-{index}-{os.urandom(6).hex()}"
        self.folder.mkdir(parents=True)
        self.index = index
        self.rows = 0
        self.fields: tuple[FieldSpec, ...] = ()
        self._files: list[BinaryIO] = []
        self._ends: dict[int, tuple[BinaryIO, int]] = {}

    def append(self, block: Mapping[str, np.ndarray]) -> None:
        """Write one block: field name → array whose first axis is the row."""
        fields = tuple(_spec_of(name, array) for name, array in block.items())
        if not self.fields:
            self._open(fields)
        elif fields != self.fields:
            raise self._mismatch(fields)
        lengths = {name: len(array) for name, array in block.items()}
        if len(set(lengths.values())) != 1:
            msg = f"Expected the same number of rows in every field; received {lengths}."
            raise DataError(msg)
        for position, spec in enumerate(fields):
            self._write(position, block[spec.name])
        self.rows += next(iter(lengths.values()))

    def close(self) -> ShardHandle:
        """Finish the files and return the shard's handle."""
        for file in [*self._files, *(file for file, _end in self._ends.values())]:
            file.close()
        return ShardHandle(self.index, self.rows, socket.gethostname(), str(self.folder), self.fields)

    def _open(self, fields: tuple[FieldSpec, ...]) -> None:
        self.fields = fields
        for position, spec in enumerate(fields):
            self._files.append(_data_file(self.folder, position).open("wb"))
            if spec.dtype == STRING:
                self._ends[position] = (_ends_file(self.folder, position).open("wb"), 0)

    def _write(self, position: int, array: np.ndarray) -> None:
        if position not in self._ends:
            self._files[position].write(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
            return
        file, end = self._ends[position]
        encoded = [text.encode() if isinstance(text, str) else bytes(text) for text in array]
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64) + end
        self._files[position].write(b"".join(encoded))
        file.write(ends.tobytes())
        self._ends[position] = (file, int(ends[-1]) if len(ends) else end)

    def _mismatch(self, fields: tuple[FieldSpec, ...]) -> DataError:
        before = {spec.name: (spec.dtype, spec.shape) for spec in self.fields}
        now = {spec.name: (spec.dtype, spec.shape) for spec in fields}
        names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        told = "; ".join(f"{name!r}: expected {before.get(name)}, received {now.get(name)}" for name in names)
        msg = (
            f"Rows from {self.rows} on in partition {self.index} differ in type or shape from those before: {told}. "
            "Make every row the same size (pad, crop or resize) before training."
        )
        return DataError(msg)


class Shard:
    """The rows of a handle, memory-mapped read-only; cheap to open, nothing is read until `take`.

    Errors:
        ShardLost: its files are not here, or not whole.
    """

    def __init__(self, handle: ShardHandle) -> None:
        self.handle = handle
        try:
            self._fields = {spec.name: _open_field(handle, position) for position, spec in enumerate(handle.fields)}
        except (OSError, ValueError) as error:  # ValueError: a file shorter than its rows
            msg = f"Shard {handle.index}, written on {handle.host}, cannot be read on {socket.gethostname()}: {error}"
            raise ShardLost(msg, [handle.index]) from error

    def take(self, field: str, rows: np.ndarray | slice) -> np.ndarray:
        """Return a copy of the given rows of a field, shape (len(rows), *row shape).

        Args:
            field: the field's name.
            rows: row numbers (negative ones count from the end) or a slice. Strings come as UTF-8 `bytes` objects.
        """
        return self._fields[field].take(rows)


def open_shards(handles: Iterable[ShardHandle]) -> dict[int, Shard]:
    """Return number → shard of all that have rows; one `ShardLost` names all that are lost."""
    shards, lost = {}, []
    for handle in handles:
        try:
            if handle.rows:
                shards[handle.index] = Shard(handle)
        except ShardLost as error:
            lost.append(error)
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise ShardLost(f"{lost[0]}{more}", [index for error in lost for index in error.shards]) from lost[0]
    return shards


def expect_same_rows(index: int, pinned: int, again: int) -> None:
    """Raise `DataError` where a shard that was written again has other rows than before."""
    if again != pinned:
        msg = (
            f"Partition {index} had {pinned} rows when it was pinned; its shard was lost, and read again it has "
            f"{again}. Pin data that does not change: write it to a table first, or cache it."
        )
        raise DataError(msg)


class _Numbers:
    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def take(self, rows: np.ndarray | slice) -> np.ndarray:
        if isinstance(rows, slice):
            return self._array[rows].copy()
        return self._array.take(rows, axis=0)


class _Strings:
    def __init__(self, text: np.ndarray, ends: np.ndarray) -> None:
        self._text = text
        self._ends = ends

    def take(self, rows: np.ndarray | slice) -> np.ndarray:
        numbers = np.arange(len(self._ends))[rows]
        stops = self._ends[numbers]
        starts = np.where(numbers > 0, self._ends[numbers - 1], 0)
        text = memoryview(self._text)
        texts = np.empty(len(numbers), dtype=object)
        texts[:] = [bytes(text[start:stop]) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        return texts


def _spec_of(name: str, array: np.ndarray) -> FieldSpec:
    if array.dtype.kind in "OUS":
        return FieldSpec(name, STRING, ())
    return FieldSpec(name, array.dtype.str, tuple(array.shape[1:]))


def _open_field(handle: ShardHandle, position: int) -> _Numbers | _Strings:
    spec, folder = handle.fields[position], Path(handle.folder)
    if spec.dtype != STRING:
        return _Numbers(_map_file(_data_file(folder, position), np.dtype(spec.dtype), (handle.rows, *spec.shape)))
    ends = _map_file(_ends_file(folder, position), np.dtype(np.int64), (handle.rows,))
    size = int(ends[-1]) if handle.rows else 0
    return _Strings(_map_file(_data_file(folder, position), np.dtype(np.uint8), (size,)), ends)


def _data_file(folder: Path, position: int) -> Path:
    return folder / f"{position}.bin"


def _ends_file(folder: Path, position: int) -> Path:
    return folder / f"{position}.ends.bin"


def _map_file(path: Path, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    if 0 in shape:  # an empty file cannot be mapped
        return np.empty(shape, dtype)
    # a plain array over the map: indexing np.memmap itself runs its Python hooks each time
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))
