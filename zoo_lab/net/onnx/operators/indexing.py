"""Picking and placing elements: slices, gathers, scatters, one-hot."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.operators.reductions import static
from zoo_lab.net.onnx.operators.shapes import length_of
from zoo_lab.net.onnx.table import operator

_FAR = 2**31 - 1


@operator("Slice")
def cut(call: Call, x: Any, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None) -> Any:
    """Cut along axes, as Python's slices do; the bounds are attributes before opset 10."""
    if starts is None:
        starts, ends = (np.array(call.get(name)) for name in ("starts", "ends"))
        axes = call.get("axes")
    rank, count = tf.convert_to_tensor(x).shape.rank, starts.shape[0]
    axes = range(count) if axes is None else static(np.array(axes) if isinstance(axes, list) else axes, "axes")
    steps = np.ones(count, int) if steps is None else static(steps, "steps")
    cuts = [slice(None)] * rank
    for i, axis in enumerate(axes):
        cuts[int(axis) % rank] = slice(_bound(starts, i), _bound(ends, i), int(steps[i]))
    return tf.convert_to_tensor(x)[tuple(cuts)]


def _bound(bounds: Any, i: int) -> Any:
    if isinstance(bounds, np.ndarray):
        return int(np.clip(bounds[i], -_FAR, _FAR))
    return tf.cast(tf.clip_by_value(bounds[i], -_FAR, _FAR), tf.int32)


