"""Pooling; data with the channels last."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.operators.convolutions import numbers, padding
from zoo_lab.net.onnx.operators.shapes import length_of
from zoo_lab.net.onnx.table import CHANNELS, operator


def _no_indices(node: Any) -> str:
    return "its second output, Indices" if sum(map(bool, node.outputs)) > 1 else ""


@operator("MaxPool", layout=CHANNELS, limits=_no_indices)
def max_pool(call: Call, x: Any) -> Any:
    """Return the largest of each window; padding never is."""
    x = tf.convert_to_tensor(x)
    around = _around(call, x)
    return _pooled(call, tf.pad(x, around, constant_values=x.dtype.min), "MAX")


@operator("AveragePool", layout=CHANNELS)
def average_pool(call: Call, x: Any) -> Any:
    """Return the mean of each window, of its padding only where that counts."""
    around = _around(call, x)
    pads = _around(call, x, ceil=False)
    mean = _pooled(call, tf.pad(x, around), "AVG")
    counts = tf.ones_like(x[:1, ..., :1])
    if call.get("count_include_pad"):
        counts = tf.pad(counts, pads, constant_values=1)
        around = [[all_of[0] - own[0], all_of[1] - own[1]] for all_of, own in zip(around, pads, strict=True)]
    return mean / _pooled(call, tf.pad(counts, around), "AVG")


@operator("LpPool", layout=CHANNELS)
def lp_pool(call: Call, x: Any) -> Any:
    """Return the norm of each window."""
    p, size = call.get("p", 2), tf.reduce_prod(call.get("kernel_shape"))
    mean = _pooled(call, tf.pad(tf.abs(x) ** p, _around(call, x)), "AVG")
    return (mean * tf.cast(size, mean.dtype)) ** (1 / p)


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", layout=CHANNELS)
def global_pool(call: Call, x: Any) -> Any:
    """Reduce all pixels to one."""
    x = tf.convert_to_tensor(x)
    axes = list(range(1, x.shape.rank - 1))
    if call.op == "GlobalLpPool":
        p = call.get("p", 2)
        return tf.reduce_sum(tf.abs(x) ** p, axes, keepdims=True) ** (1 / p)
    return (tf.reduce_mean if call.op == "GlobalAveragePool" else tf.reduce_max)(x, axes, keepdims=True)


def _around(call: Call, x: Any, ceil: bool = True) -> list[Any]:
    window = call.get("kernel_shape")
    rank = len(window)
    strides, dilations = numbers(call, "strides", rank), numbers(call, "dilations", rank)
    around = [list(pair) for pair in padding(call, x, window, strides, dilations)]
    if ceil and call.get("ceil_mode"):
        for i, (begin, end) in enumerate(around):
            length, reach = length_of(x, i + 1), (window[i] - 1) * dilations[i] + 1
            windows = -(-(length + begin + end - reach) // strides[i]) + 1
            starts_inside = (windows - 1) * strides[i] < length + begin  # else the last one has nothing to see
            windows -= 1 - (int(starts_inside) if isinstance(starts_inside, bool) else tf.cast(starts_inside, tf.int32))
            more = (windows - 1) * strides[i] + reach - (length + begin + end)
            around[i][1] = end + (max(0, more) if isinstance(more, int) else tf.maximum(0, more))
    return [[0, 0], *around, [0, 0]]


def _pooled(call: Call, x: Any, kind: str) -> Any:
    window = [int(length) for length in call.get("kernel_shape")]
    strides, dilations = numbers(call, "strides", len(window)), numbers(call, "dilations", len(window))
    if max(dilations) == 1:
        return tf.nn.pool(x, window, kind, strides, "VALID")
    dense = tf.nn.pool(x, window, kind, None, "VALID", dilations=dilations)
    return dense[(slice(None), *(slice(None, None, stride) for stride in strides))]
