"""Normalizations."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.operators.shapes import length_of
from zoo_lab.net.onnx.table import CHANNELS, operator


def _inference_only(node: Any) -> str:
    return "training_mode" if node.attributes.get("training_mode") else ""


@operator("BatchNormalization", layout=CHANNELS, trains=(1, 2), limits=_inference_only)
def batch_normalization(call: Call, x: Any, scale: Any, shift: Any, mean: Any, variance: Any) -> Any:
    """Normalize by statistics that are given; Keras' own layer is taken wherever they are constants."""
    return (x - mean) * (scale * tf.math.rsqrt(variance + call.get("epsilon"))) + shift


@operator("InstanceNormalization", layout=CHANNELS, trains=(1, 2))
def instance_normalization(call: Call, x: Any, scale: Any, shift: Any) -> Any:
    """Normalize each channel of each row."""
    axes = list(range(1, tf.convert_to_tensor(x).shape.rank - 1))
    return _normal(x, axes, call.get("epsilon")) * scale + shift


@operator("GroupNormalization", trains=(1, 2))
def group_normalization(call: Call, x: Any, scale: Any, shift: Any) -> Any:
    """Normalize groups of channels of each row; up to opset 20 scale and shift are one for each group."""
    x = tf.convert_to_tensor(x)
    groups, channels = call.get("num_groups"), x.shape[1]
    lengths = [length_of(x, i) for i in range(x.shape.rank)]
    parted = tf.reshape(x, [lengths[0], groups, channels // groups, *lengths[2:]])
    normal = tf.reshape(_normal(parted, list(range(2, x.shape.rank + 1)), call.get("epsilon")), lengths)
    if call.opset < 21:
        scale, shift = (tf.repeat(value, channels // groups) for value in (scale, shift))
    form = [1, channels, *[1] * (x.shape.rank - 2)]
    return normal * tf.reshape(scale, form) + tf.reshape(shift, form)


@operator("LayerNormalization", trains=(1, 2))
def layer_normalization(call: Call, x: Any, scale: Any, shift: Any = None) -> Any:
    """Normalize along the last axes; returns mean and inverse deviation too."""
    rank = tf.convert_to_tensor(x).shape.rank
    axes = list(range(call.get("axis", -1) % rank, rank))
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    inverse = tf.math.rsqrt(variance + call.get("epsilon"))
    found = (x - mean) * inverse * scale
    return found if shift is None else found + shift, mean, inverse


@operator("MeanVarianceNormalization")
def mean_variance_normalization(call: Call, x: Any) -> Any:
    """Subtract the mean and divide by the deviation, along axes."""
    axes = call.get("axes", [0, 2, 3])
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    return (x - mean) / (tf.sqrt(variance) + 1e-9)


@operator("LpNormalization")
def lp_normalization(call: Call, x: Any) -> Any:
    """Divide by the norm along an axis."""
    axis, absolute = call.get("axis", -1), tf.abs(x)
    if call.get("p", 2) == 1:
        return x / tf.reduce_sum(absolute, axis, keepdims=True)
    return x / tf.sqrt(tf.reduce_sum(absolute * absolute, axis, keepdims=True))


@operator("LRN", layout=CHANNELS)
def local_response(call: Call, x: Any) -> Any:
    """Divide by what the channels around have."""
    size = call.get("size")
    channels = length_of(x, -1)
    before = (size - 1) // 2
    around = [[0, 0]] * (tf.convert_to_tensor(x).shape.rank - 1)
    square = tf.pad(x * x, [*around, [before, size - 1 - before]])
    total = tf.add_n([square[..., i : i + channels] for i in range(size)])
    return x / (call.get("bias") + call.get("alpha") / size * total) ** call.get("beta")


def _normal(x: Any, axes: list[int], epsilon: float) -> Any:
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + epsilon)
