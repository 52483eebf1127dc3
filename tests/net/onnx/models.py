"""Small ONNX models, written by the package onnx and run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


class Constant:
    """An input of a node that the file gives."""

    def __init__(self, values: Any, dtype: Any = None) -> None:
        self.values = np.asarray(values, dtype)


def ints(*values: int) -> Constant:
    return Constant(values, np.int64)


def floats(*values: float) -> Constant:
    return Constant(values, np.float32)


def one_node(
    op: str, given: Any, outputs: int = 1, opset: int = 17, **attributes: Any
) -> tuple[onnx.ModelProto, list[np.ndarray]]:
    """Return a model of one node and the arrays that it is called with."""
    names = [f"in_{i}" if value is not None else "" for i, value in enumerate(given)]
    constants = {n: v.values for n, v in zip(names, given, strict=True) if isinstance(v, Constant)}
    inputs = {n: v for n, v in zip(names, given, strict=True) if isinstance(v, np.ndarray)}
    node = helper.make_node(op, names, [f"out_{i}" for i in range(outputs)], name="the_node", **attributes)
    return model([node], inputs, [f"out_{i}" for i in range(outputs)], constants, opset), list(inputs.values())


def model(
    nodes: Any,
    inputs: dict[str, Any],
    outputs: list[str],
    constants: dict[str, np.ndarray],
    opset: int = 17,
    domain: str = "ai.onnx.ml",
) -> onnx.ModelProto:
    """Return a model; an input is an array or (type, shape)."""
    ports = []
    for name, value in inputs.items():
        kind, shape = (value.dtype, value.shape) if isinstance(value, np.ndarray) else value
        ports.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape))
    ends = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs]
    held = [numpy_helper.from_array(np.array(values), name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "small", ports, ends, held)
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(domain, 1)], ir_version=8
    )
    inferred = onnx.shape_inference.infer_shapes(made)
    for end, value in zip(made.graph.output, inferred.graph.output, strict=True):
        known = value.type.tensor_type.elem_type and value.type.tensor_type.HasField("shape")
        end.type.CopyFrom(value.type if known else made.graph.input[0].type)  # operators that keep it
    return made


def run(made: Any, arrays: Any) -> list[np.ndarray]:
    """Return what ONNX Runtime computes, of a model or of a file."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    content = str(made) if isinstance(made, Path) else made.SerializeToString()
    session = onnxruntime.InferenceSession(content, options)
    return session.run(None, {port.name: array for port, array in zip(session.get_inputs(), arrays, strict=True)})
