"""Builds a Keras model from a Caffe network and its blobs, layer by layer; table knows the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.net.caffe.inputs import input_shapes
from zoo_lab.net.caffe.node import Node
from zoo_lab.net.caffe.reader import Network, unknown_parameter
from zoo_lab.net.caffe.table import BUILDERS, DROPPED, SOURCES
from zoo_lab.net.layout import Blob, alone, keras_name
from zoo_lab.net.problems import Problems, expect_types, refuse, unique_name

_KNOWN = {*BUILDERS, *DROPPED, *SOURCES}


def build_model(source: str, network: Network, blobs: Mapping[str, list[np.ndarray]], given: Any) -> Any:
    """Return the `keras.Model` of a network.

    Args:
        source: the file, for messages.
        network: as reader found it.
        blobs: layer's name → arrays.
        given: shape of the only input without rows, or input's name → shape, in place of the file's; or None.

    Raises:
        ModelError: layers, or parameters of layers, that are not known.
        DataError: blobs that are missing or of another shape.
        ArgumentError: shapes for inputs that there are not.
    """
    unknown = [f"{layer.name!r} ({layer.type})" for layer in network.layers if layer.type not in _KNOWN]
    expect_types(source, unknown, list(BUILDERS))
    problems = Problems(source)
    problems.unsupported.extend(filter(None, map(unknown_parameter, network.texts)))
    problems.done()
    layers = [layer for layer in network.layers if layer.type not in DROPPED]
    shapes = input_shapes(source, network, layers, given)
    return _Graph(problems, shapes, blobs).model(network.name, [one for one in layers if one.type not in SOURCES])


class _Graph:
    def __init__(self, problems: Problems, shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Any]) -> None:
        import keras

        self.problems, self.arrays = problems, arrays
        self.batch = next(iter(shapes.values()))[0]
        self.names: list[str] = []
        inputs = {name: keras.Input(shape[1:], name=unique_name(name, self.names)) for name, shape in shapes.items()}
        self.inputs = list(inputs.values())
        self.blobs: dict[str, Blob | None] = {name: Blob(name, tensor) for name, tensor in inputs.items()}
        self.free = dict.fromkeys(self.blobs, False)  # blob → whether it is an output, being used by no layer

    def model(self, name: str, layers: Sequence[Any]) -> Any:
        import keras

        for layer in layers:
            self._add(layer)
        self.problems.done()
        outputs = [self.blobs[blob].plain().tensor for blob, free in self.free.items() if free]
        return keras.Model(alone(self.inputs), alone(outputs), name=keras_name(name))

    def _add(self, layer: Any) -> None:
        gone = [bottom for bottom in layer.bottom if bottom not in self.blobs]
        if gone:
            told = ", ".join(map(repr, gone))
            msg = f"{self.problems.source}: layer {layer.name!r} takes {told}, which no layer before gives."
            raise DataError(msg)
        bottoms = [self.blobs[bottom] for bottom in layer.bottom]
        made = None
        if None not in bottoms:
            node = Node(
                layer, unique_name(layer.name, self.names), bottoms, self.arrays.get(layer.name, []), self.batch
            )
            made = self.problems.attempt(f"layer {layer.name!r} ({layer.type})", lambda: _built(node))
        self.free.update(dict.fromkeys(layer.bottom, False))
        for top, blob in zip(layer.top, made or [None] * len(layer.top), strict=True):
            self.blobs[top] = blob
            self.free.pop(top, None)
            self.free[top] = True


def _built(node: Node) -> list[Blob]:
    made = BUILDERS[node.layer.type](node)
    made = made if isinstance(made, list) else [made]
    if len(made) != len(node.layer.top):
        refuse(f"expected {len(made)} tops; received {len(node.layer.top)}")
    return made
