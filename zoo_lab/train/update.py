"""The model's own optimizer, applied to one slice of the flat weights. Runs inside Spark executors; `rule_of` on the driver.

An elementwise optimizer computes each weight from that weight's own gradient and slots (momentum, velocity, …), so a
slice may be updated without the rest of the model. The operations are Keras' own, and slices of any size, on any
worker, give the same bits.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

_ELEMENTWISE = ("SGD", "Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion")
_PER_VARIABLE = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")


@dataclass(frozen=True)
class UpdateRule:
    """What a worker must know to update a slice.

    Attributes:
        config: the optimizer as Keras serializes it; its learning rate comes with each iteration.
        groups: how it lines up the values that it keeps for each weight, see `_arrangement`.
        scalars: number of values it keeps once.
        dtype: of the weights; the flat arrays may be wider.
    """

    config: dict[str, Any]
    groups: tuple[int, ...]
    scalars: int
    dtype: str

    @property
    def slots(self) -> int:
        """Number of values the optimizer keeps for each weight."""
        return sum(self.groups)


def rule_of(optimizer: Any, variables: list[Any], unconnected: bool, sparse: bool) -> UpdateRule | str:
    """Return the rule by which workers update slices, or the reason why only the whole model can be updated.

    Args:
        optimizer: a built Keras optimizer.
        variables: the trainable variables that it was built on.
        unconnected: whether some of them have no gradient.
        sparse: whether some gradients cover only some rows.
    """
    import keras

    name = type(optimizer).__name__
    if type(optimizer) is not getattr(keras.optimizers, name, None) or name not in _ELEMENTWISE:
        return f"{name} does not update each weight by itself"
    whole = [option for option in _PER_VARIABLE if getattr(optimizer, option, None)]
    if whole:
        return f"{name} has {', '.join(whole)}, which looks at whole variables"
    if getattr(optimizer, "_exclude_from_weight_decay", None) or getattr(
        optimizer, "_exclude_from_weight_decay_pattern", None
    ):
        return f"{name} spares some variables the weight decay"
    if any(getattr(variable, "constraint", None) is not None for variable in variables):
        return "some weights have a constraint"
    if any(getattr(variable, "overwrite_with_gradient", False) for variable in variables):
        return "some weights are overwritten with their gradient"
    if sparse:
        return "embeddings have gradients of only some rows"
    if unconnected:
        return "some weights have no gradient"
    dtypes = {str(variable.dtype) for variable in variables}
    if len(dtypes) != 1:
        return f"the weights are of several types ({', '.join(sorted(dtypes)) or 'none'})"
    return _rule(optimizer, variables, dtypes.pop())


def kept_variables(optimizer: Any) -> list[Any]:
    """Return the variables that an optimizer keeps beside its counter and its learning rate."""
    own = {id(optimizer._iterations), id(optimizer._learning_rate)}
    return [variable for variable in optimizer.variables if id(variable) not in own]


def _rule(optimizer: Any, variables: list[Any], dtype: str) -> UpdateRule | str:
    import keras

    config = keras.optimizers.serialize(optimizer)
    config["config"]["learning_rate"] = 0.0
    groups, scalars = _arrangement(config, dtype)
    rule = UpdateRule(config, groups, scalars, dtype)
    shapes = [tuple(variable.shape) for variable in variables]
    expected = [shapes[index] for group in groups for index in np.repeat(range(len(shapes)), group)] + [()] * scalars
    if [tuple(variable.shape) for variable in kept_variables(optimizer)] != expected:
        return f"{type(optimizer).__name__} keeps its values in an order unknown to zoo_lab"
    return rule


def _arrangement(config: dict[str, Any], dtype: str) -> tuple[tuple[int, ...], int]:
    """Return how an optimizer lines up its slots, found by building one on three vectors of different length.

    The numbers say how many slots stand together for each variable: (2, 1) is m₀ v₀ m₁ v₁ … and then h₀ h₁ ….
    """
    import keras

    probe = keras.optimizers.deserialize(config)
    probe.build([keras.Variable(np.zeros(size), dtype=dtype) for size in (1, 2, 3)])
    sizes = [int(np.prod(variable.shape)) * len(variable.shape) for variable in kept_variables(probe)]
    groups = []
    while sizes and sizes[0] == 1:
        group = sizes.index(2)
        groups.append(group)
        del sizes[: 3 * group]
    return tuple(groups), len(sizes)


class SliceUpdate:
    """A slice of the weights with its part of the optimizer, kept in TensorFlow variables between iterations.

    Args:
        rule: of `rule_of`.
        size: number of weights in the slice.
        flat_dtype: of the arrays that go in and out.
        compiled: whether XLA fuses the operations, as it does for the model itself; it saves half of the time.
    """

    def __init__(self, rule: UpdateRule, size: int, flat_dtype: Any, compiled: bool) -> None:
        import keras
        import tensorflow as tf

        self.size = size
        self._optimizer = keras.optimizers.deserialize(rule.config)
        self._weights = keras.Variable(np.zeros(size), dtype=rule.dtype)
        self._optimizer.build([self._weights])
        self._kept = kept_variables(self._optimizer)
        self._rule = rule
        self._dtype = tf.as_dtype(np.dtype(flat_dtype))
        signature = [tf.TensorSpec([size], self._dtype), tf.TensorSpec([], tf.float32)]
        self._function = tf.function(
            functools.partial(self._compute), input_signature=signature, autograph=False, jit_compile=compiled
        )

    def load(self, weights: np.ndarray, slots: Any, scalars: Any, iterations: int) -> None:
        """Go on from these values.

        Args:
            weights: shape (size,).
            slots: one such array for each slot, shape (slots, size).
            scalars: one number for each scalar.
            iterations: updates done so far.
        """
        self._weights.assign(weights)
        self._optimizer._iterations.assign(iterations)
        for variable, values in zip(self._kept, (*slots, *scalars), strict=True):
            variable.assign(values)

    def __call__(self, gradient: np.ndarray, rate: float) -> np.ndarray:
        """Apply a gradient, shape (size,), at a learning rate, and return the new weights, shape (size,)."""
        return self._function(gradient, np.float32(rate)).numpy()

    def kept(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return what the optimizer keeps: the slots, shape (size,) each, and the scalars."""
        values = [np.asarray(variable).astype(self._dtype.as_numpy_dtype, copy=False) for variable in self._kept]
        return values[: self._rule.slots], values[self._rule.slots :]

    def _compute(self, gradient: Any, rate: Any) -> Any:
        import tensorflow as tf

        optimizer, weights = self._optimizer, self._weights
        optimizer._learning_rate.assign(tf.cast(rate, optimizer._learning_rate.dtype))
        optimizer.apply([tf.cast(gradient, weights.dtype)], [weights])
        return tf.cast(weights.value, self._dtype)
