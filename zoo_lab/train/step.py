"""Computes: the compiled TensorFlow functions of one worker's copy of the model. Runs inside Spark executors.

The trainable variables come in as one flat tensor and their gradient leaves as one, so a step is a single
call whatever the number of layers. Keras' stateless scope shows which state the step changed.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_lab.feature.structure import Structure, leaves, map_leaves
from zoo_lab.train.exchange import Exchange
from zoo_lab.train.layout import Layout, ModelVariables
from zoo_lab.train.losses import Part
from zoo_lab.train.tensors import borrowed


@dataclass
class StepResult:
    """What one part of a batch gave; `loss`, the gradients and `state` are already weighted by its share.

    `gradient` holds the dense gradients, flat; `sparse` (rows, values) for each variable that has a sparse one.
    """

    loss: float
    gradient: np.ndarray
    sparse: list[tuple[np.ndarray, np.ndarray]]
    state: np.ndarray
    metrics: np.ndarray


class TrainStep:
    """Loss, gradient, changed state and metric increments of a part of a batch.

    Where the part stands `alone`, loss, gradient and state are those of the part itself, not its share of the batch's.
    """

    def __init__(
        self,
        model: Any,
        structure: Structure,
        specs: dict[str, Any],
        part: Part,
        exchange: Exchange,
        alone: bool = False,
    ) -> None:
        self.model = model
        self.variables = ModelVariables(model)
        self.layout = Layout.of(self.variables)
        self.structure = structure
        self.updated: tuple[int, ...] = ()
        self.unconnected: tuple[int, ...] = ()
        self.sparse: tuple[int, ...] = ()
        self._part = part
        self._alone = alone
        self._exchange = exchange
        self._function = _compiled(self._compute, model, self._signature(specs))
        self._load = tf.function(self._assign_state)

    def __call__(
        self, weights: np.ndarray, state: np.ndarray, share: float, seeds: np.ndarray, data: dict
    ) -> StepResult:
        """Compute a step from flat `weights` and `state` (the updated variables only) on a part's arrays."""
        if self.updated:
            self._load(tf.constant(state))
        results = self._function(borrowed(weights), np.asarray(share, self.layout.dtype), seeds, data)
        # views of TensorFlow's memory: numpy() would copy
        loss, gradient, sparse, new_state, metrics = tf.nest.map_structure(np.asarray, results)
        return StepResult(float(loss), gradient, sparse, new_state, metrics)

    def trace(self) -> None:
        """Trace the step now, so that `updated`, `unconnected` and the exchange points are known."""
        self._function.get_concrete_function()

    def _compute(self, weights: Any, share: Any, seeds: Any, data: dict[str, Any]) -> tuple[Any, ...]:
        self._exchange.begin_trace()
        weight = tf.ones_like(share) if self._alone else share
        self._part.share = tf.cast(weight, tf.float32)
        trainable = _unflatten(weights, self.layout.trainable)
        mapping = [*zip(self.variables.trainable, trainable, strict=True)]
        mapping += zip(self.variables.seeds, tf.unstack(seeds) if self.layout.seeds else [], strict=True)
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            with keras.StatelessScope(mapping, collect_losses=True) as scope:
                loss = forward(self.model, self.structure, data, training=True)
            scaled = tf.cast(loss, share.dtype) * weight
        gradient, sparse = self._split_gradient(tape.gradient(scaled, trainable), weights.dtype)
        state = self._changed_state(scope, weight)
        return scaled, gradient, sparse, state, _metric_increments(self.model, scope, share)

    def _split_gradient(self, gradients: list[Any], dtype: Any) -> tuple[Any, list[Any]]:
        """Return the dense gradients as one vector, and (rows, values) of each that covers only some rows.

        An embedding's gradient stays as TensorFlow gives it, one entry a look-up: Keras' optimizers leave the
        other rows alone, and treat a row that was looked up twice differently from one with the summed gradient.
        """
        self.unconnected = tuple(index for index, gradient in enumerate(gradients) if gradient is None)
        self.sparse = tuple(index for index, gradient in enumerate(gradients) if isinstance(gradient, tf.IndexedSlices))
        dense = [
            tf.zeros([size], dtype) if gradient is None else tf.cast(tf.reshape(gradient, [-1]), dtype)
            for index, (size, gradient) in enumerate(zip(self.layout.trainable_sizes, gradients, strict=True))
            if index not in self.sparse
        ]
        slices = [gradients[index] for index in self.sparse]
        looked_up = [
            (tf.cast(tf.reshape(part.indices, [-1]), tf.int64), tf.cast(part.values, dtype)) for part in slices
        ]
        return tf.concat(dense, 0) if dense else tf.zeros([0], dtype), looked_up

    def _changed_state(self, scope: Any, share: Any) -> Any:
        values = [scope.get_current_value(variable) for variable in self.variables.state]
        self.updated = tuple(index for index, value in enumerate(values) if value is not None)
        flat = [tf.reshape(tf.cast(values[index], share.dtype), [-1]) * share for index in self.updated]
        return tf.concat(flat, 0) if flat else tf.zeros([0], share.dtype)

    def _assign_state(self, state: Any) -> None:
        shapes = [self.layout.state[index] for index in self.updated]
        for index, value in zip(self.updated, _unflatten(state, shapes), strict=True):
            self.variables.state[index].assign(value)

    def _signature(self, specs: dict[str, Any]) -> tuple[Any, ...]:
        dtype = tf.as_dtype(self.layout.dtype)
        return (
            tf.TensorSpec([self.layout.weights_size], dtype),
            tf.TensorSpec([], dtype),
            tf.TensorSpec([self.layout.seeds, 2], tf.uint32),
            specs,
        )


