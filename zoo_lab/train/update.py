"""The model's own optimizer, applied to one slice of the flat weights. Runs inside Spark executors; `rule_of` on the driver.

An elementwise optimizer computes each weight from that weight's own gradient and slots (momentum, velocity, …), so a
slice may be updated without the rest of the model. The operations are Keras' own, and slices of any size, on any
worker, give the same bits.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.train.tensors import borrowed

PIECE = 1 << 22  # weights: 16 MB of float32
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


def slots_of(optimizer: Any, rule: UpdateRule, count: int) -> tuple[list[list[Any]], list[Any]]:
    """Return the variables of an optimizer of `count` weights: for each slot one for each of them, and the scalars."""
    kept, slots = kept_variables(optimizer), []
    for group in rule.groups:
        slots += [kept[start : count * group : group] for start in range(group)]
        del kept[: count * group]
    return slots, kept


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

    The variables are pieces of the slice: what an optimizer computes on the way to the new weights is then small enough
    for the allocator to give the same memory again and again, where it would ask the system for new pages each time.

    Args:
        rule: of `rule_of`.
        size: number of weights in the slice.
        flat_dtype: of the arrays that go in and out.
        compiled: whether XLA fuses the operations, as it does for the model itself; it saves half of the time.
    """

    def __init__(self, rule: UpdateRule, size: int, flat_dtype: Any, compiled: bool) -> None:
        import keras
        import tensorflow as tf

        self.rule = rule
        self.size = size
        self._pieces = [slice(at, min(at + PIECE, size)) for at in range(0, size, PIECE)] or [slice(0, 0)]
        self._optimizer = keras.optimizers.deserialize(rule.config)
        sizes = [piece.stop - piece.start for piece in self._pieces]
        self._weights = [keras.Variable(np.zeros(length), dtype=rule.dtype) for length in sizes]
        self._optimizer.build(self._weights)
        self._slots, self._scalars = slots_of(self._optimizer, rule, len(sizes))
        self._dtype = np.dtype(flat_dtype)
        pieces = [tf.TensorSpec([length], tf.as_dtype(self._dtype)) for length in sizes]
        signature = [pieces, tf.TensorSpec([], tf.float32)]
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
        self._optimizer._iterations.assign(iterations)
        for variables, values in zip((self._weights, *self._slots), (weights, *slots), strict=True):
            for variable, piece in zip(variables, self._pieces, strict=True):
                variable.assign(values[piece])
        for variable, value in zip(self._scalars, scalars, strict=True):
            variable.assign(value)

    def __call__(self, gradient: np.ndarray, rate: float, into: np.ndarray | None = None) -> np.ndarray:
        """Apply a gradient, shape (size,), at a learning rate, and return the new weights, shape (size,).

        They are written into `into`, if given.
        """
        self._apply(gradient, rate)
        return self._whole(self._weights, into)

    def pieces(self, gradient: np.ndarray, rate: float) -> list[np.ndarray]:
        """Apply a gradient and return the new weights in pieces, one after another, valid until the next update."""
        self._apply(gradient, rate)
        return [self._as_flat(variable) for variable in self._weights]

    def kept(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return what the optimizer keeps: the slots, shape (size,) each, and the scalars."""
        return [self._whole(slot) for slot in self._slots], [self._as_flat(variable) for variable in self._scalars]

    def pieces_kept(self) -> Iterator[np.ndarray]:
        """Yield what `kept` returns, one value after another and each in pieces, valid until the next update."""
        for variables in (*self._slots, self._scalars):
            yield from map(self._as_flat, variables)

    def _apply(self, gradient: np.ndarray, rate: float) -> None:
        self._function([borrowed(gradient[piece]) for piece in self._pieces], np.float32(rate))

    def _whole(self, variables: list[Any], into: np.ndarray | None = None) -> np.ndarray:
        values = np.empty(self.size, self._dtype) if into is None else into
        for variable, piece in zip(variables, self._pieces, strict=True):
            values[piece] = self._as_flat(variable)
        return values

    def _as_flat(self, variable: Any) -> np.ndarray:
        values = np.asarray(variable.value.read_value())  # of a tensor a view, of a variable a copy
        return values.astype(self._dtype, copy=False)

    def _compute(self, gradients: list[Any], rate: Any) -> None:
        import tensorflow as tf

        optimizer = self._optimizer
        optimizer._learning_rate.assign(tf.cast(rate, optimizer._learning_rate.dtype))
        parts = zip(gradients, self._weights, strict=True)
        optimizer.apply([tf.cast(gradient, weights.dtype) for gradient, weights in parts], self._weights)
