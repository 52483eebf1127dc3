"""A worker's own model and optimizer between two averagings. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.core.errors import ModelError
from zoo_lab.train.layout import assign_values
from zoo_lab.train.step import TrainStep
from zoo_lab.train.wholeupdate import WholeUpdate


class OwnUpdate:
    """Applies gradients to the worker's own model, step after step.

    Args:
        model: compiled with its optimizer.
        step: its traced training step.
    """

    def __init__(self, model: Any, step: TrainStep) -> None:
        self._optimizer = model.optimizer
        self._trainable = step.variables.trainable
        self._optimizer.build(self._trainable)
        whole = WholeUpdate(model, step)
        self._apply = tf.function(whole.apply, input_signature=whole.signature, autograph=False)

    def load(self, weights: np.ndarray, optimizer: Sequence[np.ndarray]) -> None:
        """Start from flat weights and the values of all of the optimizer's variables."""
        own = self._optimizer.variables
        if [tuple(variable.shape) for variable in own] != [value.shape for value in optimizer]:
            msg = (
                f"The optimizer rebuilt on a worker ({type(self._optimizer).__name__}) keeps other values than the "
                "driver's. Let its get_config() return all arguments of its constructor."
            )
            raise ModelError(msg)
        assign_values(self._trainable, weights)
        for variable, value in zip(own, optimizer, strict=True):
            variable.assign(value)

    def __call__(self, updates: int, gradient: np.ndarray, sparse: list[Any], state: np.ndarray) -> np.ndarray:
        """Apply the gradients as the update after `updates` others; return the new flat weights."""
        self._optimizer.iterations.assign(updates)  # counts batches, also those that this worker has no rows of
        return self._apply(gradient, sparse, state).numpy()

    def kept(self) -> list[np.ndarray]:
        """Return the values of all of the optimizer's variables."""
        return [np.array(np.asarray(variable)) for variable in self._optimizer.variables]
