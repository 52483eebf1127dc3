"""Caffe's layers that reorder, cut and reduce axes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.net.caffe.node import Node
from zoo_lab.net.layers.shaping import ArgMax, Reduction, Slice
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse

_OPERATIONS = {1: "sum", 2: "asum", 3: "sumsq", 4: "mean"}


def argmax(node: Node) -> Blob:
    """The places of the largest numbers, as floats."""
    param = node.layer.argmax_param
    bottom = node.bottom.plain()
    if param.HasField("axis"):
        axis = param.axis % len(bottom.shape)
        _expect_within_rows(axis)
        return node.apply(ArgMax(axis, param.top_k, param.out_max_val, name=node.name), bottom)
    made = ArgMax(None, param.top_k, param.out_max_val, name=node.name)(bottom.tensor)
    more = [1] * (len(bottom.shape) - 3)
    if more:
        made = keras.layers.Reshape((*made.shape[1:], *more), name=f"{node.name}_shape")(made)
    return Blob(node.layer.name, made)


def crop(node: Node) -> Blob:
    """The part of the first input that has the shape of the second."""
    if len(node.bottoms) != 2:
        refuse(f"expected two inputs; received {len(node.bottoms)}")
    param, (bottom, wanted) = node.layer.crop_param, node.bottoms
    rank = len(bottom.shape)
    axis = param.axis % rank
    _expect_within_rows(axis)
    offsets = list(param.offset) or [0]
    offsets = offsets * (rank - axis) if len(offsets) == 1 else offsets
    starts = [0] * (axis - 1) + offsets
    lengths = [*bottom.shape[1:axis], *wanted.shape[axis:]]
    stops = [start + length for start, length in zip(starts, lengths, strict=True)]
    if any(stop > length for stop, length in zip(stops, bottom.shape[1:], strict=True)):
        refuse(f"expected a part of {bottom.shape[1:]}; received numbers {starts} to {stops}")
    return node.apply(Slice(bottom.by_axis(starts), bottom.by_axis(stops), name=node.name), bottom)


def flatten(node: Node) -> Blob:
    """Several axes become one."""
    param, bottom = node.layer.flatten_param, node.bottom.plain()
    rank = len(bottom.shape)
    first, last = param.axis % rank, param.end_axis % rank
    _expect_within_rows(first)
    shape = bottom.shape
    target = (*shape[1:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
    return node.apply(keras.layers.Reshape(target, name=node.name), bottom)


def permute(node: Node) -> Blob:
    """Axes in another order; where channels come last anyway, nothing moves."""
    order = list(node.layer.permute_param.order)
    bottom = node.bottom
    rank = len(bottom.shape)
    order += [axis for axis in range(rank) if axis not in order]
    if order[0] != 0 or sorted(order) != list(range(rank)):
        refuse(f"expected an order of {rank} axes that leaves the rows in place; received {order}")
    axes = [bottom.axis(axis) for axis in order[1:]]
    kept = axes == list(range(1, rank))
    layer = keras.layers.Identity(name=node.name) if kept else keras.layers.Permute(axes, name=node.name)
    return Blob(node.layer.name, layer(bottom.tensor))


def reduction(node: Node) -> Blob:
    """The last axes become one number."""
    param, bottom = node.layer.reduction_param, node.bottom.plain()
    axis = param.axis % len(bottom.shape)
    _expect_within_rows(axis)
    axes = range(axis, len(bottom.shape))
    return node.apply(Reduction(_OPERATIONS[param.operation], axes, param.coeff, name=node.name), bottom)


def reshape(node: Node) -> Blob:
    """The same numbers in another shape."""
    param, bottom = node.layer.reshape_param, node.bottom.plain()
    shape = [node.batch, *bottom.shape[1:]]
    start = param.axis if param.axis >= 0 else len(shape) + param.axis + 1
    stop = len(shape) if param.num_axes == -1 else start + param.num_axes
    told = [_told(index, number, shape, start) for index, number in enumerate(param.shape.dim)]
    target = [*shape[:start], *told, *shape[stop:]]
    count = int(np.prod(shape))
    if target.count(-1) == 1:
        target[target.index(-1)] = count // max(-int(np.prod(target)), 1)
    if target.count(-1) or int(np.prod(target)) != count or target[0] != node.batch:
        refuse(f"expected a shape of {shape} that leaves the rows apart; received {list(param.shape.dim)}")
    return node.apply(keras.layers.Reshape(target[1:], name=node.name), bottom)


def _told(index: int, number: int, shape: list[int], start: int) -> int:
    if number == 0 and start + index >= len(shape):
        refuse(f"expected a number for axis {index}; received 0, and the input has only {shape}")
    return number or shape[start + index]


def _expect_within_rows(axis: Any) -> None:
    if axis == 0:
        refuse("expected an axis after the rows; received axis 0")
