"""What an ONNX file says, as plain records: file.py makes them, builder.py builds from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Node:
    """One operation of the graph.

    Attributes:
        op: the operator's name; with its domain in front where that is not ONNX' own.
        name: the node's name; that of its first output where it has none.
        inputs: names of tensors; "" for one that is left out.
        outputs: names of tensors; "" for one that nobody wants.
        attributes: numbers, texts, arrays, lists of them; those left out in the file have their defaults.
    """

    op: str
    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Port:
    """An input of the graph: its name, its lengths (None where left open) and its numpy type's name."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class Graph:
    """A whole network.

    Attributes:
        name: as the file calls it.
        opset: the version of ONNX' own operators.
        nodes: each after those whose outputs it takes.
        constants: the tensors that the file gives.
        trained: which of them are weights, beside those of the operators that have some.
    """

    name: str
    opset: int
    inputs: Sequence[Port]
    outputs: Sequence[str]
    nodes: Sequence[Node]
    constants: Mapping[str, np.ndarray]
    trained: frozenset[str] = frozenset()
