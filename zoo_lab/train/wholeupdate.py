"""The model's own optimizer, applied to all of its variables at once. Runs on the driver and inside Spark executors."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from zoo_lab.train.layout import Layout, ModelVariables
from zoo_lab.train.step import as_dtype


class Traced(Protocol):
    """What tracing a training step has shown, as indices into the layout; see `Prepared`."""

    updated: tuple[int, ...]
    unconnected: tuple[int, ...]
    sparse: tuple[int, ...]


class WholeUpdate:
    """Takes flat gradients and state, updates the model's variables, and returns the new flat weights.

    Args:
        model: with a built optimizer.
        known: what tracing its training step has shown.
    """

    def __init__(self, model: Any, known: Traced) -> None:
        self._optimizer = model.optimizer
        self._variables = ModelVariables(model)
        self._layout = Layout.of(self._variables)
        self._known = known

    @property
    def signature(self) -> list[Any]:
        """The TensorFlow signature of `apply`."""
        known, dtype = self._known, tf.as_dtype(self._layout.dtype)
        return [
            tf.TensorSpec([self._layout.dense_size(known.sparse)], dtype),
            [self._sparse_spec(index) for index in known.sparse],
            tf.TensorSpec([self._layout.updated_size(known.updated)], dtype),
        ]

    def apply(self, gradient: Any, sparse: list[Any], state: Any) -> Any:
        """Apply dense gradients, (rows, values) of each sparse one, and the updated state."""
        optimizer = self._optimizer
        # apply() divides by the loss scale, which the workers' losses do not carry
        gradients = [None if part is None else _scaled(optimizer, part) for part in self._gradients(gradient, sparse)]
        optimizer.apply(gradients, self._variables.trainable)
        updated = [self._variables.state[index] for index in self._known.updated]
        if updated:
            sizes = [int(np.prod(variable.shape)) for variable in updated]
            for variable, part in zip(updated, tf.split(state, sizes), strict=True):
                variable.assign(as_dtype(tf.reshape(part, variable.shape), variable.dtype))
        return tf.concat([tf.reshape(tf.cast(v.value, gradient.dtype), [-1]) for v in self._variables.trainable], 0)

    def _gradients(self, flat: Any, sparse: list[Any]) -> list[Any]:
        known = self._known
        variables = self._variables.trainable
        dense = [index for index in range(len(variables)) if index not in known.sparse]
        parts = tf.split(flat, [self._layout.trainable_sizes[index] for index in dense]) if dense else []
        gradients: list[Any] = [None] * len(variables)
        for index, part in zip(dense, parts, strict=True):
            if index not in known.unconnected:
                gradients[index] = tf.cast(tf.reshape(part, variables[index].shape), variables[index].dtype)
        for index, (rows, values) in zip(known.sparse, sparse, strict=True):
            variable = variables[index]
            gradients[index] = tf.IndexedSlices(
                tf.cast(values, variable.dtype), rows, tf.constant(tuple(variable.shape), tf.int64)
            )
        return gradients

    def _sparse_spec(self, index: int) -> tuple[Any, Any]:
        row = self._layout.trainable[index][0][1:]
        return tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, *row], tf.as_dtype(self._layout.dtype))


def _scaled(optimizer: Any, gradient: Any) -> Any:
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(optimizer.scale_loss(gradient.values), gradient.indices, gradient.dense_shape)
    return optimizer.scale_loss(gradient)
