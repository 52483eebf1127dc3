"""BigDL's modules with a kernel, a window or a matrix."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.layers.pooling import Pooling2D
from zoo_lab.net.layers.transposed import TransposedConvolution2D
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse

_SAME = (-1, -1)


def average_pooling(node: Node) -> Blob:
    """The mean over windows, or over the whole image."""
    if node.get("globalPooling", False):
        layer = keras.layers.GlobalAveragePooling2D(keepdims=True, name=node.name)
        return node.on_image(lambda blob: node.apply(layer, blob))
    if not node.get("divide", True):
        refuse("expected averages that are divided; received divide false")
    return _pooled(node, "average", node.get("ceilMode", False))


def convolution(node: Node) -> Blob:
    """Convolution in any number of groups; a padding of -1 is TensorFlow's SAME."""
    strides, padding = node.pair("strideH", "strideW", 1), node.pair("padH", "padW", 0)
    return _convolved(node, node.pair("kernelH", "kernelW"), strides, padding, groups=node.get("nGroup", 1))


def dilated_convolution(node: Node) -> Blob:
    """Convolution with zeros between the numbers of its kernel."""
    strides, dilation = node.pair("dH", "dW", 1), node.pair("dilationH", "dilationW", 1)
    if max(strides) > 1 and max(dilation) > 1:
        refuse(f"expected strides or dilations of 1; received {strides} and {dilation}")
    return _convolved(node, node.pair("kH", "kW"), strides, node.pair("padH", "padW", 0), dilation=dilation)


def full_convolution(node: Node) -> Blob:
    """Transposed convolution in any number of groups."""
    inner, filters, groups = node.get("nInputPlane"), node.get("nOutputPlane"), node.get("nGroup", 1)
    size, use_bias = node.pair("kH", "kW"), not node.get("noBias", False)
    kernel = node.array(0, (groups, inner // groups, filters // groups, *size))
    kernel = kernel.reshape(inner, filters // groups, *size).transpose(2, 3, 1, 0)
    layer = TransposedConvolution2D(
        filters,
        size,
        node.pair("dH", "dW", 1),
        node.pair("padH", "padW", 0),
        extra=node.pair("adjH", "adjW", 0),
        groups=groups,
        use_bias=use_bias,
        name=node.name,
    )
    weights = [kernel, node.array(1, (filters,))] if use_bias else [kernel]
    return node.on_image(lambda blob: node.apply(layer, blob, weights))


def linear(node: Node) -> Blob:
    """Numbers of a row times a matrix."""
    inner, outer, use_bias = node.get("inputSize"), node.get("outputSize"), node.get("withBias", True)
    if node.blob.shape[-1] != inner:
        refuse(f"expected {inner} numbers a row; received shape {node.blob.shape}")
    weights = [node.array(0, (outer, inner)).T, *([node.array(1, (outer,))] if use_bias else [])]
    return node.apply(keras.layers.Dense(outer, use_bias=use_bias, name=node.name), node.blob.plain(), weights)


def lookup(node: Node) -> Blob:
    """A vector for each whole number; BigDL counts from 1, and 0 gives zeros here."""
    count, length = node.get("nIndex"), node.get("nOutput")
    if node.get("maxNorm", 1e30) < 1e30:
        refuse(f"expected vectors without maxNorm; received {node.get('maxNorm')}")
    vectors = np.concatenate([np.zeros((1, length), np.float32), node.array(0, (count, length))])
    return node.apply(keras.layers.Embedding(count + 1, length, name=node.name), node.blob, [vectors])


def max_pooling(node: Node) -> Blob:
    """The maximum over windows."""
    return _pooled(node, "max", node.get("ceil_mode", node.get("ceilMode", False)))


def temporal_convolution(node: Node) -> Blob:
    """Convolution along a sequence, shape (rows, steps, features)."""
    inner, outer, size = node.get("inputFrameSize"), node.get("outputFrameSize"), node.get("kernelW")
    kernel = node.array(0, (outer, size * inner)).reshape(outer, size, inner).transpose(1, 2, 0)
    layer = keras.layers.Conv1D(outer, size, strides=node.get("strideW", 1), name=node.name)
    return node.apply(layer, node.blob, [kernel, node.array(1, (outer,))])


def _convolved(node: Node, size: Any, strides: Any, padding: Any, *, dilation: Any = (1, 1), groups: int = 1) -> Blob:
    inner, filters, use_bias = node.get("nInputPlane"), node.get("nOutputPlane"), node.get("withBias", True)
    if node.get("format", 0):
        grouped = node.array(0, (groups, *size, inner // groups, filters // groups))
        kernel = np.concatenate(list(grouped), -1)
    else:
        kernel = node.array(0, (groups, filters // groups, inner // groups, *size))
        kernel = kernel.reshape(filters, inner // groups, *size).transpose(2, 3, 1, 0)
    layer = keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same" if padding == _SAME else "valid",
        dilation_rate=dilation,
        groups=groups,
        use_bias=use_bias,
        name=node.name,
    )
    weights = [kernel, node.array(1, (filters,))] if use_bias else [kernel]
    return node.on_image(lambda blob: node.apply(layer, _padded(node, blob, padding), weights))


def _pooled(node: Node, method: str, ceil: bool) -> Blob:
    size, strides, padding = node.pair("kH", "kW"), node.pair("dH", "dW", 1), node.pair("padH", "padW", 0)
    kind = keras.layers.AveragePooling2D if method == "average" else keras.layers.MaxPooling2D
    if padding == _SAME:
        if method == "average":
            refuse("expected averages with a padding of 0 or more; received -1")
        return node.on_image(lambda blob: node.apply(kind(size, strides, "same", name=node.name), blob))
    if padding == (0, 0) and not ceil:
        return node.on_image(lambda blob: node.apply(kind(size, strides, name=node.name), blob))
    counting = node.get("countIncludePad", True)
    layer = Pooling2D(method, size, strides, padding, ceil=ceil, count_padding=counting, name=node.name)
    return node.on_image(lambda blob: node.apply(layer, blob))


def _padded(node: Node, blob: Blob, padding: tuple[int, int]) -> Blob:
    if padding in {_SAME, (0, 0)}:
        return blob
    height, width = padding
    layer = keras.layers.ZeroPadding2D(((height,) * 2, (width,) * 2), name=f"{node.name}_pad")
    return blob.of(blob.name, layer(blob.tensor))
