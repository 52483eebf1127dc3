"""Operators for which Keras has a layer of its own: nets look familiar, train well, and save without zoo_lab.

Each function builds one node if Keras' layer does exactly the same there, and tells whether it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from zoo_lab.net.channels import Value
from zoo_lab.net.onnx.builder import Builder
from zoo_lab.net.onnx.graph import Node
from zoo_lab.net.onnx.native_windows import convolution, global_pooling, pad, pooling

Native = Callable[[Builder, Node], bool]


def _is_float(builder: Builder, node: Node) -> bool:
    """Keras' layers compute in float32; what needs another type keeps ONNX' own operator."""
    return all(builder.value(name).dtype == "float32" for name in node.inputs if builder.is_computed(name))


def _pointwise(builder: Builder, node: Node, layer: Any) -> bool:
    """Apply a layer that does not mind where the channels are."""
    value = builder.value(node.inputs[0])
    if value.first is None:
        builder.give(node, Value(last=layer(value.last)))
    else:
        builder.give(node, Value(first=layer(value.first)))
    return True


def _activation(builder: Builder, node: Node) -> bool:
    if not _is_float(builder, node):
        return False
    name = builder.names.new(node.name)
    if node.op == "LeakyRelu":
        layer = keras.layers.LeakyReLU(node.attributes["alpha"], name=name)
    elif node.op == "Elu":
        layer = keras.layers.ELU(node.attributes["alpha"], name=name)
    else:
        layer = keras.layers.Activation(node.op.lower(), name=name)
    return _pointwise(builder, node, layer)


def _clip(builder: Builder, node: Node) -> bool:
    bounds = [builder.constants.get(name) for name in node.inputs[1:]]
    least, most = bounds if len(bounds) == 2 else (node.attributes.get("min"), node.attributes.get("max"))
    if least is None or most is None or not _is_float(builder, node):
        return False
    least, most = (float(np.reshape(bound, ())) for bound in (least, most))
    if least != 0 or most < 0:
        return False
    return _pointwise(builder, node, keras.layers.ReLU(most, name=builder.names.new(node.name)))


def _softmax(builder: Builder, node: Node) -> bool:
    value = builder.value(node.inputs[0])
    axis = node.attributes["axis"] % value.rank
    if not _is_float(builder, node) or (builder.graph.opset < 13 and axis != value.rank - 1) or axis == 0:
        return False
    layer = keras.layers.Softmax(-1 if axis == value.rank - 1 else axis, name=builder.names.new(node.name))
    builder.give(node, Value(first=layer(value.as_first())))
    return True


def _dropout(builder: Builder, node: Node) -> bool:
    if sum(map(bool, node.outputs)) > 1 or not _is_float(builder, node):
        return False
    ratio = builder.constants.get(node.inputs[1]) if len(node.inputs) > 1 else node.attributes.get("ratio")
    ratio = 0.5 if ratio is None else float(ratio)
    if not 0 <= ratio < 1:
        return False
    return _pointwise(builder, node, keras.layers.Dropout(ratio, name=builder.names.new(node.name)))


def _identity(builder: Builder, node: Node) -> bool:
    builder.give(node, builder.value(node.inputs[0]))
    return True


_MERGES = {"Add": "Add", "Mul": "Multiply", "Max": "Maximum", "Min": "Minimum", "Sub": "Subtract"}


def _merge(builder: Builder, node: Node) -> bool:
    if len(node.inputs) != 2 or not all(map(builder.is_computed, node.inputs)) or not _is_float(builder, node):
        return False
    one, other = map(builder.value, node.inputs)
    if one.shape != other.shape or one.rank == 0 or one is other:
        return False
    layer = getattr(keras.layers, _MERGES[node.op])(name=builder.names.new(node.name))
    if one.first is None or other.first is None:
        builder.give(node, Value(last=layer([one.as_last(), other.as_last()])))
    else:
        builder.give(node, Value(first=layer([one.first, other.first])))
    return True


def _concat(builder: Builder, node: Node) -> bool:
    if not all(map(builder.is_computed, node.inputs)) or len(set(node.inputs)) < 2:
        return False
    values = list(map(builder.value, node.inputs))
    rank = values[0].rank
    axis = node.attributes["axis"] % max(1, rank)
    if axis == 0 or len({value.dtype for value in values}) > 1:
        return False
    details = {"name": builder.names.new(node.name), "dtype": values[0].dtype}
    if any(value.first is None for value in values):
        turned = rank - 1 if axis == 1 else axis - 1
        layer = keras.layers.Concatenate(turned, **details)
        builder.give(node, Value(last=layer([value.as_last() for value in values])))
    else:
        layer = keras.layers.Concatenate(axis, **details)
        builder.give(node, Value(first=layer([value.first for value in values])))
    return True


def _normalization(builder: Builder, node: Node) -> bool:
    value = builder.value(node.inputs[0])
    if not all(name in builder.constants for name in node.inputs[1:]) or not _is_float(builder, node):
        return False
    if value.rank < 2 or value.shape[1] is None:
        return False
    layer = keras.layers.BatchNormalization(
        -1, node.attributes["momentum"], node.attributes["epsilon"], name=builder.names.new(node.name)
    )
    tensor = layer(value.as_last())
    layer.set_weights([builder.constants[name] for name in node.inputs[1:]])
    builder.give(node, Value(last=tensor))
    return True


def _layer_normalization(builder: Builder, node: Node) -> bool:
    value, given = builder.value(node.inputs[0]), [name for name in node.inputs[1:] if name]
    weights = [builder.constants.get(name) for name in given]
    if any(weight is None or weight.ndim != 1 for weight in weights) or sum(map(bool, node.outputs)) > 1:
        return False
    length = value.shape[-1]
    if not _is_float(builder, node) or node.attributes["axis"] % value.rank != value.rank - 1 or length is None:
        return False
    layer = keras.layers.LayerNormalization(
        -1, node.attributes["epsilon"], center=len(weights) > 1, name=builder.names.new(node.name)
    )
    tensor = layer(value.as_first())
    layer.set_weights([np.broadcast_to(weight, (length,)) for weight in weights])
    builder.give(node, Value(first=tensor))
    return True


def _dense(builder: Builder, node: Node) -> bool:
    """Gemm and MatMul with a constant matrix; what Add puts on a MatMul becomes the layer's bias."""
    kernel = builder.constants.get(node.inputs[1])
    if kernel is None or kernel.ndim != 2 or not builder.is_computed(node.inputs[0]) or not _is_float(builder, node):
        return False
    value = builder.value(node.inputs[0])
    kernel = kernel.T if node.attributes.get("transB") else kernel
    if value.rank < 2 or value.shape[-1] != kernel.shape[0] or node.attributes.get("transA"):
        return False
    target, bias = node, None
    if node.op == "MatMul":
        user = builder.only_user(node)
        if user is not None and user.op == "Add":
            added = [builder.constants.get(name) for name in user.inputs if name not in node.outputs]
            if added and added[0] is not None and added[0].shape == kernel.shape[1:]:
                target, bias = user, added[0]
    else:
        kernel = kernel * np.float32(node.attributes["alpha"])
        if len(node.inputs) > 2 and node.inputs[2]:
            bias = builder.constants.get(node.inputs[2])
            if bias is None or bias.ndim > 2 or (bias.ndim == 2 and len(bias) != 1):
                return False
            bias = np.broadcast_to(bias.reshape(-1), kernel.shape[1:]) * np.float32(node.attributes["beta"])
    layer = keras.layers.Dense(kernel.shape[1], use_bias=bias is not None, name=builder.names.new(node.name))
    tensor = layer(value.as_first())
    layer.set_weights([kernel] if bias is None else [kernel, bias])
    builder.give(target, Value(first=tensor))
    return True


