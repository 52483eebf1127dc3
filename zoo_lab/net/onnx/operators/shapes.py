"""Shapes: reshape, join, split, repeat, pad, and tensors made of a shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.operators.reductions import static
from zoo_lab.net.onnx.table import POINTWISE, operator


@operator("Reshape")
def reshape(call: Call, x: Any, shape: Any = None) -> Any:
    """Reshape; 0 keeps the length of the input's axis, -1 is computed."""
    keeps = not call.get("allowzero")
    if not isinstance(shape, np.ndarray):
        own = tf.shape(x, shape.dtype)
        count, rank = shape.shape[0], tf.convert_to_tensor(x).shape.rank
        kept = own[:count] if count <= rank else tf.pad(own, [[0, count - rank]])
        found = tf.reshape(x, tf.where(shape == 0, kept, shape) if keeps else shape)
        hint = call.get("hint")
        return found if hint is None else tf.ensure_shape(found, [None if n < 0 else n for n in hint])
    given = [int(length) for length in shape]
    sizes = tf.convert_to_tensor(x).shape
    lengths = [length_of(x, i) if n == 0 and keeps else n for i, n in enumerate(given)]
    if -1 in given and all(isinstance(n, int) for n in lengths) and sizes.is_fully_defined():
        lengths[given.index(-1)] = sizes.num_elements() // max(1, -int(np.prod(lengths)))
    found = tf.reshape(x, lengths)
    if -1 in given and not all(isinstance(n, int) for n in lengths):
        found = _with_the_rest(found, sizes, given)
    return found


def _with_the_rest(found: Any, sizes: Any, given: list[int]) -> Any:
    """Tell TensorFlow what -1 comes to where the one open length of the input stays as it is."""
    opened = [i for i, n in enumerate(sizes) if n is None]
    kept = [i for i, n in enumerate(given) if n == 0]
    if len(opened) == 1 and opened[0] in kept:
        known = int(np.prod([n for n in sizes if n is not None]))
        others = int(np.prod([sizes[i] if n == 0 else n for i, n in enumerate(given) if n != -1 and i != opened[0]]))
        shape = found.shape.as_list()
        shape[given.index(-1)] = known // max(1, others)
        return tf.ensure_shape(found, shape)
    return found


@operator("Flatten")
def flatten(call: Call, x: Any) -> Any:
    """Return a matrix: the axes before `axis` are rows."""
    sizes = tf.convert_to_tensor(x).shape
    axis = call.get("axis", 1)
    axis = axis + sizes.rank if axis < 0 else axis
    rows = sizes[:axis].num_elements() if axis else 1
    columns = sizes[axis:].num_elements() if axis < sizes.rank else 1
    if rows is None and columns is None:
        rows = tf.reduce_prod(tf.shape(x)[:axis])
    return tf.reshape(x, [-1 if rows is None else rows, -1 if columns is None else columns])


@operator("Transpose")
def transpose(call: Call, x: Any) -> Any:
    """Reorder the axes; without a permutation turn them round."""
    return tf.transpose(x, call.get("perm"))


@operator("Squeeze")
def squeeze(call: Call, x: Any, axes: Any = None) -> Any:
    """Drop axes of length 1, default all that are known to have it."""
    axes = call.get("axes") if axes is None else static(axes, "axes")
    x = tf.convert_to_tensor(x)
    if axes is None:
        axes = [i for i, length in enumerate(x.shape) if length == 1]
    dropped = {int(axis) % x.shape.rank for axis in axes}
    if any(x.shape[i] is None for i in dropped):  # tf.squeeze forgets the other lengths then
        return tf.reshape(x, [length_of(x, i) for i in range(x.shape.rank) if i not in dropped])
    return tf.squeeze(x, sorted(dropped))


@operator("Unsqueeze")
def unsqueeze(call: Call, x: Any, axes: Any = None) -> Any:
    """Insert axes of length 1."""
    axes = call.get("axes") if axes is None else static(axes, "axes")
    x = tf.convert_to_tensor(x)
    rank = x.shape.rank + len(axes)
    for axis in sorted(int(axis) % rank for axis in axes):
        x = tf.expand_dims(x, axis)
    return x


@operator("Shape")
def shape(call: Call, x: Any) -> Any:
    """Return the lengths, of all axes or of some."""
    return tf.shape(x, tf.int64)[call.get("start", 0) : call.get("end")]


@operator("Size")
def size(_: Call, x: Any) -> Any:
    """Return how many elements there are."""
    return tf.size(x, tf.int64)


@operator("Expand")
def expand(_: Call, x: Any, lengths: Any) -> Any:
    """Repeat by broadcasting in both directions."""
    lengths = tf.cast(lengths, tf.int64)
    return tf.broadcast_to(x, tf.broadcast_dynamic_shape(tf.shape(x, tf.int64), lengths))


