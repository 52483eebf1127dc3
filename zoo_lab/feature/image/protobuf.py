"""Reads a `tf.train.Example`, the one protobuf message that TFRecord files of images hold.

Runs inside Spark executors.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 1, 2, 3
_KEY, _VALUE = 1, 2
_LONGEST = 70


def parse_example(data: bytes) -> dict[str, list[Any]]:
    """Return name → values (bytes, floats or integers) of the features of an Example.

    Raises `ValueError`, `IndexError` or `struct.error` for bytes that are none.

    Source: tensorflow/core/example/example.proto and feature.proto; the wire format of protobuf.

    Example:
        >>> parse_example(bytes.fromhex("0a0b0a090a01781204" + "1a020a00"))
        {'x': []}
    """
    found: dict[str, list[Any]] = {}
    for _, features in _fields(data):
        for _, entry in _fields(features):
            parts = dict(_fields(entry))
            found[_bytes(parts.get(_KEY, b"")).decode("utf-8")] = _values(parts.get(_VALUE, b""))
    return found


def _values(feature: bytes) -> list[Any]:
    for kind, listed in _fields(feature):
        items = [item for _, item in _fields(listed)]
        if kind == _BYTES_LIST:
            return [_bytes(item) for item in items]
        if kind == _FLOAT_LIST:
            return [value for item in items for value in _floats(item)]
        if kind == _INT64_LIST:
            return [value for item in items for value in _integers(item)]
    return []


def _floats(item: Any) -> list[float]:
    return list(struct.unpack(f"<{len(_bytes(item)) // 4}f", item))


def _integers(item: Any) -> list[int]:
    if isinstance(item, int):
        return [_signed(item)]
    numbers, position = [], 0
    while position < len(item):
        number, position = _varint(item, position)
        numbers.append(_signed(number))
    return numbers


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield (number, value) of the fields of a message: an integer, or the bytes of anything else."""
    position = 0
    while position < len(_bytes(data)):
        tag, position = _varint(data, position)
        kind = tag & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield tag >> 3, value
            continue
        length = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if kind == _BYTES:
            length, position = _varint(data, position)
        if length is None or position + length > len(data):
            msg = f"wire type {kind} at byte {position} of {len(data)}"
            raise ValueError(msg)
        yield tag >> 3, data[position : position + length]
        position += length


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    msg = "a number where a message or text belongs"
    raise ValueError(msg)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, _LONGEST, 7):
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
    msg = f"a number without an end at byte {position}"
    raise ValueError(msg)


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
