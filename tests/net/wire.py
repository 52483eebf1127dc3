"""Writes protobuf messages byte by byte: what the readers read is written without their tables."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def field(number: int, value: Any) -> bytes:
    """A field of a message: int and bool as varint, float as 32 bits, the rest with its length."""
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields: tuple[int, Any]) -> bytes:
    return b"".join(field(number, value) for number, value in fields)


def packed_ints(numbers: Iterable[int]) -> bytes:
    return b"".join(varint(number) for number in numbers)


def caffe_blob(array: Any, old: bool = False) -> bytes:
    array = np.asarray(array, np.float32)
    if old:
        shape = (1,) * (4 - array.ndim) + array.shape
        return message(*enumerate(shape, 1), (5, array.tobytes()))
    return message((7, message((1, packed_ints(array.shape)))), (5, array.tobytes()))


def caffe_model(blobs: dict[str, Sequence[Any]], old: bool = False) -> bytes:
    """A .caffemodel of layer's name → blobs; `old` with `layers` and shapes of four."""
    layer, name, blob = (2, 4, 6) if old else (100, 1, 7)
    parts = [(name_, [caffe_blob(one, old) for one in arrays]) for name_, arrays in blobs.items()]
    layers = [message((name, one), *[(blob, array) for array in arrays]) for one, arrays in parts]
    return message((1, "net"), *[(layer, one) for one in layers])
