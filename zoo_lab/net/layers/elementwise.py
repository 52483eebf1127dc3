"""Layers that compute number by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="zoo_lab")
class Elementwise(keras.layers.Layer):
    """Compute f(shift + scale · x) for each number.

    Args:
        function: "absolute"; "power" of exponent `value`; "exponential" and "logarithm" of base `value`, or of e where
            it is None; "threshold", 1 above `value` and 0 elsewhere; "clip" to the two of `value`; "replace", where x
            is at most the first of `value`, by the second.
        scale, shift: multiplied with x, and added.
        value: see there.

    Source: `PowerLayer`, `ExpLayer`, `LogLayer`, `AbsValLayer` and `ThresholdLayer` of Caffe.
    """

    def __init__(self, function: str, scale: float = 1.0, shift: float = 0.0, value: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function, self.scale, self.shift, self.value = function, scale, shift, value

    def call(self, inputs: Any) -> Any:
        x = inputs if self.scale == 1 else inputs * self.scale
        return _FUNCTIONS[self.function](x + self.shift if self.shift else x, self.value)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        names = ("function", "scale", "shift", "value")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _power(x: Any, exponent: float) -> Any:
    if exponent == 1:
        return x
    return ops.square(x) if exponent == 2 else ops.power(x, exponent)


_FUNCTIONS = {
    "absolute": lambda x, _: ops.absolute(x),
    "power": _power,
    "exponential": lambda x, base: ops.exp(x if base is None else x * float(np.log(base))),
    "logarithm": lambda x, base: ops.log(x) / (1.0 if base is None else float(np.log(base))),
    "threshold": lambda x, limit: ops.cast(x > limit, x.dtype),
    "clip": lambda x, limits: ops.clip(x, *limits),
    "replace": lambda x, values: ops.where(x > values[0], x, values[1]),
}


@keras.saving.register_keras_serializable(package="zoo_lab")
class WeightedSum(keras.layers.Layer):
    """Add inputs of one shape, each times a fixed number.

    Args:
        coefficients: one for each input.

    Source: `EltwiseLayer` of Caffe with `coeff`.
    """

    def __init__(self, coefficients: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coefficients = tuple(coefficients)

    def call(self, inputs: Any) -> Any:
        return sum(part * number for part, number in zip(inputs, self.coefficients, strict=True))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "coefficients": self.coefficients}


@keras.saving.register_keras_serializable(package="zoo_lab")
class Scale(keras.layers.Layer):
    """Multiply with learned numbers, and add learned numbers.

    Args:
        shape: of the numbers, without rows, as broadcast against the input: (1, 1, 3) for three channels.
        scale: multiply.
        bias: add.

    Source: `ScaleLayer` and `BiasLayer` of Caffe; `CMul`, `CAdd`, `Mul` and `Add` of BigDL.
    """

    def __init__(self, shape: Sequence[int], scale: bool = True, bias: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape, self.with_scale, self.with_bias = tuple(shape), scale, bias

    def build(self, input_shape: Any) -> None:
        if self.with_scale:
            self.scale = self.add_weight(shape=self.shape, initializer="ones", name="scale")
        if self.with_bias:
            self.bias = self.add_weight(shape=self.shape, initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        x = inputs * self.scale if self.with_scale else inputs
        return x + self.bias if self.with_bias else x

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shape": self.shape, "scale": self.with_scale, "bias": self.with_bias}
