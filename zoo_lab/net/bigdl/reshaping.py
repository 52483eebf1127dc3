"""BigDL's modules that reorder, cut and reduce axes; it counts them from 1, rows included."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.net.bigdl.combining import counted
from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.layers.shaping import Reduction, Slice, WholeReshape
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse

_WHOLE = 1  # Reshape's batchMode: 0 not told, 1 the rows are in its size, 2 they are not


def infer_reshape(node: Node) -> Blob:
    """The same numbers in another shape, one length of which is found; 0 is that of the input."""
    size, shape = list(node.get("size")), node.blob.shape
    if node.get("batchMode", False):
        size = [0, *size]
    if any(length == 0 and index >= len(shape) for index, length in enumerate(size)):
        refuse(f"expected lengths for more than {len(shape)} axes; received {size}")
    told = [shape[index] if length == 0 and index else length for index, length in enumerate(size)]
    numbers = [length for length in told[1:] if length != -1]
    same = told[0] in (0, -1) and None not in (*shape[1:], *numbers)
    inner = int(np.prod(shape[1:])) if same else 0
    if same and (told[0] == 0 or int(np.prod(told[1:])) == inner):
        return _reshaped(node, told[1:])
    if told[0] > 0 or None in told or told.count(-1) > 1:
        refuse(f"expected a size whose rows can be found; received {size} for shape {shape}")
    # Such as (-1, n) for n numbers at each step of a sequence: steps of all rows become rows.
    made = WholeReshape([length or -1 for length in told], name=node.name)(node.blob.plain().tensor)
    return Blob(node.name, made)


def mean(node: Node) -> Blob:
    """The mean along an axis."""
    return _reduced(node, "mean")


def narrow(node: Node) -> Blob:
    """A part along an axis, from an offset on."""
    dimension, blob = node.get("dimension"), node.blob
    axis = _inner_axis(dimension, blob)
    offset, length = node.get("offset"), node.get("length", 1)
    whole = blob.shape[axis]
    start = offset - 1 if offset > 0 else whole + offset
    stop = start + length if length >= 0 else whole + length + 1
    return _part(node, axis, start, stop)


def reshape(node: Node) -> Blob:
    """The numbers of each row in another shape."""
    if node.get("batchMode", 0) == _WHOLE:
        refuse("expected a shape without rows; received batchMode false")
    return _reshaped(node, list(node.get("size")))


def select(node: Node) -> Blob:
    """One entry along an axis, which goes."""
    blob = node.blob.plain()
    axis = _inner_axis(node.get("dimension"), blob)
    index, length = node.get("index"), blob.shape[axis]
    if length is None and index == -1:
        refuse("expected an axis of known length; received one that varies. Give input_shape")
    place = index - 1 if index > 0 else (length or 0) + index
    part = _part(node, axis, place, place + 1)
    shape = [one for number, one in enumerate(part.shape) if number not in (0, axis)]
    return Blob(node.name, keras.layers.Reshape(shape, name=f"{node.name}_one")(part.plain().tensor))


def squeeze(node: Node) -> Blob:
    """Axes of length 1 go."""
    dimensions, shape = node.get("dims", []) or [], node.blob.shape
    shift = 1 if node.get("batchMode", False) else 0
    gone = {dimension + shift - 1 for dimension in dimensions} or {
        axis for axis, length in enumerate(shape) if axis and length == 1
    }
    kept = [length for axis, length in enumerate(shape) if axis and not (axis in gone and length == 1)]
    return _reshaped(node, kept)


def total(node: Node) -> Blob:
    """The sum along an axis, or the mean."""
    return _reduced(node, "mean" if node.get("sizeAverage", False) else "sum")


def transpose(node: Node) -> Blob:
    """Axes swapped in pairs; where channels come last anyway, nothing may have to move."""
    blob = node.blob
    order = list(range(len(blob.shape)))
    for number in range(node.get("size")):
        first, second = (place - 1 for place in node.get(f"permutation_{number}"))
        if not 0 <= first < len(order) or not 0 <= second < len(order):
            refuse(f"expected dimensions of {len(order)}; received {first + 1} and {second + 1}")
        order[first], order[second] = order[second], order[first]
    if order[0] != 0:
        refuse(f"expected an order of axes that leaves the rows in place; received {[one + 1 for one in order]}")
    axes = [blob.axis(axis) for axis in order[1:]]
    kept = axes == list(range(1, len(order)))
    layer = keras.layers.Identity(name=node.name) if kept else keras.layers.Permute(axes, name=node.name)
    return Blob(node.name, layer(blob.tensor))


def unsqueeze(node: Node) -> Blob:
    """An axis of length 1 comes in."""
    position, shape = node.get("pos"), node.blob.shape
    position = position[0] if isinstance(position, list) and len(position) == 1 else position
    inner = node.get("numInputDims", 0)
    if isinstance(position, list):
        refuse(f"expected one position; received {position}")
    position += 1 if inner > 0 and len(shape) == inner + 1 else 0
    if not 2 <= position <= len(shape) + 1:
        refuse(f"expected a position after the rows; received {position}")
    return _reshaped(node, [*shape[1 : position - 1], 1, *shape[position - 1 :]])


def view(node: Node) -> Blob:
    """The numbers of each row in another shape."""
    return _reshaped(node, list(node.get("sizes")))


def zero_padding(node: Node) -> Blob:
    """Zeros around height and width."""
    left, right, top, bottom = (node.get(f"pad{side}", 0) for side in ("Left", "Right", "Top", "Bottom"))
    if min(left, right, top, bottom) < 0:
        refuse(f"expected paddings of at least 0; received {(left, right, top, bottom)}")
    layer = keras.layers.ZeroPadding2D(((top, bottom), (left, right)), name=node.name)
    return node.on_image(lambda blob: node.apply(layer, blob))


def _inner_axis(dimension: int, blob: Blob) -> int:
    axis = (len(blob.shape) + dimension if dimension < 0 else dimension - 1) or 0
    if not 1 <= axis < len(blob.shape):
        refuse(f"expected a dimension after the rows, 2 to {len(blob.shape)}; received {dimension}")
    return axis


def _part(node: Node, axis: int, start: int, stop: int) -> Blob:
    blob = node.blob
    lengths: list[Any] = list(blob.shape[1:])
    if lengths[axis - 1] is not None and not 0 <= start < stop <= lengths[axis - 1]:
        refuse(f"expected numbers within {lengths[axis - 1]}; received {start} to {stop}")
    starts = [0] * len(lengths)
    starts[axis - 1], lengths[axis - 1] = start, stop
    return node.apply(Slice(blob.by_axis(starts), blob.by_axis(lengths), name=node.name), blob)


def _reduced(node: Node, operation: str) -> Blob:
    blob = node.blob.plain()
    dimension = counted(node.get("dimension", 1), node.get("nInputDims", -1), len(blob.shape))
    axis = _inner_axis(dimension, blob)
    keep = not node.get("squeeze", True)
    return Blob(node.name, Reduction(operation, [axis], keepdims=keep, name=node.name)(blob.tensor))


def _reshaped(node: Node, shape: list[Any]) -> Blob:
    blob = node.blob.plain()
    if (
        None not in blob.shape[1:]
        and None not in shape
        and -1 not in shape
        and np.prod(shape) != np.prod(blob.shape[1:])
    ):
        refuse(f"expected a shape of the numbers in {blob.shape[1:]}; received {tuple(shape)}")
    shape = [-1 if length is None else length for length in shape]
    return Blob(node.name, keras.layers.Reshape(shape, name=node.name)(blob.tensor))
