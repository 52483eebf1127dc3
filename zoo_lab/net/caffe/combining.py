"""Caffe's layers with several inputs or outputs."""

from __future__ import annotations

from itertools import pairwise

import keras

from zoo_lab.net.caffe.node import Node
from zoo_lab.net.layers.elementwise import WeightedSum
from zoo_lab.net.layers.shaping import Slice
from zoo_lab.net.layout import Blob, alike, keras_name
from zoo_lab.net.problems import refuse


def concat(node: Node) -> Blob:
    """Join along an axis."""
    param = node.layer.concat_param
    axis = param.concat_dim if param.HasField("concat_dim") else param.axis
    bottoms = alike(node.bottoms)
    if axis % len(node.bottom.shape) == 0:
        refuse("expected an axis after the rows; received axis 0")
    if len(bottoms) == 1:
        return split(node)[0]
    joined = keras.layers.Concatenate(bottoms[0].axis(axis), name=node.name)([blob.tensor for blob in bottoms])
    return bottoms[0].of(node.layer.name, joined)


def eltwise(node: Node) -> Blob:
    """Product, weighted sum or maximum of inputs of one shape."""
    param, bottoms = node.layer.eltwise_param, alike(node.bottoms)
    shapes = {blob.shape for blob in bottoms}
    if len(shapes) > 1 or len(bottoms) < 2:
        refuse(f"expected two or more inputs of one shape; received {sorted(shapes)}")
    if param.coeff and (param.operation != 1 or len(param.coeff) != len(bottoms)):
        refuse(f"expected one coeff for each of {len(bottoms)} inputs of a SUM; received {len(param.coeff)}")
    layers = {0: keras.layers.Multiply, 1: keras.layers.Add, 2: keras.layers.Maximum}
    weighted = any(number != 1 for number in param.coeff)
    layer = WeightedSum(list(param.coeff), name=node.name) if weighted else layers[param.operation](name=node.name)
    return bottoms[0].of(node.layer.name, layer([blob.tensor for blob in bottoms]))


def slices(node: Node) -> list[Blob]:
    """Cut along an axis; the layers are named after the outputs."""
    param, bottom = node.layer.slice_param, node.bottom
    axis = (param.slice_dim if param.HasField("slice_dim") else param.axis) % len(bottom.shape)
    if axis == 0:
        refuse("expected an axis after the rows; received axis 0")
    count, length = len(node.layer.top), bottom.shape[axis]
    points = list(param.slice_point) or [length * index // count for index in range(1, count)]
    bounds = [0, *points, length]
    if len(bounds) != count + 1 or bounds != sorted(set(bounds)) or (not param.slice_point and length % count):
        refuse(f"expected slice_point to cut {length} numbers into {count} parts; received {points}")
    whole = list(bottom.shape[1:])
    made = []
    for top, (start, stop) in zip(node.layer.top, pairwise(bounds), strict=True):
        starts, stops = [0] * len(whole), list(whole)
        starts[axis - 1], stops[axis - 1] = start, stop
        name = node.name if count == 1 else f"{node.name}_{keras_name(top)}"
        layer = Slice(bottom.by_axis(starts), bottom.by_axis(stops), name=name)
        made.append(bottom.of(top, layer(bottom.tensor)))
    return made


def split(node: Node) -> list[Blob]:
    """The same for several layers."""
    made = node.apply(keras.layers.Identity(name=node.name), node.bottom)
    return [made] * len(node.layer.top)
