"""The model on its way to the workers, and each worker process's copy of it. Runs inside Spark executors.

A copy is built once in a process and serves all partitions, DataFrames and RDDs that use it.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from zoo_lab.context.workers import prepare, spare_collections
from zoo_lab.core.errors import ModelError
from zoo_lab.feature.structure import Structure
from zoo_lab.infer.compiled import CompiledModel
from zoo_lab.keras.shipping import ModelPackage, pack, unpack

_KEPT = 4
_copies: dict[str, tuple[Copy, int]] = {}


class Copy(Protocol):
    """A model in a worker process."""

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the model's outputs for the fields of `data`, batch by batch, as arrays in the model's structure."""


class Parcel(Protocol):
    """What a broadcast carries.

    Attributes:
        key: the same for all workers, and for no other parcel.
        threads: TensorFlow threads of a slot.
        nbytes: of the model.
    """

    key: str
    threads: int

    @property
    def nbytes(self) -> int: ...

    def build(self) -> Copy:
        """Return the model for this process."""


@dataclass(frozen=True)
class ModelParcel:
    """A Keras model without its training, and its weights."""

    key: str
    package: ModelPackage
    weights: list[np.ndarray]
    threads: int

    @classmethod
    def of(cls, model: Any, threads: int) -> ModelParcel:
        """Pack a built model with the weights that it has now."""
        package, weights = pack(model, training=False), model.get_weights()
        return cls(content_key(package, weights), package, weights, threads)

    @property
    def nbytes(self) -> int:
        """The size of the weights."""
        return sum(values.nbytes for values in self.weights)

    def build(self) -> ModelCopy:
        """Return the model for this process."""
        return ModelCopy(self)


class ModelCopy:
    """A Keras model rebuilt in a worker process; it gets its weights with the first rows, on which it is built."""

    def __init__(self, parcel: ModelParcel) -> None:
        self._weights: list[np.ndarray] | None = parcel.weights
        model, _ = unpack(parcel.package)
        self._compiled = CompiledModel(model)

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the model's outputs for the fields of `data`, batch by batch, as arrays in the model's structure."""
        if self._weights is not None:
            self._load_weights(structure, data)
        return self._compiled.outputs(structure, data, batch_size)

    def _load_weights(self, structure: Structure, data: dict[str, np.ndarray]) -> None:
        from zoo_lab.train.step import build_inputs

        model = self._compiled.model
        build_inputs(model, structure, {name: values[:2] for name, values in data.items()})
        expected = [weight.shape for weight in self._weights or ()]
        found = [tuple(weight.shape) for weight in model.weights]
        if found != expected:
            msg = (
                f"The model rebuilt on a worker has other weights than the driver's: expected {expected}; received "
                f"{found}. Let get_config() return all arguments of the constructor, and build layers in a fixed order."
            )
            raise ModelError(msg)
        model.set_weights(self._weights)
        self._weights = None
        spare_collections()


def content_key(package: ModelPackage, weights: Sequence[np.ndarray], *form: Any) -> str:
    """Return what is the same for the same model with the same weights: workers build it once for all who use it.

    Args:
        package: the model.
        weights: what it has learned.
        form: whatever else a worker's copy depends on.
    """
    digest = hashlib.sha256(pickle.dumps((package, form)))
    for values in weights:
        digest.update(np.ascontiguousarray(values))
    return digest.hexdigest()[:32]


def copy_of(broadcast: Any) -> Copy:
    """Return this process's copy of the broadcast model, built on first use; the oldest beyond four are forgotten."""
    parcel: Parcel = broadcast.value
    if parcel.key not in _copies:
        prepare(parcel.threads)
        gone = [_copies.pop(next(iter(_copies)))[1] for _ in range(len(_copies) - _KEPT + 1)]
        spare_collections(gone)
        _copies[parcel.key] = (parcel.build(), parcel.nbytes)
    return _copies[parcel.key][0]
