"""An image as bytes and back, whatever it carries: how shards hold images of different sizes. Runs inside executors.

A header in JSON says what there is; the arrays follow as they lie in memory. Nothing in it can be executed.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature

_LENGTH = struct.Struct("<I")
_ALIGNED = 16
_ARRAY, _BYTES, _TUPLE, _DICT = "array", "bytes", "tuple", "dict"
_ATTRIBUTES = [field.name for field in dataclasses.fields(ImageFeature) if field.name not in ("boxes", "seeding")]
_COLUMNS = [field.name for field in dataclasses.fields(Boxes)]


def packed(feature: ImageFeature) -> bytes:
    """Return an image as bytes, without the seed of its random steps.

    Raises `DataError` naming the image and the key for a value that is neither numbers, text, bytes, an array nor a
    list, tuple or dict of these.

    Example:
        >>> unpacked(packed(ImageFeature(uri="a.png", mat=np.ones((1, 2, 3), np.uint8), label=4)))
        ImageFeature('a.png', 1x2x3)
    """
    parts: list[bytes] = []
    values = {name: getattr(feature, name) for name in _ATTRIBUTES}
    if feature.boxes is not None:
        values["boxes"] = {name: getattr(feature.boxes, name) for name in _COLUMNS}
    if feature.seeding.key:
        values["key"] = feature.seeding.key
    told = {name: _told(value, parts, feature, name) for name, value in values.items() if value is not None}
    header = json.dumps(told, separators=(",", ":")).encode()
    return b"".join([_LENGTH.pack(len(header)), header, *_with_gaps(_LENGTH.size + len(header), parts)])


def unpacked(data: bytes) -> ImageFeature:
    """Return the image in bytes of `packed`; its arrays lie in them and are read-only."""
    [length] = _LENGTH.unpack_from(data)
    told = json.loads(data[_LENGTH.size : _LENGTH.size + length])
    position = _LENGTH.size + length

    def take(size: int) -> memoryview:
        nonlocal position
        start = position + -position % _ALIGNED
        position = start + size
        return memoryview(data)[start:position]

    values = {name: _value(value, take) for name, value in told.items()}
    boxes, key = values.pop("boxes", None), values.pop("key", "")
    feature = ImageFeature(**values, boxes=None if boxes is None else Boxes(**boxes))
    return feature.replace(seeding=dataclasses.replace(feature.seeding, key=key)) if key else feature


def _with_gaps(position: int, parts: list[bytes]) -> list[bytes]:
    spaced = []
    for part in parts:
        gap = -position % _ALIGNED
        spaced += [bytes(gap), part]
        position += gap + len(part)
    return spaced


def _told(value: Any, parts: list[bytes], feature: ImageFeature, key: str) -> Any:
    """Return what the header says of a value; the bytes of arrays go to `parts`, in the order of `take`."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        parts.append(bytes(value))
        return {_BYTES: len(parts[-1])}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        parts.append(np.ascontiguousarray(value).tobytes())
        return {_ARRAY: [value.dtype.str, list(value.shape), len(parts[-1])]}
    if isinstance(value, (list, tuple)):
        items = [_told(item, parts, feature, key) for item in value]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {_DICT: {name: _told(item, parts, feature, f"{key}[{name!r}]") for name, item in value.items()}}
    msg = (
        f"{feature.name}: expected numbers, text, arrays, or lists and dicts of these under {key!r}, to pin the image; "
        f"received {type(value).__module__}.{type(value).__qualname__}. Leave it out, or make numbers of it."
    )
    raise DataError(msg)


def _value(told: Any, take: Callable[[int], memoryview]) -> Any:
    if isinstance(told, list):
        return [_value(item, take) for item in told]
    if not isinstance(told, dict):
        return told
    [(kind, content)] = told.items()
    if kind == _BYTES:
        return bytes(take(content))
    if kind == _ARRAY:
        dtype, shape, size = content
        return np.frombuffer(take(size), np.dtype(dtype)).reshape(shape)
    if kind == _TUPLE:
        return tuple(_value(item, take) for item in content)
    return {name: _value(item, take) for name, item in content.items()}
