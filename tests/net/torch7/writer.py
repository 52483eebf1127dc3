"""Writes Torch7's format, as torch/File.lua does: only what the tests need, and not with the reader's code."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

_KINDS = {"float32": "Float", "float64": "Double", "int64": "Long", "int32": "Int", "uint8": "Byte", "int8": "Char"}


class Module:
    """An object of a class, with its fields."""

    def __init__(self, kind: str, **fields: Any) -> None:
        self.kind, self.fields = kind, fields


class Storage:
    """Numbers in a row."""

    def __init__(self, *values: int) -> None:
        self.values = np.array(values, np.int64)


def dumps(value: Any, *, text: bool = False, long: str = "q") -> bytes:
    """Return a value in the binary form, or as ASCII."""
    writer = _Writer(text, long)
    writer.write(value)
    return bytes(writer.out)


class _Writer:
    def __init__(self, text: bool, long: str) -> None:
        self.out, self.text, self.long = bytearray(), text, long
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []

    def write(self, value: Any) -> None:
        if value is None:
            self.ints(0)
        elif isinstance(value, bool):
            self.ints(5)
            self.ints(int(value))
        elif isinstance(value, (int, float)):
            self.ints(1)
            self.numbers("d", [float(value)])
        elif isinstance(value, str):
            self.ints(2)
            self.string(value)
        else:
            self.ints(3 if isinstance(value, (dict, list)) else 4)
            if id(value) in self.seen:
                self.ints(self.seen[id(value)])
                return
            self.kept.append(value)
            self.seen[id(value)] = len(self.kept)
            self.ints(len(self.kept))
            self.compound(value)

    def compound(self, value: Any) -> None:
        if isinstance(value, list):
            value = {i + 1: item for i, item in enumerate(value)}
        if isinstance(value, dict):
            self.ints(len(value))
            for key, item in value.items():
                self.write(key)
                self.write(item)
        elif isinstance(value, Module):
            self.named(value.kind)
            self.write(value.fields)
        elif isinstance(value, Storage):
            self.storage(value.values)
        else:
            self.named(f"torch.{_KINDS[value.dtype.name]}Tensor")
            base = value if value.base is None or not value.size else value.base
            flat = base.reshape(-1) if base.flags.c_contiguous else np.ascontiguousarray(value).reshape(-1)
            owner = value if base.flags.c_contiguous else np.ascontiguousarray(value)
            self.ints(value.ndim)
            self.numbers(self.long, value.shape)
            self.numbers(self.long, [stride // value.itemsize for stride in owner.strides])
            begin = owner.__array_interface__["data"][0] - flat.__array_interface__["data"][0]
            self.numbers(self.long, [begin // value.itemsize + 1])
            self.write(_Numbers(flat)) if value.size else self.write(None)

    def storage(self, values: np.ndarray) -> None:
        self.named(f"torch.{_KINDS[values.dtype.name]}Storage")
        self.numbers(self.long, [len(values)])
        if values.dtype.itemsize == 1 and self.text:
            self.out += values.tobytes() + b"\n"
        else:
            codes = {"float32": "f", "float64": "d", "int64": self.long, "int32": "i", "uint8": "B", "int8": "b"}
            self.numbers(codes[values.dtype.name], values.tolist())

    def named(self, kind: str) -> None:
        self.string("V 1")
        self.string(kind)

    def string(self, value: str) -> None:
        self.ints(len(value.encode()))
        self.out += value.encode() + (b"\n" if self.text else b"")

    def ints(self, value: int) -> None:
        self.numbers("i", [value])

    def numbers(self, code: str, values: Any) -> None:
        if self.text:
            self.out += " ".join(f"{value:.17g}" if code in "fd" else str(value) for value in values).encode() + b"\n"
        else:
            self.out += struct.pack(f"<{len(values)}{code}", *values)


class _Numbers(Storage):
    def __init__(self, values: np.ndarray) -> None:
        self.values = values
