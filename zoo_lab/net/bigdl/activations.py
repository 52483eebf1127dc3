"""BigDL's modules that compute number by number, and softmax."""

from __future__ import annotations

from typing import Any

import keras

from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.layers.elementwise import Elementwise
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse


def absolute(node: Node) -> Blob:
    """|x|."""
    return _of(node, "absolute")


def add_constant(node: Node) -> Blob:
    """x + constant."""
    return _of(node, "power", shift=node.get("constant_scalar"), value=1.0)


def clamp(node: Node) -> Blob:
    """x within two limits."""
    low, high = node.get("minValue", node.get("minV", -1)), node.get("maxValue", node.get("maxV", 1))
    return _of(node, "clip", value=[float(low), float(high)])


def dropout(node: Node) -> Blob:
    """Dropout; at its end BigDL scales as Keras does."""
    return node.apply(keras.layers.Dropout(node.get("initP", 0.5), name=node.name), node.blob)


def elu(node: Node) -> Blob:
    """x, and alpha · (exp(x) - 1) below zero."""
    return node.apply(keras.layers.ELU(node.get("alpha", 1.0), name=node.name), node.blob)


def exponential(node: Node) -> Blob:
    """exp(x)."""
    return _of(node, "exponential")


def leaky_relu(node: Node) -> Blob:
    """x, and a fixed part of it below zero."""
    return node.apply(keras.layers.LeakyReLU(node.get("negval", 0.01), name=node.name), node.blob)


def logarithm(node: Node) -> Blob:
    """log(x)."""
    return _of(node, "logarithm")


def log_softmax(node: Node) -> Blob:
    """The logarithm of softmax over the numbers of a row."""
    if len(node.blob.shape) != 2:
        refuse(f"expected rows of numbers; received shape {node.blob.shape}")
    return _named(node, "log_softmax")


def mul_constant(node: Node) -> Blob:
    """x · constant."""
    return _of(node, "power", scale=node.get("scalar"), value=1.0)


def power(node: Node) -> Blob:
    """(shift + scale · x) ** power."""
    return _of(node, "power", node.get("scale", 1.0), node.get("shift", 0.0), node.get("power"))


def prelu(node: Node) -> Blob:
    """x, and a learned part of it below zero."""
    blob, planes = node.blob.last(), node.get("nOutputPlane", 0)
    kept = blob.axis(1) if planes else 0
    shape = [planes if axis == kept else 1 for axis in range(1, len(blob.shape))]
    shared = [axis for axis in range(1, len(blob.shape)) if axis != kept]
    slopes = node.array(0, (planes or 1,)).reshape(shape)
    return node.apply(keras.layers.PReLU(shared_axes=shared, name=node.name), blob, [slopes])


def relu(node: Node) -> Blob:
    """x, and 0 below zero."""
    return node.apply(keras.layers.ReLU(name=node.name), node.blob)


def relu6(node: Node) -> Blob:
    """x within 0 and 6."""
    return node.apply(keras.layers.ReLU(6.0, name=node.name), node.blob)


def root(node: Node) -> Blob:
    """The square root."""
    return _of(node, "power", value=0.5)


def sigmoid(node: Node) -> Blob:
    """1 / (1 + exp(-x))."""
    return _named(node, "sigmoid")


def softmax(node: Node) -> Blob:
    """Softmax over numbers of a row or over channels; BigDL counts `pos` from 1."""
    rank, position = len(node.blob.shape), node.get("pos", 1)
    position = position if position > 0 else rank + position
    axis = position - 1 + (rank - position) % 2
    if axis == 0 or axis >= rank:
        refuse(f"expected a softmax within rows; received pos {position} and shape {node.blob.shape}")
    return node.apply(keras.layers.Softmax(node.blob.axis(axis), name=node.name), node.blob)


def softplus(node: Node) -> Blob:
    """log(1 + exp(x))."""
    if node.get("beta", 1.0) != 1:
        refuse(f"expected beta 1; received {node.get('beta')}")
    return _named(node, "softplus")


def softsign(node: Node) -> Blob:
    """x / (1 + |x|)."""
    return _named(node, "softsign")


def square(node: Node) -> Blob:
    """x²."""
    return _of(node, "power", value=2.0)


def tanh(node: Node) -> Blob:
    """The hyperbolic tangent."""
    return _named(node, "tanh")


def threshold(node: Node) -> Blob:
    """x, and a fixed number where x is not above the threshold."""
    return _of(node, "replace", value=[node.get("th", 1e-6), node.get("v", 0.0)])


def _named(node: Node, function: str) -> Blob:
    return node.apply(keras.layers.Activation(function, name=node.name), node.blob)


def _of(node: Node, function: str, scale: float = 1.0, shift: float = 0.0, value: Any = None) -> Blob:
    return node.apply(Elementwise(function, scale, shift, value, name=node.name), node.blob)
