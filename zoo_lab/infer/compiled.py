"""A Keras model with one compiled function for each kind of rows. Runs on the driver and inside Spark executors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from zoo_lab.feature.structure import Structure, leaves

# Whoever sends rows of ever new shapes must not fill the memory.
_FUNCTIONS_KEPT = 32
_REFUSALS_KEPT = 1000


class CompiledModel:
    """Computes a model's outputs, from several threads at once if need be.

    Args:
        model: a Keras model that has its weights.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._shapes = [tuple(tensor.shape[1:]) for tensor in getattr(model, "inputs", None) or []]
        self._functions: dict[Any, Any] = {}
        self._refused: dict[Any, Exception] = {}
        self._tracing = threading.Lock()

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the model's outputs for the fields of `data`, batch by batch, as arrays in the model's structure."""
        import tensorflow as tf

        names = leaves(structure.x)
        function = self._function(structure, {name: data[name] for name in names})
        for start in range(0, len(data[names[0]]), batch_size):
            batch = {name: data[name][start : start + batch_size] for name in names}
            yield tf.nest.map_structure(lambda tensor: tensor.numpy(), function(batch))

    def _function(self, structure: Structure, data: dict[str, np.ndarray]) -> Any:
        """Return the function compiled for arrays of these types and row shapes; what they do not fit is remembered."""
        from zoo_lab.train.step import predict_step

        shapes = self._shapes if len(self._shapes) == len(data) == 1 else [()] * len(data)
        specs = {name: tensor_spec(values, shape) for (name, values), shape in zip(data.items(), shapes, strict=True)}
        key = (repr(structure.x), tuple(specs.items()))
        with self._tracing:
            if key in self._refused:
                raise self._refused[key]
            if key not in self._functions:
                function = predict_step(self.model, structure, specs)
                try:
                    function.get_concrete_function()
                except Exception as error:
                    if len(self._refused) < _REFUSALS_KEPT:
                        self._refused[key] = error.with_traceback(None)
                    raise
                while len(self._functions) >= _FUNCTIONS_KEPT:
                    self._functions.pop(next(iter(self._functions)))
                self._functions[key] = function
            return self._functions[key]


def tensor_spec(values: np.ndarray, model_shape: tuple[int | None, ...] = ()) -> Any:
    """Return what TensorFlow calls rows of this type and shape, however many.

    Args:
        values: an array of rows.
        model_shape: of a row as the model takes it: a length that it leaves open stays open, so that one compiled
            function serves all lengths.
    """
    import tensorflow as tf

    dtype = tf.string if values.dtype.kind in "OUS" else tf.as_dtype(values.dtype)
    shape = values.shape[1:]
    if len(shape) == len(model_shape):
        shape = tuple(length if known is not None else None for length, known in zip(shape, model_shape, strict=True))
    return tf.TensorSpec([None, *shape], dtype)
