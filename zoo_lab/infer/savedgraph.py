"""Examines the operations of a SavedModel before it is loaded: none may call Python or reach files beside its own.

TensorFlow runs a SavedModel's functions as they are, some of them already while it loads. Only the functions that save
and restore its variables may touch files, and those are never run here: the loader reads the variables by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from zoo_lab.core.errors import DataError, ModelError

_WITH_CODE = ("EagerPyFunc", "NumbaFunc", "PyFunc", "PyFuncStateless")
# Also what writes to a file that an argument names, and what opens connections.
_MARKS = (
    "Checkpoint", "Dataset", "Debug", "ExportToFile", "FixedLengthRecordReader", "IteratorFrom", "LMDBReader",
    "MatchingFiles", "Print", "ReadFile", "RestoreSlice", "RestoreV2", "SaveSlices", "SaveV2", "SummaryWriter",
    "SummaryFileWriter", "TFRecordReader", "TextLineReader", "WholeFileReader", "WriteFile",
)  # fmt: skip
_EXACT = ("Restore", "Save", "Send", "Recv", "_Send", "_Recv", "_HostSend", "_HostRecv")


def expect_safe(folder: Path) -> None:
    """Raise `DataError` if a folder is no SavedModel of TensorFlow 2, `ModelError` if it would do more than compute."""
    path = folder / "saved_model.pb"
    if not path.is_file():
        msg = f"{folder}: expected a folder with saved_model.pb; it has none. Give the folder of a SavedModel."
        raise DataError(msg)
    graphs = _parsed(path).meta_graphs
    if not graphs or not all(graph.HasField("object_graph_def") for graph in graphs):
        msg = f"{path}: expected a SavedModel of TensorFlow 2; received none, or one of version 1. Export it again."
        raise DataError(msg)
    refused = sorted({op for graph in graphs for op in _operations_run(graph) if _reaches_out(op)})
    if refused:
        msg = (
            f"{folder}: expected operations that compute only; received {', '.join(refused)}, which reach files or "
            "code outside of the model. Export the model without its input pipeline."
        )
        raise ModelError(msg)


def _parsed(path: Path) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved = SavedModel()
    try:
        saved.ParseFromString(path.read_bytes())
    except DecodeError as error:
        msg = f"{path}: expected a SavedModel; its content is none ({error})."
        raise DataError(msg) from error
    return saved


def _operations_run(graph: Any) -> Iterator[str]:
    """Yield the operations of all functions that the loaded model can run, whichever way they are called."""
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    waiting = list(graph.object_graph_def.concrete_functions)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in functions[name].node_def:
            yield node.op
            waiting += [node.op, *_called(node.attr.values())]


def _called(attributes: Iterable[Any]) -> Iterator[str]:
    for attribute in attributes:
        if attribute.HasField("func"):
            yield attribute.func.name
        yield from (function.name for function in attribute.list.func)


def _reaches_out(operation: str) -> bool:
    return operation in _WITH_CODE + _EXACT or any(mark in operation for mark in _MARKS)
