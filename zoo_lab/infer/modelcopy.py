"""The model on its way to the workers, and each worker process's copy of it. Runs inside Spark executors.

A copy is built once in a process and serves all partitions, DataFrames and RDDs that use it.
"""

from __future__ import annotations

import gc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.errors import ModelError
from zoo_lab.feature.structure import Structure, leaves
from zoo_lab.keras.shipping import ModelPackage, pack, unpack

_KEPT = 4
_copies: dict[str, ModelCopy] = {}


@dataclass(frozen=True)
class ModelParcel:
    """What a broadcast carries: a model without its training, its weights, and the TensorFlow threads of a slot."""

    key: str
    package: ModelPackage
    weights: list[np.ndarray]
    threads: int

    @classmethod
    def of(cls, model: Any, threads: int) -> ModelParcel:
        """Pack a built model with the weights that it has now."""
        return cls(uuid.uuid4().hex, pack(model, training=False), model.get_weights(), threads)


class ModelCopy:
    """A model rebuilt in a worker process, with its compiled functions."""

    def __init__(self, parcel: ModelParcel) -> None:
        self._weights: list[np.ndarray] | None = parcel.weights
        self._functions: dict[Any, Any] = {}
        self._model, _ = unpack(parcel.package)

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the model's outputs for the fields of `data`, batch by batch, as arrays in the model's structure."""
        import tensorflow as tf

        function = self._function(structure, data)
        names = leaves(structure.x)
        for start in range(0, len(data[names[0]]), batch_size):
            batch = {name: data[name][start : start + batch_size] for name in names}
            yield tf.nest.map_structure(lambda tensor: tensor.numpy(), function(batch))

    def _function(self, structure: Structure, data: dict[str, np.ndarray]) -> Any:
        """Return the function compiled for arrays of these types and row shapes."""
        from zoo_lab.train.step import predict_step

        if self._weights is not None:
            self._load_weights(structure, data)
        specs = {name: _spec(data[name]) for name in leaves(structure.x)}
        key = (repr(structure.x), tuple(specs.items()))
        if key not in self._functions:
            self._functions[key] = predict_step(self._model, structure, specs)
        return self._functions[key]

    def _load_weights(self, structure: Structure, data: dict[str, np.ndarray]) -> None:
        from zoo_lab.train.step import build_inputs

        build_inputs(self._model, structure, {name: values[:2] for name, values in data.items()})
        expected = [weight.shape for weight in self._weights or ()]
        found = [tuple(weight.shape) for weight in self._model.weights]
        if found != expected:
            msg = (
                f"The model rebuilt on a worker has other weights than the driver's: expected {expected}; received "
                f"{found}. Let get_config() return all arguments of the constructor, and build layers in a fixed order."
            )
            raise ModelError(msg)
        self._model.set_weights(self._weights)
        self._weights = None
        # The Python daemon collects garbage after every task; frozen objects cost it nothing.
        gc.collect()
        gc.freeze()


def copy_of(broadcast: Any) -> ModelCopy:
    """Return this process's copy of the broadcast model, built on first use; the oldest beyond four are forgotten."""
    parcel: ModelParcel = broadcast.value
    if parcel.key not in _copies:
        from zoo_lab.context.workers import prepare

        prepare(parcel.threads)
        while len(_copies) >= _KEPT:
            _copies.pop(next(iter(_copies)))
        _copies[parcel.key] = ModelCopy(parcel)
    return _copies[parcel.key]


def _spec(values: np.ndarray) -> Any:
    import tensorflow as tf

    dtype = tf.string if values.dtype.kind in "OUS" else tf.as_dtype(values.dtype)
    return tf.TensorSpec([None, *values.shape[1:]], dtype)
