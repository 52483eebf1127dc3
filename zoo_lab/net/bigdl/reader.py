"""Reads BigDL's files: the tree of modules, and their weights with the storages that modules share resolved.

Nothing here knows Keras; graph builds from what comes back.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.net.bigdl.schema import DOUBLE, FLOAT, classes
from zoo_lab.net.protofile import packed, read_message

_WHAT = "a model that BigDL saved with saveModule"
_WEIGHTS = "weights that BigDL saved beside a model"
_JAVA = b"\xac\xed\x00\x05"
_MAGIC, _DIGEST = 3721, 16
_WEIGHT_TYPES = {0: ">f4", 1: ">f8", 5: ">i4", 7: ">i8"}


class Weights:
    """The numbers of a model's tensors, by the storages in which they lie.

    Args:
        root: the outermost module.
        storages: storage's id → numbers, where they come from a file of their own.
    """

    def __init__(self, root: Any, storages: dict[int, np.ndarray]) -> None:
        self._storages = dict(storages)
        for tensor in _global_tensors(root):
            self._keep(tensor.storage)

    def array(self, tensor: Any) -> np.ndarray | None:
        """Return a tensor, float32; None for one without numbers. Raises `ValueError` for one that is broken."""
        self._keep(tensor.storage)
        numbers = self._storages.get(tensor.storage.id)
        if numbers is None or not tensor.size:
            return None
        shape, strides, start = tuple(tensor.size), tuple(tensor.stride), tensor.offset - 1
        last = start + sum((length - 1) * step for length, step in zip(shape, strides, strict=True))
        beyond = last >= len(numbers) or math.prod(shape) > len(numbers)
        if min(shape) < 1 or min(strides) < 0 or start < 0 or beyond:
            msg = f"a tensor of shape {shape} from {tensor.offset} on in {len(numbers)} numbers"
            raise ValueError(msg)
        steps = [step * numbers.itemsize for step in strides]
        part = np.lib.stride_tricks.as_strided(numbers[start:], shape, steps, writeable=False)
        return np.array(part, np.float32)

    def _keep(self, storage: Any) -> None:
        if storage.datatype == FLOAT and storage.float_data:
            self._storages[storage.id] = packed(storage.float_data, "<f4")
        elif storage.datatype == DOUBLE and storage.double_data:
            self._storages[storage.id] = packed(storage.double_data, "<f8")


def read_model(path: Path, weight_path: Path | None) -> tuple[Any, Weights]:
    """Return the outermost module of a file and its weights; raises `DataError` for a file that is none."""
    with path.open("rb") as file:
        java = file.read(4) == _JAVA
    if java:
        msg = f"{path}: expected {_WHAT}; received one of Java's own serialization. Load it with BigDL, and call "
        raise DataError(msg + "saveModule.")
    root = read_message(path, classes()["Module"], _WHAT)
    if not root.moduleType.startswith("com.intel.analytics."):
        msg = f"{path}: expected {_WHAT}; received a file without modules."
        raise DataError(msg)
    storages = {} if weight_path is None else _read_storages(weight_path)
    try:
        return root, Weights(root, storages)
    except ValueError as error:
        msg = f"{path}: expected {_WHAT}; its weights are damaged ({error})."
        raise DataError(msg) from error


def modules(root: Any) -> Iterator[Any]:
    """Yield a module and all inside it."""
    yield root
    held = [entry.value for entry in root.attr if entry.key == "layer"]
    for module in (*root.subModules, *(one.bigDLModuleValue for one in held if one.HasField("bigDLModuleValue"))):
        yield from modules(module)


def attributes(module: Any) -> dict[str, Any]:
    """Return name → value of a module's attributes: numbers, text, lists, and messages for the rest."""
    return {entry.key: _value(entry.value) for entry in module.attr}


def _value(value: Any) -> Any:
    for field, content in value.ListFields():
        if field.name == "arrayValue":
            return next((list(items) for inner, items in content.ListFields() if inner.number > 2), [])
        if field.number > 2:
            return content
    return None


def _global_tensors(root: Any) -> Iterator[Any]:
    for entry in root.attr:
        if entry.key == "global_storage":
            for tensor in entry.value.nameAttrListValue.attr:
                yield tensor.value.tensorValue


def _read_storages(path: Path) -> dict[int, np.ndarray]:
    """Return storage's id → numbers of a file of weights; big-endian, with an MD5 sum at the end."""
    data = path.read_bytes()
    try:
        storages, end = _storages(data)
        length = struct.unpack_from(">i", data, end)[0]
        damaged = length != _DIGEST or data[end + 4 :] != hashlib.md5(data[:end], usedforsecurity=False).digest()
    except (struct.error, ValueError, KeyError) as error:
        msg = f"{path}: expected {_WEIGHTS}; its {len(data)} bytes are none. It is cut off, or of another format."
        raise DataError(msg) from error
    if damaged:
        msg = f"{path}: expected {_WEIGHTS}; its check sum is wrong, the file is damaged."
        raise DataError(msg)
    return storages


def _storages(data: bytes) -> tuple[dict[int, np.ndarray], int]:
    magic, count = struct.unpack_from(">ii", data)
    if magic != _MAGIC:
        msg = f"magic number {magic}"
        raise ValueError(msg)
    position, storages = 8, {}
    for _ in range(count):
        name, kind, size = struct.unpack_from(">iii", data, position)
        position += 12
        storages[name] = np.frombuffer(data, _WEIGHT_TYPES[kind], size, position)
        position += storages[name].nbytes
    return storages, position
