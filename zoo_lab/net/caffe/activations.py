"""Caffe's layers that compute number by number."""

from __future__ import annotations

import keras

from zoo_lab.net.caffe.node import Node
from zoo_lab.net.layers.elementwise import Elementwise
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse


def absolute(node: Node) -> Blob:
    """|x|."""
    return node.apply(Elementwise("absolute", name=node.name), node.bottom)


def bnll(node: Node) -> Blob:
    """log(1 + exp(x))."""
    return node.apply(keras.layers.Activation("softplus", name=node.name), node.bottom)


def dropout(node: Node) -> Blob:
    """Dropout, which Caffe scales as Keras does."""
    return node.apply(keras.layers.Dropout(node.layer.dropout_param.dropout_ratio, name=node.name), node.bottom)


def elu(node: Node) -> Blob:
    """x, and alpha · (exp(x) - 1) below zero."""
    return node.apply(keras.layers.ELU(node.layer.elu_param.alpha, name=node.name), node.bottom)


def exponential(node: Node) -> Blob:
    """base ** (shift + scale · x)."""
    return _of_base(node, "exponential", node.layer.exp_param)


def logarithm(node: Node) -> Blob:
    """The logarithm of shift + scale · x."""
    return _of_base(node, "logarithm", node.layer.log_param)


def power(node: Node) -> Blob:
    """(shift + scale · x) ** power."""
    param = node.layer.power_param
    return node.apply(Elementwise("power", param.scale, param.shift, param.power, name=node.name), node.bottom)


def prelu(node: Node) -> Blob:
    """x, and a learned part of it below zero."""
    bottom = node.bottom.last()
    channels = node.bottom.shape[1]
    shared = node.layer.prelu_param.channel_shared
    count = 1 if shared else channels
    axes = range(1, len(bottom.shape))
    axes = [axis for axis in axes if shared or axis != bottom.axis(1)]
    shape = [1 if axis in axes else bottom.tensor.shape[axis] for axis in range(1, len(bottom.shape))]
    slopes = node.array(0, (count,)).reshape(shape)
    return node.apply(keras.layers.PReLU(shared_axes=axes, name=node.name), bottom, [slopes])


def relu(node: Node) -> Blob:
    """x, and `negative_slope` · x below zero."""
    slope = node.layer.relu_param.negative_slope
    return node.apply(keras.layers.ReLU(negative_slope=slope, name=node.name), node.bottom)


def sigmoid(node: Node) -> Blob:
    """1 / (1 + exp(-x))."""
    return node.apply(keras.layers.Activation("sigmoid", name=node.name), node.bottom)


def softmax(node: Node) -> Blob:
    """Softmax along an axis."""
    axis = node.layer.softmax_param.axis
    if axis % len(node.bottom.shape) == 0:
        refuse("expected a softmax within rows; received axis 0")
    return node.apply(keras.layers.Softmax(node.bottom.axis(axis), name=node.name), node.bottom)


def tanh(node: Node) -> Blob:
    """The hyperbolic tangent."""
    return node.apply(keras.layers.Activation("tanh", name=node.name), node.bottom)


def threshold(node: Node) -> Blob:
    """1 above the threshold, 0 elsewhere."""
    limit = node.layer.threshold_param.threshold
    return node.apply(Elementwise("threshold", value=limit, name=node.name), node.bottom)


def _of_base(node: Node, function: str, param: object) -> Blob:
    base = None if param.base == -1 else param.base
    if base is not None and (base <= 0 or base == 1 == (function == "logarithm")):
        refuse(f"expected a base greater than 0, or -1 for e; received {base}")
    return node.apply(Elementwise(function, param.scale, param.shift, base, name=node.name), node.bottom)
