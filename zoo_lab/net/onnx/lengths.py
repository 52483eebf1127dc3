"""What is known of the tensors that hold lengths, before any data: exporters compute shapes by nodes of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.net.onnx.graph import Node


@dataclass(frozen=True)
class Lengths:
    """A small tensor of numbers; those not known yet are NaN, and infinite if they are the rows of `of`.

    Attributes:
        values: float64, which holds every length exactly.
        dtype: the type that ONNX gives it.
        of: the tensor whose rows are meant.
    """

    values: np.ndarray
    dtype: str
    of: str = ""

    @property
    def known(self) -> bool:
        """Whether every number is known."""
        return bool(np.isfinite(self.values).all())

    def constant(self) -> np.ndarray:
        """Return the numbers in their own type."""
        return self.values.astype(self.dtype)


def of_shape(node: Node, shape: Sequence[int | None]) -> Lengths:
    """Return what the operator Shape tells of a tensor."""
    values = np.array([np.nan if length is None else length for length in shape])
    if len(shape) and shape[0] is None:
        values[0] = np.inf
    return Lengths(values[node.attributes.get("start", 0) : node.attributes.get("end")], "int64", node.inputs[0])


def infer(node: Node, inputs: Sequence[Lengths | None]) -> Lengths | None:
    """Return what an operator makes of lengths; None for operators that do not compute with them."""
    function = _TABLE.get(node.op)
    if function is None or not inputs or any(given is None for given in inputs):
        return None
    values = [given.values for given in inputs if given is not None]
    meant = {given.of for given in inputs if given is not None and given.of}
    if node.op in ("Add", "Div", "Mul", "Sub") or len(meant) > 1:
        values = [np.where(np.isinf(value), np.nan, value) for value in values]
    dtype = inputs[0].dtype if inputs[0] else "int64"
    if node.op == "Cast":
        to = {1: "float32", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}.get(node.attributes["to"])
        return None if to is None else Lengths(values[0] if "float" in to else np.trunc(values[0]), to)
    found = function(node, *values)
    if node.op == "Div" and dtype.startswith("int"):
        found = np.trunc(found)
    return Lengths(np.asarray(found, np.float64), dtype, *meant if len(meant) == 1 else ())


def _cut(node: Node, data: np.ndarray, *bounds: np.ndarray) -> np.ndarray:
    if bounds:
        starts, ends = bounds[0], bounds[1]
        step = bounds[3] if len(bounds) > 3 else [1]
    else:
        starts, ends, step = node.attributes["starts"], node.attributes["ends"], [1]
    return data[int(starts[0]) : int(ends[0]) : int(step[0])]


def _joined(_: Node, *parts: np.ndarray) -> np.ndarray:
    return np.concatenate([np.atleast_1d(part) for part in parts])


def _gathered(_: Node, data: np.ndarray, indices: np.ndarray) -> np.ndarray:
    return data[indices.astype(int)]


_TABLE: dict[str, Callable[..., Any]] = {
    "Add": lambda _, a, b: a + b,
    "Cast": lambda _, a: a,
    "Concat": _joined,
    "Div": lambda _, a, b: a / b,
    "Floor": lambda _, a: np.floor(a),
    "Gather": _gathered,
    "Identity": lambda _, a: a,
    "Mul": lambda _, a, b: a * b,
    "Slice": _cut,
    "Squeeze": lambda _, a, *axes: a.reshape(()),
    "Sub": lambda _, a, b: a - b,
    "Unsqueeze": lambda _, a, *axes: a.reshape(1),
}