class EvaluateStep:
    """Metric increments (the loss' among them) of a batch, without training."""

    def __init__(self, model: Any, structure: Structure, specs: dict[str, Any], part: Part) -> None:
        self._model = model
        self._part = part
        self._structure = structure
        self._function = _compiled(self._compute, model, (specs,))

    def __call__(self, data: dict[str, np.ndarray]) -> np.ndarray:
        """Return what the batch adds to the flat metric variables."""
        return self._function(data).numpy()

    def _compute(self, data: dict[str, Any]) -> Any:
        # A regularizer in a stateless scope sees only variables that are mapped.
        mapping = [(variable, variable.value) for variable in self._model.trainable_variables]
        with self._part.whole(), keras.StatelessScope(mapping, collect_losses=True) as scope:
            forward(self._model, self._structure, data, training=False)
        return _metric_increments(self._model, scope, 1.0)


def predict_step(model: Any, structure: Structure, specs: dict[str, Any]) -> Any:
    """Return the compiled function from a part's arrays to the model's outputs."""

    def predict(data: dict[str, Any]) -> Any:
        return _call(model, map_leaves(data.__getitem__, structure.x), training=False)

    return _compiled(predict, model, (specs,))


def build(model: Any, structure: Structure, head: dict[str, np.ndarray]) -> None:
    """Run a compiled model once on a few rows, so that its variables, losses and metrics exist; metrics are reset."""
    forward(model, structure, {name: tf.convert_to_tensor(array) for name, array in head.items()}, training=False)
    model.reset_metrics()


def build_inputs(model: Any, structure: Structure, head: dict[str, np.ndarray]) -> None:
    """Run a model once on a few rows of its inputs, so that its variables exist; it need not be compiled."""
    tensors = {name: tf.convert_to_tensor(head[name]) for name in leaves(structure.x)}
    _call(model, map_leaves(tensors.__getitem__, structure.x), training=False)


def forward(model: Any, structure: Structure, data: dict[str, Any], training: bool) -> Any:
    """Run the model and its metrics on the fields of `data`, inside the caller's scope; return the loss."""
    x, y, weight = (map_leaves(data.__getitem__, nest) for nest in (structure.x, structure.y, structure.weight))
    y_pred = _call(model, x, training)
    arguments = {"training": training} if "training" in inspect.signature(model.compute_loss).parameters else {}
    loss = model.compute_loss(x, y, y_pred, weight, **arguments)
    rows = tf.shape(data[structure.fields()[0]])[0]
    for metric in model.metrics:
        if metric.name == "loss":
            metric.update_state(loss, sample_weight=rows)
    model.compute_metrics(x, y, y_pred, sample_weight=weight)
    return loss


def _call(model: Any, x: Any, training: bool) -> Any:
    accepts = inspect.signature(model.call).parameters
    takes_training = "training" in accepts or any(p.kind is p.VAR_KEYWORD for p in accepts.values())
    return model(x, training=training) if takes_training else model(x)


def _metric_increments(model: Any, scope: Any, share: Any) -> Any:
    """Return what the step added to each metric variable, flat, in the order of `model.metrics_variables`."""
    outputs = {f"{name}_loss" for name in getattr(model, "output_names", None) or []}
    changes = [tf.zeros([0], tf.float64)]
    for metric in model.metrics:
        # Keras counts the loss of each output once a batch, not once a row, so a part counts with its share.
        weight = tf.cast(share, tf.float64) if metric.name in outputs else 1.0
        for variable in metric.variables:
            before = tf.cast(variable.value, tf.float64)
            after = scope.get_current_value(variable)
            change = tf.zeros_like(before) if after is None else tf.cast(after, tf.float64) - before
            changes.append(tf.reshape(change * weight, [-1]))
    return tf.concat(changes, 0)


def _unflatten(flat: Any, shapes: Any) -> list[Any]:
    sizes = [int(np.prod(shape)) for shape, _dtype in shapes]
    parts = tf.split(flat, sizes)
    return [as_dtype(tf.reshape(part, shape), dtype) for part, (shape, dtype) in zip(parts, shapes, strict=True)]


def as_dtype(values: Any, dtype: str) -> Any:
    """Return `values` as `dtype`; a weighted mean of equal integers may be off by a rounding error."""
    return tf.cast(tf.round(values) if tf.as_dtype(dtype).is_integer else values, dtype)


def _compiled(function: Any, model: Any, signature: tuple[Any, ...]) -> Any:
    return tf.function(function, input_signature=signature, autograph=False, jit_compile=bool(model.jit_compile))