@operator("Pad")
def pad(call: Call, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    """Add elements at both ends of axes; negative numbers cut."""
    x = tf.convert_to_tensor(x)
    value = call.get("value", 0.0) if value is None else value
    pads = np.array(call.get("pads")) if pads is None else static(pads, "pads")
    rank, mode = x.shape.rank, call.get("mode", "constant")
    axes = list(range(rank)) if axes is None else [int(axis) % rank for axis in static(axes, "axes")]
    around = np.zeros((rank, 2), int)
    around[axes] = pads.reshape(2, -1).T
    cuts = tuple(slice(max(0, -begin), -max(0, -end) or None) for begin, end in around)
    x, around = x[cuts], np.maximum(around, 0)
    if mode == "constant":
        return tf.pad(x, around, constant_values=tf.cast(tf.reshape(value, []), x.dtype))
    for axis, (begin, end) in enumerate(around):
        if begin or end:
            x = tf.gather(x, _beyond(mode, length_of(x, axis), int(begin), int(end)), axis=axis)
    return x


def _beyond(mode: str, length: Any, begin: int, end: int) -> Any:
    """Return which elements stand where, with `begin` and `end` more of them at the ends."""
    places = tf.range(-begin, length + end)
    if mode == "edge":
        return tf.clip_by_value(places, 0, length - 1)
    if mode == "wrap":
        return tf.math.floormod(places, length)
    turned = tf.math.floormod(tf.abs(places), tf.maximum(1, 2 * (length - 1)))
    return tf.minimum(turned, 2 * (length - 1) - turned)


@operator("Gather", trains=(0,))
def gather(call: Call, x: Any, indices: Any) -> Any:
    """Pick along an axis; negative indices count from the end."""
    axis = call.get("axis", 0)
    return tf.gather(x, _from_front(indices, length_of(x, axis)), axis=axis)


@operator("GatherElements")
def gather_elements(call: Call, x: Any, indices: Any) -> Any:
    """Pick one element for each index."""
    return tf.gather_nd(x, _coordinates(x, indices, call.get("axis", 0)))


@operator("GatherND")
def gather_nd(call: Call, x: Any, indices: Any) -> Any:
    """Pick elements or blocks by coordinates."""
    count = call.get("batch_dims", 0)
    sizes = tf.shape(x, tf.convert_to_tensor(indices).dtype)[count : count + indices.shape[-1]]
    return tf.gather_nd(x, _from_front(indices, sizes), batch_dims=count)


@operator("ScatterElements", "Scatter")
def scatter_elements(call: Call, x: Any, indices: Any, updates: Any) -> Any:
    """Place one element for each index."""
    return _placed(call, x, _coordinates(x, indices, call.get("axis", 0)), updates)


@operator("ScatterND")
def scatter_nd(call: Call, x: Any, indices: Any, updates: Any) -> Any:
    """Place elements or blocks by coordinates."""
    sizes = tf.shape(x, tf.convert_to_tensor(indices).dtype)[: indices.shape[-1]]
    return _placed(call, x, _from_front(indices, sizes), updates)


def _placed(call: Call, x: Any, places: Any, updates: Any) -> Any:
    reduction = call.get("reduction", "none")
    if reduction == "none":
        return tf.tensor_scatter_nd_update(x, places, updates)
    if reduction == "mul":
        # TensorFlow has no such scatter: products are sums of logarithms only above zero, so go through a while loop.
        flat = tf.reshape(places, [-1, tf.shape(places)[-1]])
        parts = tf.reshape(updates, tf.concat([tf.shape(flat)[:1], tf.shape(x)[places.shape[-1] :]], 0))
        return tf.foldl(lambda held, i: _multiplied(held, flat[i], parts[i]), tf.range(tf.shape(flat)[0]), x)
    scatters = {"add": tf.tensor_scatter_nd_add, "min": tf.tensor_scatter_nd_min, "max": tf.tensor_scatter_nd_max}
    return scatters[reduction](x, places, updates)


def _multiplied(held: Any, place: Any, part: Any) -> Any:
    return tf.tensor_scatter_nd_update(held, place[None], (tf.gather_nd(held, place) * part)[None])


def _coordinates(x: Any, indices: Any, axis: int) -> Any:
    """Return all coordinates of the elements that indices along one axis mean."""
    indices = _from_front(indices, length_of(x, axis))
    rank, lengths = indices.shape.rank, tf.shape(indices)
    grids = list(tf.meshgrid(*(tf.range(lengths[i]) for i in range(rank)), indexing="ij"))
    grids = [tf.cast(grid, indices.dtype) for grid in grids]
    grids[axis % rank] = indices
    return tf.stack(grids, -1)


def _from_front(indices: Any, length: Any) -> Any:
    indices = tf.convert_to_tensor(indices)
    return tf.where(indices < 0, indices + tf.cast(length, indices.dtype), indices)


@operator("OneHot")
def one_hot(call: Call, indices: Any, depth: Any, values: Any) -> Any:
    """Return one value at each index and another elsewhere."""
    values = tf.convert_to_tensor(values)
    depth = tf.cast(tf.reshape(depth, []), tf.int64)
    places = _from_front(tf.cast(indices, tf.int64), depth)
    chosen = tf.one_hot(places, tf.cast(depth, tf.int32), True, False, call.get("axis", -1), tf.bool)
    return tf.where(chosen, values[1], values[0])


@operator("NonZero")
def non_zero(_: Call, x: Any) -> Any:
    """Return the coordinates of all that is not zero, one row an axis."""
    x = tf.convert_to_tensor(x)
    return tf.transpose(tf.where(x if x.dtype == tf.bool else x != tf.zeros([], x.dtype)))


@operator("Compress")
def compress(call: Call, x: Any, condition: Any) -> Any:
    """Keep where a condition holds, along an axis or of the flattened tensor."""
    axis = call.get("axis")
    x = tf.reshape(x, [-1]) if axis is None else x
    kept = tf.squeeze(tf.where(condition), -1)
    return tf.gather(x, kept, axis=axis or 0)


@operator("ReverseSequence")
def reverse_sequence(call: Call, x: Any, lengths: Any) -> Any:
    """Turn each sequence round up to its length."""
    return tf.reverse_sequence(x, lengths, seq_axis=call.get("time_axis", 0), batch_axis=call.get("batch_axis", 1))
