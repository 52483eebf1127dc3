"""Caffe's layers with a kernel or a window: convolutions, inner products, pooling."""

from __future__ import annotations

import keras
import numpy as np

from zoo_lab.net.caffe.node import Node, pair
from zoo_lab.net.layers.pooling import Pooling2D
from zoo_lab.net.layers.transposed import TransposedConvolution2D
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse


def convolution(node: Node) -> Blob:
    """Convolution in any number of groups; one group for each channel becomes a DepthwiseConv2D."""
    param, bottom = node.layer.convolution_param, _image(node)
    channels, filters, groups = bottom.shape[1], param.num_output, param.group
    _expect_groups(groups, channels, filters)
    size, strides = pair(param, "kernel_size", None), pair(param, "stride", 1)
    padding, dilation = pair(param, "pad", 0), pair(param, "dilation", 1)
    kernel = node.array(0, (filters, channels // groups, *size))
    if max(strides) > 1 and max(dilation) > 1:
        refuse(f"expected a stride or a dilation of 1; received {strides} and {dilation}")
    depthwise = groups == channels > 1
    if depthwise and (len(set(strides)) > 1 or len(set(dilation)) > 1):
        depthwise = False  # Keras' DepthwiseConv2D takes equal strides only
    same = strides == (1, 1) and all(
        2 * pad == rate * (length - 1) for pad, rate, length in zip(padding, dilation, size, strict=True)
    )
    arguments = {
        "strides": strides,
        "dilation_rate": dilation,
        "padding": "same" if same else "valid",
        "use_bias": param.bias_term,
        "name": node.name,
    }
    if depthwise:
        layer = keras.layers.DepthwiseConv2D(size, depth_multiplier=filters // channels, **arguments)
        turned = kernel.reshape(channels, filters // channels, *size).transpose(2, 3, 0, 1)
    else:
        layer = keras.layers.Conv2D(filters, size, groups=groups, **arguments)
        turned = kernel.transpose(2, 3, 1, 0)
    weights = [turned, node.array(1, (filters,))] if param.bias_term else [turned]
    return node.apply(layer, bottom if same else node.padded(bottom, padding), weights)


def deconvolution(node: Node) -> Blob:
    """Transposed convolution in any number of groups."""
    param, bottom = node.layer.convolution_param, _image(node)
    channels, filters, groups = bottom.shape[1], param.num_output, param.group
    _expect_groups(groups, channels, filters)
    size, strides = pair(param, "kernel_size", None), pair(param, "stride", 1)
    padding, dilation = pair(param, "pad", 0), pair(param, "dilation", 1)
    kernel = node.array(0, (channels, filters // groups, *size)).transpose(2, 3, 1, 0)
    weights = [kernel, node.array(1, (filters,))] if param.bias_term else [kernel]
    layer = TransposedConvolution2D(
        filters, size, strides, padding, dilation=dilation, groups=groups, use_bias=param.bias_term, name=node.name
    )
    return node.apply(layer, bottom, weights)


def inner_product(node: Node) -> Blob:
    """All numbers from an axis on times a matrix; the matrix takes them in the order in which they lie here."""
    param, bottom = node.layer.inner_product_param, node.bottom
    axis, filters = param.axis % len(bottom.shape), param.num_output
    if axis == 0:
        refuse("expected an axis after the rows; received axis 0")
    lengths = bottom.shape[axis:]
    count = int(np.prod(lengths))
    matrix = node.array(0, (count, filters) if param.transpose else (filters, count))
    matrix = matrix if param.transpose else matrix.T
    if axis == 1 and bottom.channels_last:
        matrix = matrix.reshape(*lengths, filters).transpose(1, 2, 0, 3).reshape(count, filters)
    else:
        bottom = bottom.plain()
    if len(lengths) > 1:
        kept = bottom.tensor.shape[1:axis]
        bottom = Blob(bottom.name, keras.layers.Reshape((*kept, count), name=f"{node.name}_flat")(bottom.tensor))
    weights = [matrix, node.array(1, (filters,))] if param.bias_term else [matrix]
    return node.apply(keras.layers.Dense(filters, use_bias=param.bias_term, name=node.name), bottom, weights)


def pooling(node: Node) -> Blob:
    """Maximum or average over windows, whose number Caffe rounds up."""
    param, bottom = node.layer.pooling_param, _image(node)
    if param.pool == 2:
        refuse("expected MAX or AVE pooling; received STOCHASTIC")
    average = param.pool == 1
    strides, padding = pair(param, "stride", 1), pair(param, "pad", 0)
    if param.global_pooling:
        if any(padding) or strides != (1, 1):
            refuse("expected global pooling without padding and stride; received some")
        layers = keras.layers
        kind = layers.GlobalAveragePooling2D if average else layers.GlobalMaxPooling2D
        return node.apply(kind(keepdims=True, name=node.name), bottom)
    size = pair(param, "kernel_size", None)
    lengths = zip(bottom.shape[2:], size, strides, padding, strict=True)
    if all(pad == 0 and (length - window) % step == 0 for length, window, step, pad in lengths):
        kind = keras.layers.AveragePooling2D if average else keras.layers.MaxPooling2D
        return node.apply(kind(size, strides, name=node.name), bottom)
    return node.apply(Pooling2D("average" if average else "max", size, strides, padding, name=node.name), bottom)


def _image(node: Node) -> Blob:
    if len(node.bottom.shape) != 4:
        refuse(f"expected rows, channels, height and width; received shape {node.bottom.shape}")
    return node.bottom.last()


def _expect_groups(groups: int, channels: int, filters: int) -> None:
    if groups < 1 or channels % groups or filters % groups or not filters:
        refuse(f"expected a group that divides {channels} channels and num_output {filters}; got {groups}")
