"""Reads an ONNX file and checks it; nothing outside of its folder is touched, and nothing of it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError, ModelError
from zoo_lab.core.optional import require
from zoo_lab.net.onnx.graph import Graph, Node, Port

OPSETS = range(7, 22)
LARGEST = 2 << 30  # bytes: protobuf itself ends there
_OWN = ("", "ai.onnx")


def read(path: Path) -> Graph:
    """Return the graph of a file; arguments and errors are those of `Net.load_onnx`."""
    onnx = require("onnx", extra="onnx", why="Reading ONNX")
    model = _parsed(onnx, path)
    for tensor in _external(onnx, model.graph):
        _fetch(path, tensor)
    _check(onnx, path, model)
    if model.functions:
        from onnx.inliner import inline_local_functions

        model = inline_local_functions(model)
    opset = _opset(path, model)
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return Graph(
        name=model.graph.name,
        opset=opset,
        inputs=[_port(onnx, path, value) for value in model.graph.input if value.name not in constants],
        outputs=[value.name for value in model.graph.output],
        nodes=[_node(onnx, node, opset) for node in model.graph.node],
        constants=constants,
    )


def _parsed(onnx: Any, path: Path) -> Any:
    size = path.stat().st_size
    if size > LARGEST:
        msg = (
            f"{path}: expected at most {LARGEST >> 30} GiB, more than which no ONNX file holds; received {size} bytes."
        )
        raise DataError(msg)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except Exception as error:
        # protobuf has several kinds of errors, by the way in which it was built
        msg = f"{path}: expected an ONNX file; it is none, or damaged ({error})."
        raise DataError(msg) from error
    if not model.graph.output:
        msg = f"{path}: expected an ONNX file; received one without a graph."
        raise DataError(msg)
    return model


def _check(onnx: Any, path: Path, model: Any) -> None:
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        msg = f"{path}: expected a graph that ONNX' own checker accepts; it says: {reason}"
        raise DataError(msg) from error


def _external(onnx: Any, graph: Any) -> Iterator[Any]:
    """Yield the tensors whose values lie in files beside."""
    held = (attribute.t for node in graph.node for attribute in node.attribute if attribute.HasField("t"))
    for tensor in (*graph.initializer, *held):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            yield tensor


def _fetch(path: Path, tensor: Any) -> None:
    """Put the values of a tensor where they belong; only a file in the very folder of `path` is read."""
    told = {entry.key: entry.value for entry in tensor.external_data}
    location = told.get("location", "")
    file = path.parent / location
    beside = bool(location) and Path(location).name == location and not file.is_symlink()
    if not beside or not file.is_file():
        msg = (
            f"{path}: expected the values of {tensor.name!r} in a file beside it; they are said to be in {location!r}, "
            "which is no file there. Put both files into one folder, or save the model in one file."
        )
        raise DataError(msg)
    try:
        offset, length = int(told.get("offset", 0)), int(told.get("length", -1))
    except ValueError:
        offset, length = -1, -1
    size = file.stat().st_size
    length = size - offset if length < 0 else length
    if offset < 0 or offset + length > size or length > LARGEST:
        msg = f"{path}: expected the values of {tensor.name!r} within {location!r}, which has {size} bytes."
        raise DataError(msg)
    with file.open("rb") as content:
        content.seek(offset)
        tensor.raw_data = content.read(length)
    tensor.data_location = 0
    del tensor.external_data[:]


def _opset(path: Path, model: Any) -> int:
    versions = [entry.version for entry in model.opset_import if entry.domain in _OWN]
    version = max(versions, default=0)
    if version not in OPSETS:
        msg = (
            f"{path}: expected operators of version {OPSETS[0]} to {OPSETS[-1]} (opset); received {version}. "
            "Export the model with opset_version=17, or convert it with onnx.version_converter."
        )
        raise ModelError(msg)
    return version


def _port(onnx: Any, path: Path, value: Any) -> Port:
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        msg = f"{path}: expected inputs that are tensors of a known rank; {value.name!r} is none."
        raise ModelError(msg)
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
    if dtype.kind not in "fiub" and dtype.name != "bfloat16":
        told = onnx.TensorProto.DataType.Name(kind.elem_type)
        msg = f"{path}: expected inputs of numbers; {value.name!r} is of {told}."
        raise ModelError(msg)
    shape = tuple(length.dim_value or None for length in kind.shape.dim)
    return Port(value.name, shape, dtype.name)


def _node(onnx: Any, node: Any, opset: int) -> Node:
    op = node.op_type if node.domain in _OWN else f"{node.domain}.{node.op_type}"
    attributes = {} if node.domain not in _OWN else _defaults(onnx, node.op_type, opset)
    attributes.update({attribute.name: _value(onnx, attribute) for attribute in node.attribute})
    name = node.name or next(filter(None, node.output), op)
    return Node(op, name, tuple(node.input), tuple(node.output), attributes)


def _defaults(onnx: Any, op: str, opset: int) -> dict[str, Any]:
    try:
        schema = onnx.defs.get_schema(op, opset, "")
    except onnx.defs.SchemaError:
        return {}
    defaults = {name: attribute.default_value for name, attribute in schema.attributes.items()}
    return {name: _value(onnx, value) for name, value in defaults.items() if value.type}


def _value(onnx: Any, attribute: Any) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (onnx.GraphProto, onnx.SparseTensorProto, onnx.TypeProto)):
        return None  # no operator of the table has one
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value]
