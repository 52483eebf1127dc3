"""Arithmetic, comparisons and logic, element by element."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.table import POINTWISE, operator

_ONE = {
    "Abs": tf.abs,
    "Acos": tf.acos,
    "Acosh": tf.acosh,
    "Asin": tf.asin,
    "Asinh": tf.asinh,
    "Atan": tf.atan,
    "Atanh": tf.atanh,
    "BitwiseNot": tf.bitwise.invert,
    "Ceil": tf.math.ceil,
    "Cos": tf.cos,
    "Cosh": tf.cosh,
    "Erf": tf.math.erf,
    "Exp": tf.exp,
    "Floor": tf.floor,
    "IsNaN": tf.math.is_nan,
    "Log": tf.math.log,
    "Neg": tf.negative,
    "Not": tf.logical_not,
    "Reciprocal": lambda x: 1 / x,
    "Round": tf.round,
    "Sign": tf.sign,
    "Sin": tf.sin,
    "Sinh": tf.sinh,
    "Sqrt": tf.sqrt,
    "Tan": tf.tan,
}
_TWO = {
    "Add": tf.add,
    "And": tf.logical_and,
    "BitwiseAnd": tf.bitwise.bitwise_and,
    "BitwiseOr": tf.bitwise.bitwise_or,
    "BitwiseXor": tf.bitwise.bitwise_xor,
    "Equal": tf.equal,
    "Greater": tf.greater,
    "GreaterOrEqual": tf.greater_equal,
    "Less": tf.less,
    "LessOrEqual": tf.less_equal,
    "Mul": tf.multiply,
    "Or": tf.logical_or,
    "Sub": tf.subtract,
    "Xor": tf.math.logical_xor,
}
_MANY = {"Max": tf.maximum, "Min": tf.minimum, "Sum": tf.add, "Mean": tf.add}


def _enter_one(name: str, function: Callable[[Any], Any]) -> None:
    operator(name, layout=POINTWISE)(lambda _, x: function(x))


def _enter_two(name: str, function: Callable[[Any, Any], Any]) -> None:
    operator(name, layout=POINTWISE)(lambda _, a, b: function(a, b))


for _name, _function in _ONE.items():
    _enter_one(_name, _function)
for _name, _function in _TWO.items():
    _enter_two(_name, _function)


@operator(*_MANY, layout=POINTWISE)
def many(call: Call, *tensors: Any) -> Any:
    """Join any number of tensors."""
    joined = functools.reduce(_MANY[call.op], tensors)
    return joined / len(tensors) if call.op == "Mean" else joined


@operator("Div", layout=POINTWISE)
def div(_: Call, a: Any, b: Any) -> Any:
    """Divide; whole numbers towards zero."""
    return tf.divide(a, b) if _is_float(a) else tf.truncatediv(a, b)


@operator("Mod", layout=POINTWISE)
def mod(call: Call, a: Any, b: Any) -> Any:
    """Return what division leaves, with the sign of the divisor, or of the dividend with fmod."""
    return tf.truncatemod(a, b) if call.get("fmod") else tf.math.floormod(a, b)


@operator("Pow", layout=POINTWISE)
def power(_: Call, base: Any, exponent: Any) -> Any:
    """Return a power in the type of its base."""
    base = tf.convert_to_tensor(base)
    if base.dtype.is_floating:
        return tf.pow(base, tf.cast(exponent, base.dtype))
    return tf.cast(tf.pow(tf.cast(base, tf.float64), tf.cast(exponent, tf.float64)), base.dtype)


@operator("Clip", layout=POINTWISE)
def clip(call: Call, x: Any, least: Any = None, most: Any = None) -> Any:
    """Keep values between two bounds, given as attributes before opset 11."""
    if call.opset < 11:
        least, most = call.get("min"), call.get("max")
    kind = tf.convert_to_tensor(x).dtype
    x = x if least is None else tf.maximum(x, tf.cast(least, kind))
    return x if most is None else tf.minimum(x, tf.cast(most, kind))


@operator("Where", layout=POINTWISE)
def where(_: Call, condition: Any, a: Any, b: Any) -> Any:
    """Choose between two tensors."""
    return tf.where(condition, a, b)


@operator("IsInf", layout=POINTWISE)
def is_inf(call: Call, x: Any) -> Any:
    """Tell infinite values, of both signs or of one."""
    found = tf.math.is_inf(x)
    found = found if call.get("detect_positive", 1) else found & (x < 0)
    return found if call.get("detect_negative", 1) else found & (x > 0)


@operator("BitShift", layout=POINTWISE)
def bit_shift(call: Call, a: Any, b: Any) -> Any:
    """Shift bits."""
    return (tf.bitwise.left_shift if call.get("direction") == "LEFT" else tf.bitwise.right_shift)(a, b)


@operator("CumSum")
def cum_sum(call: Call, x: Any, axis: Any) -> Any:
    """Add up along an axis."""
    axis = axis if not isinstance(axis, np.ndarray) else int(axis.reshape(()))
    return tf.cumsum(x, axis, exclusive=bool(call.get("exclusive")), reverse=bool(call.get("reverse")))


def _is_float(x: Any) -> bool:
    return tf.convert_to_tensor(x).dtype.is_floating