@operator("Tile")
def tile(_: Call, x: Any, repeats: Any) -> Any:
    """Repeat along each axis."""
    return tf.tile(x, repeats)


@operator("Concat")
def concat(call: Call, *tensors: Any) -> Any:
    """Join along an axis."""
    return tf.concat(tensors, call.get("axis"))


@operator("Split")
def split(call: Call, x: Any, sizes: Any = None) -> Any:
    """Split along an axis, by sizes or into equal parts of which the last may be smaller."""
    axis = call.get("axis", 0)
    sizes = call.get("split") if sizes is None else [int(part) for part in static(sizes, "split")]
    if sizes is None:
        length = tf.convert_to_tensor(x).shape[axis]
        if length is None:
            return tf.split(x, call.outputs, axis)
        part = -(-length // call.outputs)
        sizes = [part] * (call.outputs - 1) + [length - part * (call.outputs - 1)]
    return tf.split(x, sizes, axis)


@operator("Cast", layout=POINTWISE)
def cast(call: Call, x: Any) -> Any:
    """Change the type."""
    return tf.cast(x, type_of(call.get("to")))


@operator("CastLike", layout=POINTWISE)
def cast_like(_: Call, x: Any, other: Any) -> Any:
    """Change the type to that of another tensor."""
    return tf.cast(x, tf.convert_to_tensor(other).dtype)


@operator("ConstantOfShape")
def constant_of_shape(call: Call, lengths: Any) -> Any:
    """Return a tensor full of one value."""
    value = call.get("value")
    return tf.fill(lengths, np.float32(0) if value is None else value.reshape(()))


@operator("Range")
def arange(_: Call, start: Any, limit: Any, delta: Any) -> Any:
    """Return numbers at equal distances."""
    return tf.range(*(tf.reshape(value, []) for value in (start, limit, delta)))


@operator("EyeLike")
def eye_like(call: Call, x: Any) -> Any:
    """Return ones on a diagonal, in the form of a matrix."""
    kind = tf.convert_to_tensor(x).dtype if call.get("dtype") is None else type_of(call.get("dtype"))
    return tf.cast(_columns_less_rows(x) == call.get("k", 0), kind)


@operator("Trilu")
def trilu(call: Call, x: Any, k: Any = None) -> Any:
    """Keep the upper or the lower triangle."""
    distance, k = _columns_less_rows(x), 0 if k is None else tf.cast(tf.reshape(k, []), tf.int32)
    return tf.where(distance >= k if call.get("upper", 1) else distance <= k, x, tf.zeros_like(x))


def _columns_less_rows(x: Any) -> Any:
    lengths = tf.shape(x)
    return tf.range(lengths[-1])[None] - tf.range(lengths[-2])[:, None]


@operator("DepthToSpace")
def depth_to_space(call: Call, x: Any) -> Any:
    """Spread channels over blocks of pixels."""
    x, block = tf.convert_to_tensor(x), call.get("blocksize")
    rows, channels, height, width = (length_of(x, i) for i in range(4))
    less = channels // block**2
    if call.get("mode", "DCR") == "DCR":
        parted = tf.reshape(x, [rows, block, block, less, height, width])
        moved = tf.transpose(parted, [0, 3, 4, 1, 5, 2])
    else:
        parted = tf.reshape(x, [rows, less, block, block, height, width])
        moved = tf.transpose(parted, [0, 1, 4, 2, 5, 3])
    return tf.reshape(moved, [rows, less, height * block, width * block])


@operator("SpaceToDepth")
def space_to_depth(call: Call, x: Any) -> Any:
    """Gather blocks of pixels into channels."""
    x, block = tf.convert_to_tensor(x), call.get("blocksize")
    rows, channels, height, width = (length_of(x, i) for i in range(4))
    parted = tf.reshape(x, [rows, channels, height // block, block, width // block, block])
    moved = tf.transpose(parted, [0, 3, 5, 1, 2, 4])
    return tf.reshape(moved, [rows, channels * block**2, height // block, width // block])


def length_of(x: Any, axis: int) -> Any:
    """Return an axis' length: a number where it is known, else a tensor."""
    known = tf.convert_to_tensor(x).shape[axis]
    return tf.shape(x)[axis] if known is None else known


def type_of(number: int) -> Any:
    """Return TensorFlow's type for ONNX' number of one."""
    if number not in _TYPES:
        msg = f"expected a type of numbers; received ONNX' type number {number}"
        raise ValueError(msg)
    return tf.dtypes.as_dtype(_TYPES[number])


# TensorProto.DataType, so that a saved net loads without the package onnx.
_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    16: "bfloat16",
}
