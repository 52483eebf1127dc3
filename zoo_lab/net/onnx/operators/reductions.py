"""Reductions along axes, and places of the largest."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.table import operator


def _l1(x: Any, axis: Any, keepdims: bool) -> Any:
    return tf.reduce_sum(tf.abs(x), axis, keepdims)


def _sum_square(x: Any, axis: Any, keepdims: bool) -> Any:
    return tf.reduce_sum(x * x, axis, keepdims)


_REDUCE = {
    "ReduceL1": _l1,
    "ReduceL2": lambda *given: tf.sqrt(_sum_square(*given)),
    "ReduceLogSum": lambda *given: tf.math.log(tf.reduce_sum(*given)),
    "ReduceLogSumExp": tf.reduce_logsumexp,
    "ReduceMax": tf.reduce_max,
    "ReduceMean": tf.reduce_mean,
    "ReduceMin": tf.reduce_min,
    "ReduceProd": tf.reduce_prod,
    "ReduceSum": tf.reduce_sum,
    "ReduceSumSquare": _sum_square,
}


@operator(*_REDUCE)
def reduce(call: Call, x: Any, axes: Any = None) -> Any:
    """Reduce along axes, given as an attribute in older opsets; without any along all."""
    axes = call.get("axes") if axes is None else axes
    if axes is not None and tf.is_tensor(axes) and axes.shape.rank == 1:
        axes = static(axes, "axes")
    if axes is None or len(axes) == 0:
        if call.get("noop_with_empty_axes"):
            return x
        axes = None
    axes = None if axes is None else [int(axis) for axis in axes]
    return _REDUCE[call.op](x, axes, bool(call.get("keepdims", 1)))


@operator("ArgMax", "ArgMin")
def place(call: Call, x: Any) -> Any:
    """Return where the largest or smallest value is, the first or the last of equal ones."""
    axis, find = call.get("axis"), tf.argmax if call.op == "ArgMax" else tf.argmin
    if call.get("select_last_index"):
        found = tf.cast(tf.shape(x)[axis] - 1, tf.int64) - find(tf.reverse(x, [axis]), axis)
    else:
        found = find(x, axis)
    return tf.expand_dims(found, axis) if call.get("keepdims", 1) else found


@operator("TopK")
def top_k(call: Call, x: Any, k: Any) -> Any:
    """Return the k largest or smallest values along an axis, sorted, and where they are."""
    x = tf.convert_to_tensor(x)
    axis = call.get("axis", -1) % x.shape.rank
    order = [i for i in range(x.shape.rank) if i != axis] + [axis]
    back = np.argsort(order)
    moved = tf.transpose(x, order)
    count = int(k.reshape(())) if isinstance(k, np.ndarray) else tf.cast(tf.reshape(k, []), tf.int32)
    sign = 1 if call.get("largest", 1) else -1
    values, indices = tf.math.top_k(sign * moved, count)
    return tf.transpose(sign * values, back), tf.cast(tf.transpose(indices, back), tf.int64)


def static(value: Any, name: str) -> Any:
    """Return an argument that must be known when the net is built; raises `ValueError` if it is not."""
    known = value if isinstance(value, np.ndarray) else tf.get_static_value(value)
    if known is None:
        msg = f"expected {name} to be constant; it is computed from the inputs"
        raise ValueError(msg)
    return known
