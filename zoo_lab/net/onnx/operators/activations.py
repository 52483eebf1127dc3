"""Activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.table import POINTWISE, operator

_PLAIN = {
    "HardSwish": lambda x: x * tf.clip_by_value(x / 6 + 0.5, 0, 1),
    "Mish": lambda x: x * tf.tanh(tf.math.softplus(x)),
    "Relu": tf.nn.relu,
    "Sigmoid": tf.sigmoid,
    "Softplus": tf.math.softplus,
    "Softsign": tf.nn.softsign,
    "Tanh": tf.tanh,
}


def _enter(name: str, function: Callable[[Any], Any]) -> None:
    operator(name, layout=POINTWISE)(lambda _, x: function(x))


for _name, _function in _PLAIN.items():
    _enter(_name, _function)


@operator("LeakyRelu", layout=POINTWISE)
def leaky_relu(call: Call, x: Any) -> Any:
    """Multiply what is below zero by alpha."""
    return tf.where(x < 0, x * call.get("alpha"), x)


@operator("PRelu", layout=POINTWISE, trains=(1,))
def prelu(_: Call, x: Any, slope: Any) -> Any:
    """Multiply what is below zero by a slope that is learned."""
    return tf.where(x < 0, x * slope, x)


@operator("Elu", layout=POINTWISE)
def elu(call: Call, x: Any) -> Any:
    """Below zero: alpha times expm1(x)."""
    return tf.where(x < 0, call.get("alpha") * tf.math.expm1(tf.minimum(x, 0)), x)


@operator("Celu", layout=POINTWISE)
def celu(call: Call, x: Any) -> Any:
    """Below zero: alpha times expm1(x / alpha)."""
    alpha = call.get("alpha")
    return tf.maximum(x, 0) + tf.minimum(alpha * tf.math.expm1(tf.minimum(x, 0) / alpha), 0)


@operator("Selu", layout=POINTWISE)
def selu(call: Call, x: Any) -> Any:
    """Elu times gamma."""
    alpha, gamma = call.get("alpha"), call.get("gamma")
    return gamma * tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))


@operator("HardSigmoid", layout=POINTWISE)
def hard_sigmoid(call: Call, x: Any) -> Any:
    """Clip alpha x + beta to 0 … 1."""
    return tf.clip_by_value(call.get("alpha") * x + call.get("beta"), 0, 1)


@operator("ThresholdedRelu", layout=POINTWISE)
def thresholded_relu(call: Call, x: Any) -> Any:
    """Zero up to alpha."""
    return tf.where(x > call.get("alpha"), x, tf.zeros_like(x))


@operator("Shrink", layout=POINTWISE)
def shrink(call: Call, x: Any) -> Any:
    """Move what lies beyond ±lambd towards zero by bias; zero between."""
    beyond, bias = call.get("lambd"), call.get("bias")
    return tf.where(x < -beyond, x + bias, tf.where(x > beyond, x - bias, tf.zeros_like(x)))


@operator("Gelu", layout=POINTWISE)
def gelu(call: Call, x: Any) -> Any:
    """x times the normal distribution's integral up to it."""
    return tf.nn.gelu(x, approximate=call.get("approximate") == "tanh")


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(call: Call, x: Any) -> Any:
    """Along an axis; before opset 13 over all axes from it on together."""
    x = tf.convert_to_tensor(x)
    axis = call.get("axis") % x.shape.rank
    if call.opset >= 13 or axis == x.shape.rank - 1:
        return _along(call.op, x, axis)
    shape = tf.shape(x)
    flat = tf.reshape(x, tf.concat([shape[:axis], [-1]], 0))
    return tf.ensure_shape(tf.reshape(_along(call.op, flat, axis), shape), x.shape)


def _along(op: str, x: Any, axis: int) -> Any:
    if op == "Hardmax":
        return tf.one_hot(tf.argmax(x, axis), tf.shape(x)[axis], axis=axis, dtype=x.dtype)
    return (tf.nn.softmax if op == "Softmax" else tf.nn.log_softmax)(x, axis)


@operator("Dropout", "Identity", layout=POINTWISE)
def same(call: Call, x: Any, *_: Any) -> Any:
    """Return what came; Dropout's second output is a mask that drops nothing."""
    return (x, tf.ones_like(x, tf.bool)) if call.outputs == 2 else x
