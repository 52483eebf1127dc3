"""Writes BigDL's module files byte by byte, as its own writer lays them out."""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.net.wire import message, packed_ints, varint

NN = "com.intel.analytics.bigdl.nn."
_INT32, _FLOAT, _DOUBLE, _STRING, _BOOL, _TENSOR, _MODULE, _LIST, _ARRAY = 0, 2, 3, 4, 5, 10, 13, 14, 15
_ids = itertools.count(1000)


class Tensor:
    """A tensor in a storage; two of the same storage share its numbers."""

    def __init__(self, array: Any, storage: Tensor | None = None, offset: int = 1, kind: int = _FLOAT) -> None:
        self.array = np.asarray(array, np.float64 if kind == _DOUBLE else np.float32)
        self.id, self.offset, self.kind = next(_ids), offset, kind
        self.storage_id = next(_ids) if storage is None else storage.storage_id
        self.strides = [step // self.array.itemsize for step in np.zeros(self.array.shape, self.array.dtype).strides]

    def encoded(self, numbers: bool) -> bytes:
        data = [(2 if self.kind == _FLOAT else 3, self.array.tobytes())] if numbers else []
        storage = message((1, self.kind), *data, (9, self.storage_id))
        shape = [(2, packed_ints(self.array.shape)), (3, packed_ints(self.strides))]
        counts = [(5, self.array.ndim), (6, self.array.size)]
        return message((1, self.kind), *shape, (4, self.offset), *counts, (8, storage), (9, self.id))


class Module:
    """A module: its class, name, attributes, inner modules, weights, and modules before it in a graph."""

    def __init__(
        self,
        kind: str,
        name: str = "",
        inner: Sequence[Module] = (),
        *,
        weights: Sequence[Any] = (),
        before: Sequence[str] = (),
        shape: Any = None,
        old: bool = False,
        **attributes: Any,
    ) -> None:
        self.kind, self.name, self.inner, self.before = kind, name, list(inner), before
        self.attributes, self.shape, self.old, self.id = attributes, shape, old, next(_ids)
        self.weights = [one if isinstance(one, Tensor) else Tensor(one) for one in weights]

    def tensors(self) -> list[Tensor]:
        parts = [*self.weights, *(value for value in self.attributes.values() if isinstance(value, Tensor))]
        inner = [*self.inner, *(value for value in self.attributes.values() if isinstance(value, Module))]
        return [*parts, *(tensor for module in inner for tensor in module.tensors())]

    def encoded(self, *more: tuple[int, Any]) -> bytes:
        parts: list[tuple[int, Any]] = [(1, self.name)] if self.name else []
        parts += [(2, module.encoded()) for module in self.inner]
        weights = [weight.encoded(False) for weight in self.weights]
        parts += list(zip((3, 4), weights, strict=False)) if self.old else []
        parts += [(5, name) for name in self.before]
        parts += [(7, self.kind if "." in self.kind else NN + self.kind)]
        parts += [(8, _entry(name, value)) for name, value in self.attributes.items()]
        parts += [(9, "0.13.0"), (10, True), (11, "ab12"), (12, self.id)]
        parts += [(13, _shape(self.shape))] if self.shape else []
        parts += [] if self.old else [(15, bool(weights)), *((16, weight) for weight in weights)]
        return message(*parts, *more)

    def save(self, path: Path, weight_path: Path | None = None) -> Path:
        """Write the file, its numbers into the outermost module or into a file of their own."""
        storages: dict[int, Tensor] = {}
        for tensor in self.tensors():
            storages.setdefault(tensor.storage_id, tensor)
        if weight_path is not None:
            weight_path.write_bytes(_weights(storages))
            path.write_bytes(self.encoded())
            return path
        entries = [(2, message((1, str(one.id)), (2, message((10, one.encoded(True)))))) for one in storages.values()]
        stored = message((1, "global_storage"), *entries)
        path.write_bytes(self.encoded((8, message((1, "global_storage"), (2, message((14, stored)))))))
        return path


def _entry(name: str, value: Any) -> bytes:
    return message((1, name), (2, _value(value)))


def _value(value: Any) -> bytes:
    """A value as BigDL writes it, zeros and false included."""
    if isinstance(value, float):  # a double, which `message` has no type for
        return message((1, _DOUBLE)) + varint(6 << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, dict):
        entries = [(2, message((1, name), (2, message((3, index))))) for name, index in value.items()]
        return message((1, _LIST), (14, message((1, "edges"), *entries)))
    if isinstance(value, list):
        text = isinstance(value[0], str)
        items = [(7, one) for one in value] if text else [(3, packed_ints(value))]
        return message((1, _ARRAY), (15, message((1, len(value)), (2, _STRING if text else _INT32), *items)))
    kind, number, content = {
        bool: lambda: (_BOOL, 8, value),
        int: lambda: (_INT32, 3, value),
        Tensor: lambda: (_TENSOR, 10, value.encoded(False)),
        Module: lambda: (_MODULE, 13, value.encoded()),
    }[type(value)]()
    return message((1, kind), (number, content))


def _shape(shape: Any) -> bytes:
    if isinstance(shape[0], tuple):
        return message((1, 1), (2, len(shape)), *((4, _shape(one)) for one in shape))
    return message((1, 0), (2, len(shape)), (3, packed_ints(shape)))


def _weights(storages: dict[int, Tensor]) -> bytes:
    data = struct.pack(">ii", 3721, len(storages))
    for name, tensor in storages.items():
        kind, form = (0, ">f4") if tensor.kind == _FLOAT else (1, ">f8")
        data += struct.pack(">iii", name, kind, tensor.array.size) + tensor.array.astype(form).tobytes()
    return data + struct.pack(">i", 16) + hashlib.md5(data, usedforsecurity=False).digest()
