"""Reads the files of Torch7 (.t7), binary and ASCII, to arrays, tables and records; functions in them are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError

_NIL, _NUMBER, _STRING, _TABLE, _OBJECT, _BOOLEAN = range(6)
_FUNCTIONS = (6, 7, 8)
_DEEPEST = 150  # tables in tables
_MOST = 1 << 30  # elements of a tensor, which strides of 0 could make of a single one
_KINDS = {
    "Byte": "u1",
    "Char": "i1",
    "Short": "i2",
    "Int": "i4",
    "Long": "i8",
    "Float": "f4",
    "Double": "f8",
    "Half": "f2",
    "Cuda": "f4",
}
_KINDS |= {f"Cuda{name}": kind for name, kind in _KINDS.items()}
_PYTORCH = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class Table(dict[Any, Any]):
    """A table of Lua: keys are numbers, texts or other tables; equal only to itself."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other

    def items_in_order(self) -> list[Any]:
        """Return what has the keys 1, 2, 3 …"""
        found = []
        while len(found) + 1 in self:
            found.append(self[len(found) + 1])
        return found


class Record:
    """An object of a Torch class.

    Attributes:
        kind: the class, such as "nn.Linear".
        fields: its table.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.fields = Table()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field; the default where it is nil."""
        found = self.fields.get(name)
        return default if found is None else found

    def __repr__(self) -> str:
        return f"Record({self.kind!r})"


def torch_values(path: str | Path) -> Any:
    """Read a tensor, or a table of them, that Torch7 saved.

    Returns:
        tensors as numpy arrays of their own type; tables with the keys 1, 2, 3 … as lists, others as dicts.

    Raises:
        ArgumentError: there is no such file.
        DataError: it is none of Torch7, is damaged, or holds functions or objects of other classes.

    Example:
        >>> torch_values("image.t7").shape                                             # doctest: +SKIP
        (3, 224, 224)
    """
    return _plain(read(path), str(path), ())


def read(path: str | Path, where: str = "torch_values") -> Any:
    """Return the first object of a file: arrays, `Table`s, `Record`s, numbers, texts, booleans or None.

    Args:
        path: the file.
        where: whose argument it is, for messages.

    Raises as `torch_values` does.
    """
    path = Path(path)
    checks = Checks(where)
    checks.require(path.is_file(), f"Expected path to be a file; received {str(path)!r}, which is none.")
    checks.done()
    content = path.read_bytes()
    if content.startswith(_PYTORCH):
        msg = (
            f"{path}: expected a file of Torch7 (.t7); received one of PyTorch, a pickle, of which nothing is read. "
            "Export the model with torch.onnx.export and load it with load_onnx."
        )
        raise DataError(msg)
    sources: list[_Source] = [_Binary(content, 8), _Binary(content, 4)]
    if re.match(rb"\s*\d+\s", content):
        sources = [_Ascii(content)]
    problems = []
    for source in sources:  # files do not tell how long their long integers are
        try:
            found = _Reader(source).object()
        except _DamagedError as error:
            problems.append(str(error))
        else:
            if source is sources[0] or source.left() == 0:  # else the shorter ones fit by chance
                return found
    msg = f"{path}: expected a file of Torch7; it is none, or damaged ({problems[0]})."
    raise DataError(msg)


def _plain(value: Any, path: str, around: tuple[Any, ...]) -> Any:
    if isinstance(value, Record):
        msg = f"{path}: expected tensors and tables; received an object of {value.kind}. Load nets with Net.load_torch."
        raise DataError(msg)
    if not isinstance(value, Table):
        return value
    if any(value is outer for outer in around):
        msg = f"{path}: expected tensors and tables; received a table that holds itself."
        raise DataError(msg)
    inner = (*around, value)
    in_order = value.items_in_order()
    if len(in_order) == len(value):
        return [_plain(item, path, inner) for item in in_order]
    if any(isinstance(key, (Table, Record, np.ndarray)) for key in value):
        msg = f"{path}: expected tables whose keys are numbers or texts; received others."
        raise DataError(msg)
    return {key: _plain(item, path, inner) for key, item in value.items()}


class _DamagedError(Exception):
    """What follows is not what it should be."""


class _Source(Protocol):
    """The two ways of writing down numbers and texts."""

    def left(self) -> int:
        """Return how many bytes are not read yet."""

    def int(self) -> int:
        """Read a 32-bit integer."""

    def longs(self, count: int) -> list[int]:
        """Read long integers."""

    def number(self) -> float:
        """Read a floating-point number."""

    def text(self) -> str:
        """Read a text with its length."""

    def array(self, kind: str, count: int) -> np.ndarray:
        """Read the elements of a storage."""


class _Binary:
    """Little-endian, as x86 and ARM write it."""

    def __init__(self, content: bytes, long_size: int) -> None:
        self._content, self._at, self._long = content, 0, long_size

    def left(self) -> int:
        return len(self._content) - self._at

    def int(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)

    def longs(self, count: int) -> list[int]:
        return self.array(f"i{self._long}", count).tolist()

    def number(self) -> float:
        return float(self.array("f8", 1)[0])

    def text(self) -> str:
        return self._take(self.int()).decode("utf-8", "surrogateescape")

    def array(self, kind: str, count: int) -> np.ndarray:
        kind = f"i{self._long}" if kind == "i8" else kind
        dtype = np.dtype(kind).newbyteorder("<")
        return np.frombuffer(self._take(count * dtype.itemsize), dtype).astype(kind)

    def _take(self, size: int) -> bytes:
        if not 0 <= size <= self.left():
            msg = f"{size} bytes wanted at {self._at} of {len(self._content)}"
            raise _DamagedError(msg)
        self._at += size
        return self._content[self._at - size : self._at]


