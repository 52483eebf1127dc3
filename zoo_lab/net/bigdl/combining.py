"""BigDL's modules that take or give tables of tensors."""

from __future__ import annotations

from typing import Any

import keras

from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.layers.elementwise import WeightedSum
from zoo_lab.net.layout import Blob, alike
from zoo_lab.net.problems import refuse


def add(node: Node) -> Blob:
    """The sum."""
    return _together(node, keras.layers.Add(name=node.name))


def average(node: Node) -> Blob:
    """The mean."""
    return _together(node, keras.layers.Average(name=node.name))


def concat(node: Node) -> Blob:
    """Branches side by side; BigDL counts the axis from 1, rows included."""
    return _joined(node, node.get("dimension"))


def flatten_table(node: Node) -> Any:
    """Tables in tables become one."""
    return keras.tree.flatten(node.value)


def identity(node: Node) -> Any:
    """What comes."""
    if not isinstance(node.value, Blob):
        return node.value
    return node.apply(keras.layers.Identity(name=node.name), node.blob)


def join(node: Node) -> Blob:
    """Side by side; BigDL counts the axis from 1, without rows where the inputs have one axis more than it says."""
    return _joined(node, counted(node.get("dimension"), node.get("nInputDims", 0), len(node.blobs[0].shape)))


def maximum(node: Node) -> Blob:
    """The largest of each."""
    return _together(node, keras.layers.Maximum(name=node.name))


def minimum(node: Node) -> Blob:
    """The smallest of each."""
    return _together(node, keras.layers.Minimum(name=node.name))


def multiply(node: Node) -> Blob:
    """The product."""
    return _together(node, keras.layers.Multiply(name=node.name))


def select_table(node: Node) -> Any:
    """One of a table, counted from 1."""
    index = node.get("index", node.get("dimension", None))
    if isinstance(node.value, Blob) or index is None or not 0 < abs(index) <= len(node.value):
        refuse(f"expected a table with an entry {index}; received {node.value}")
    return node.value[index - 1 if index > 0 else index]


def subtract(node: Node) -> Blob:
    """The first without the second."""
    if len(node.blobs) != 2:
        refuse(f"expected a table of two; received {len(node.blobs)}")
    return _together(node, WeightedSum([1.0, -1.0], name=node.name))


def counted(dimension: int, inner_rank: int, rank: int) -> int:
    """Return an axis counted from 1 with rows, of one that may be negative or leave the rows out."""
    if dimension < 0:
        return rank + dimension + 1
    return dimension + 1 if inner_rank > 0 and rank == inner_rank + 1 else dimension


def _joined(node: Node, dimension: int) -> Blob:
    blobs = alike(node.blobs)
    if not 2 <= dimension <= len(blobs[0].shape):
        refuse(f"expected a dimension after the rows, 2 to {len(blobs[0].shape)}; received {dimension}")
    if len(blobs) == 1:
        return blobs[0]
    joined = keras.layers.Concatenate(blobs[0].axis(dimension - 1), name=node.name)([blob.tensor for blob in blobs])
    return blobs[0].of(node.name, joined)


def _together(node: Node, layer: Any) -> Blob:
    blobs = alike(node.blobs)
    shapes = {blob.shape for blob in blobs}
    if len(shapes) > 1 or len(blobs) < 2:
        refuse(f"expected two or more tensors of one shape; received {[blob.shape for blob in blobs]}")
    return blobs[0].of(node.name, layer([blob.tensor for blob in blobs]))