def _transpose(builder: Builder, node: Node) -> bool:
    value = builder.value(node.inputs[0])
    order = node.attributes.get("perm") or list(range(value.rank))[::-1]
    to_last, to_first = [0, *range(2, value.rank), 1], [0, value.rank - 1, *range(1, value.rank - 1)]
    if value.rank > 2 and list(order) == to_last:
        builder.give(node, Value(first=value.as_last()))
    elif value.rank > 2 and list(order) == to_first:
        builder.give(node, Value(last=value.as_first()))
    elif order and order[0] == 0:
        layer = keras.layers.Permute(order[1:], name=builder.names.new(node.name), dtype=value.dtype)
        builder.give(node, Value(first=layer(value.as_first())))
    else:
        return False
    return True


def _reshape(builder: Builder, node: Node) -> bool:
    """Reshape, Flatten, Squeeze and Unsqueeze that keep the rows."""
    value = builder.value(node.inputs[0])
    lengths = value.shape[1:]
    told = builder.known(node, node.inputs[1]) if len(node.inputs) > 1 else np.array(node.attributes.get("axes") or [])
    if not value.rank or None in lengths or told is None:
        return False
    given = told.tolist()
    target = _target(node, given, value)
    count = int(np.prod(lengths))
    if target is None or 0 in target or count == 0 or target.count(-1) > 1 or any(n < -1 for n in target):
        return False
    known = int(np.prod([n for n in target if n != -1]))
    if known != count if -1 not in target else count % known:
        return False
    layer = keras.layers.Reshape(
        [count // known if n == -1 else n for n in target], name=builder.names.new(node.name), dtype=value.dtype
    )
    builder.give(node, Value(first=layer(value.as_first())))
    return True


def _target(node: Node, given: Any, value: Value) -> list[int] | None:
    """Return the lengths behind the rows, None where the rows do not stay."""
    lengths = list(value.shape[1:])
    if node.op == "Flatten":
        return [-1] if node.attributes["axis"] == 1 else None
    if node.op == "Reshape":
        if not given or node.attributes.get("allowzero") or (-1 in given[1:] and given[0]):
            return None
        target = [value.shape[i] if n == 0 and 0 < i < value.rank else n for i, n in enumerate(given)]
        return target[1:]
    if node.op == "Squeeze":
        given = given or [i for i, length in enumerate(value.shape) if length == 1]
        dropped = {axis % value.rank for axis in given}
        kept = [n for i, n in enumerate(value.shape) if i not in dropped]
        return None if 0 in dropped else kept[1:]
    places = {axis % (value.rank + len(given)) for axis in given}
    rest = iter(lengths)
    count = value.rank + len(given)
    return None if 0 in places else [1 if i in places else next(rest) for i in range(1, count)]


NATIVE: dict[str, Native] = {
    **dict.fromkeys(("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "LeakyRelu", "Elu"), _activation),
    **dict.fromkeys(_MERGES, _merge),
    **dict.fromkeys(("Flatten", "Reshape", "Squeeze", "Unsqueeze"), _reshape),
    **dict.fromkeys(("AveragePool", "MaxPool"), pooling),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), global_pooling),
    "BatchNormalization": _normalization,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": convolution,
    "Dropout": _dropout,
    "Gemm": _dense,
    "Identity": _identity,
    "LayerNormalization": _layer_normalization,
    "MatMul": _dense,
    "Pad": pad,
    "Softmax": _softmax,
    "Transpose": _transpose,
}