class _Ascii:
    """Numbers as words between blanks; bytes and texts as they are."""

    _word = re.compile(rb"\s*(\S{1,400})(?=\s|$)")

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def left(self) -> int:
        return len(self._content) - self._at

    def int(self) -> int:
        return self._parsed(int)

    def longs(self, count: int) -> list[int]:
        return [self._parsed(int) for _ in self._times(count)]

    def number(self) -> float:
        return self._parsed(float)

    def text(self) -> str:
        return self._raw(self.int()).decode("utf-8", "surrogateescape")

    def array(self, kind: str, count: int) -> np.ndarray:
        if kind in ("u1", "i1"):
            return np.frombuffer(self._raw(count), kind).copy()
        parse = float if kind[0] == "f" else int
        return np.array([self._parsed(parse) for _ in self._times(count)], kind)

    def _parsed(self, parse: Any) -> Any:
        found = self._word.match(self._content, self._at)
        try:
            value = parse(found[1])  # type: ignore[index]
        except (TypeError, ValueError, OverflowError) as error:
            msg = f"a number wanted at {self._at}"
            raise _DamagedError(msg) from error
        self._end(found.end())  # type: ignore[union-attr]
        return value

    def _times(self, count: int) -> Iterator[int]:
        if not 0 <= count <= self.left():
            msg = f"{count} numbers wanted at {self._at} of {len(self._content)}"
            raise _DamagedError(msg)
        return iter(range(count))

    def _raw(self, size: int) -> bytes:
        self._times(size)
        begin = self._at
        self._end(begin + size)
        return self._content[begin : begin + size]

    def _end(self, at: int) -> None:
        self._at = at + (self._content[at : at + 1] == b"\n")


class _Reader:
    """Puts objects together; each that is met again is the same."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._met: dict[int, Any] = {}
        self._depth = 0

    def object(self) -> Any:
        kind = self._source.int()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            number = self._source.number()
            return int(number) if number.is_integer() else number
        if kind == _STRING:
            return self._source.text()
        if kind == _BOOLEAN:
            return self._source.int() != 0
        if kind in _FUNCTIONS:
            msg = "it holds a function of Lua, and no code of files is run"
            raise _DamagedError(msg)
        if kind not in (_TABLE, _OBJECT):
            msg = f"type {kind}, which Torch7 does not have"
            raise _DamagedError(msg)
        index = self._source.int()
        if index in self._met:
            return self._met[index]
        self._depth += 1
        if self._depth > _DEEPEST:
            msg = f"more than {_DEEPEST} tables in tables"
            raise _DamagedError(msg)
        found = self._table(self._met.setdefault(index, Table())) if kind == _TABLE else self._instance(index)
        self._depth -= 1
        return found

    def _table(self, table: Table) -> Table:
        for _ in range(self._source.int()):
            key = self.object()
            if key is None or isinstance(key, np.ndarray):
                msg = "a table's key that is none"
                raise _DamagedError(msg)
            table[key] = self.object()
        return table

    def _instance(self, index: int) -> Any:
        version = self._source.text()
        name = self._source.text() if version.startswith("V ") else version
        family, _, kind = name.partition(".")
        if family == "torch" and kind.removesuffix("Tensor") in _KINDS:
            self._met[index] = self._tensor(_KINDS[kind.removesuffix("Tensor")])
        elif family == "torch" and kind.removesuffix("Storage") in _KINDS:
            [count] = self._source.longs(1)
            self._met[index] = self._source.array(_KINDS[kind.removesuffix("Storage")], count)
        else:
            record = self._met[index] = Record(name)
            fields = self.object()
            record.fields = fields if isinstance(fields, Table) else Table()
        return self._met[index]

    def _tensor(self, kind: str) -> np.ndarray:
        count = self._source.int()
        if not 0 <= count <= 32:
            msg = f"a tensor of {count} axes"
            raise _DamagedError(msg)
        shape, strides = self._source.longs(count), self._source.longs(count)
        [offset] = self._source.longs(1)
        storage = self.object()
        if min([*shape, *strides, 0]) < 0 or max(shape, default=0) >= 2**62:
            msg = f"a tensor of shape {shape} and strides {strides}"
            raise _DamagedError(msg)
        if storage is None or not count or 0 in shape:
            return np.empty([0], kind)
        if offset < 1 or not isinstance(storage, np.ndarray):
            msg = f"a tensor of shape {shape} that begins at {offset}"
            raise _DamagedError(msg)
        last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
        elements = 1
        for length in shape:
            elements *= length
        if last > storage.size or storage.ndim != 1 or elements > _MOST:
            msg = f"a tensor of shape {shape} on a storage of {storage.size} elements"
            raise _DamagedError(msg)
        bytes_apart = [stride * storage.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(storage[offset - 1 :], shape, bytes_apart, writeable=False)
