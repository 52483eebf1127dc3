"""Caffe's layers that scale: BatchNorm, Scale, Bias, LRN, Normalize."""

from __future__ import annotations

from typing import Any

import keras

from zoo_lab.net.caffe.node import Node
from zoo_lab.net.layers.elementwise import Scale
from zoo_lab.net.layers.normalization import L2Normalization, LocalResponseNormalization
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse


def batch_norm(node: Node) -> Blob:
    """Means and variances of the file; further training goes on with them, unless `use_global_stats` holds them."""
    param, bottom = node.layer.batch_norm_param, node.bottom.last()
    channels = bottom.shape[1]
    factor = float(node.array(2, (1,))[0])
    factor = 1 / factor if factor else 0.0
    layer = keras.layers.BatchNormalization(
        bottom.axis(1),
        momentum=param.moving_average_fraction,
        epsilon=param.eps,
        center=False,
        scale=False,
        name=node.name,
    )
    statistics = [node.array(index, (channels,)) * factor for index in (0, 1)]
    made = node.apply(layer, bottom, statistics)
    if param.HasField("use_global_stats") and param.use_global_stats:
        layer.trainable = False
    return made


def scale(node: Node) -> Blob:
    """Times learned numbers and plus others, or times a second input."""
    param = node.layer.scale_param
    if len(node.bottoms) == 2:
        if param.bias_term:
            refuse("expected no bias_term with two inputs; received one")
        return _combined(node, param.axis, keras.layers.Multiply)
    return _learned(node, param, True, param.bias_term)


def bias(node: Node) -> Blob:
    """Plus learned numbers, or plus a second input."""
    if len(node.bottoms) == 2:
        return _combined(node, node.layer.bias_param.axis, keras.layers.Add)
    return _learned(node, node.layer.bias_param, False, True)


def lrn(node: Node) -> Blob:
    """Local response normalization, across channels or within each."""
    param = node.layer.lrn_param
    within = param.norm_region == 1
    if param.local_size % 2 == 0:
        refuse(f"expected an odd local_size; received {param.local_size}")
    k = 1.0 if within else param.k  # Caffe takes no k within channels
    layer = LocalResponseNormalization(param.local_size, param.alpha, param.beta, k, within, name=node.name)
    return node.apply(layer, node.bottom.last())


def normalize(node: Node) -> Blob:
    """L2 normalization of SSD."""
    param, bottom = node.layer.norm_param, node.bottom.last()
    layer = L2Normalization(param.across_spatial, param.channel_shared, param.eps, name=node.name)
    count = 1 if param.channel_shared else bottom.shape[1]
    return node.apply(layer, bottom, [node.array(0, (count,))])


def _learned(node: Node, param: Any, with_scale: bool, with_bias: bool) -> Blob:
    bottom = node.bottom.last()
    rank = len(bottom.shape)
    axis = param.axis % rank
    last = rank if param.num_axes == -1 else axis + param.num_axes
    if last > rank or (axis == 0 and last > 0):
        refuse(f"expected axes after the rows; received axis {param.axis} and num_axes {param.num_axes}")
    lengths = bottom.shape[axis:last]
    spread = [bottom.shape[one] if axis <= one < last else 1 for one in range(1, rank)]
    weights = [node.array(index, lengths).reshape(spread) for index in range(with_scale + with_bias)]
    if bottom.channels_last:
        weights = [one.transpose(1, 2, 0) for one in weights]
    layer = Scale(bottom.by_axis(spread), scale=with_scale, bias=with_bias, name=node.name)
    return node.apply(layer, bottom, weights)


def _combined(node: Node, axis: int, kind: Any) -> Blob:
    """Combine with a second input that lacks the last axes of the first, or has ones there."""
    first, second = node.bottoms
    if axis % len(first.shape) != 0 or len(second.shape) > len(first.shape):
        refuse(f"expected a second input that starts with the rows, axis 0; received axis {axis}")
    first, second = first.last(), second.plain()
    spread = [*second.shape[1:], *[1] * (len(first.shape) - len(second.shape))]
    if first.channels_last and spread[1:] != [1, 1]:
        refuse(f"expected a second input of a number for each channel; received shape {second.shape}")
    shaped = keras.layers.Reshape(first.by_axis(spread), name=f"{node.name}_spread")(second.tensor)
    return first.of(node.layer.name, kind(name=node.name)([first.tensor, shaped]))
