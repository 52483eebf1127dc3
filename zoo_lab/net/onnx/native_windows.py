"""Convolutions, pooling and padding by Keras' own layers, where these do exactly what the node asks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.net.channels import Value
from zoo_lab.net.onnx.builder import Builder
from zoo_lab.net.onnx.graph import Node


def convolution(builder: Builder, node: Node) -> bool:
    """Build Conv without groups, or with one for each channel."""
    constants = [builder.constants.get(name) for name in node.inputs[1:] if name]
    value = builder.value(node.inputs[0])
    if any(array is None for array in constants) or value.dtype != "float32" or value.shape[1] is None:
        return False
    kernel, rank, groups = constants[0], value.rank - 2, node.attributes.get("group", 1)
    strides, dilations = (_numbers(node, name, rank) for name in ("strides", "dilations"))
    around = _padding(node, rank)
    mixed = max(strides) > 1 and max(dilations) > 1
    if around is None or mixed or not 1 <= rank <= 3 or (rank == 3 and max(dilations) > 1):
        return False
    details = {"strides": strides, "dilation_rate": dilations, "use_bias": len(constants) > 1}
    details["padding"] = around if isinstance(around, str) else "valid"
    order = [*range(2, rank + 2), 1, 0]
    per_channel = groups == value.shape[1] and rank < 3 and len(set(strides)) == 1
    if groups != 1 and not per_channel:
        return False
    details["name"] = builder.names.new(node.name)
    if groups == 1:
        layer = _kind("Conv", rank)(kernel.shape[0], kernel.shape[2:], **details)
        kernel = kernel.transpose(order)
    else:
        layer = _kind("DepthwiseConv", rank)(kernel.shape[2:], depth_multiplier=kernel.shape[0] // groups, **details)
        turned = kernel.transpose(order)  # (…, 1, groups times multiplier)
        kernel = turned.reshape(*kernel.shape[2:], groups, -1)
    data = value.as_last()
    if not isinstance(around, str):
        data = _zero_padding(rank, around, f"{layer.name}_pad")(data)
    tensor = layer(data)
    layer.set_weights([kernel, *constants[1:]])
    builder.give(node, Value(last=tensor))
    return True


def pooling(builder: Builder, node: Node) -> bool:
    """Build windows without padding, or with that of "same"."""
    value = builder.value(node.inputs[0])
    window = node.attributes["kernel_shape"]
    rank = len(window)
    around = _padding(node, rank)
    plain = isinstance(around, str) and not node.attributes.get("ceil_mode") and value.dtype == "float32"
    counted = around == "same" and node.attributes.get("count_include_pad")
    if not plain or counted or rank > 3 or max(_numbers(node, "dilations", rank)) > 1:
        return False
    layer = _kind("MaxPooling" if node.op == "MaxPool" else "AveragePooling", rank)(
        tuple(window), tuple(_numbers(node, "strides", rank)), around, name=builder.names.new(node.name)
    )
    builder.give(node, Value(last=layer(value.as_last())))
    return True


def global_pooling(builder: Builder, node: Node) -> bool:
    """Build what reduces all pixels to one."""
    value = builder.value(node.inputs[0])
    if value.dtype != "float32" or not 3 <= value.rank <= 5:
        return False
    kind = "GlobalMaxPooling" if node.op == "GlobalMaxPool" else "GlobalAveragePooling"
    layer = _kind(kind, value.rank - 2)(keepdims=True, name=builder.names.new(node.name))
    builder.give(node, Value(last=layer(value.as_last())))
    return True


def pad(builder: Builder, node: Node) -> bool:
    """Build zeros around pixels."""
    value, given = builder.value(node.inputs[0]), [builder.constants.get(name) for name in node.inputs[1:]]
    pads = given[0] if given else node.attributes.get("pads")
    filled = given[1] if len(given) > 1 and node.inputs[2] else node.attributes.get("value", 0)
    if pads is None or filled is None or len(given) > 2 or node.attributes.get("mode", "constant") != "constant":
        return False
    around = np.asarray(pads).reshape(2, -1).T.tolist()
    outside = any(map(any, around[:2])) or min(map(min, around)) < 0
    if outside or not 3 <= value.rank <= 5 or float(np.reshape(filled, ())) != 0 or value.dtype != "float32":
        return False
    layer = _zero_padding(value.rank - 2, around[2:], builder.names.new(node.name))
    builder.give(node, Value(last=layer(value.as_last())))
    return True


def _padding(node: Node, rank: int) -> Any:
    """Return "valid", "same", pairs for the spatial axes, or None where Keras has no such padding."""
    mode = node.attributes.get("auto_pad", "NOTSET")
    if mode != "NOTSET":
        return {"VALID": "valid", "SAME_UPPER": "same"}.get(mode)
    pads = node.attributes.get("pads") or [0] * 2 * rank
    if not any(pads):
        return "valid"
    return None if min(pads) < 0 else list(zip(pads[:rank], pads[rank:], strict=True))


def _zero_padding(rank: int, around: Any, name: str) -> Any:
    pairs = tuple(map(tuple, around))
    return _kind("ZeroPadding", rank)(pairs[0] if rank == 1 else pairs, name=name)


def _kind(name: str, rank: int) -> Any:
    return getattr(keras.layers, f"{name}{rank}D")


def _numbers(node: Node, name: str, rank: int) -> list[int]:
    return [int(value) for value in node.attributes.get(name) or [1] * rank]
