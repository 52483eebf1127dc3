"""Builds a Keras model from a Caffe network and its blobs, layer by layer; table knows the layers.

What is wrong is collected over the whole network and told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError, ModelError
from zoo_lab.net.caffe.inputs import input_shapes
from zoo_lab.net.caffe.node import BlobError, Node, UnsupportedError, refuse
from zoo_lab.net.caffe.reader import Network, unknown_parameter
from zoo_lab.net.caffe.table import BUILDERS, DROPPED, SOURCES
from zoo_lab.net.layout import Blob, keras_name


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
    _expect_known(source, network)
    layers = [layer for layer in network.layers if layer.type not in DROPPED]
    shapes = input_shapes(source, network, layers, given)
    return _Graph(source, shapes, blobs).model(network.name, [one for one in layers if one.type not in SOURCES])


def _expect_known(source: str, network: Network) -> None:
    unknown = [f"{layer.name!r} ({layer.type})" for layer in network.layers if layer.type not in _KNOWN]
    if unknown:
        msg = (
            f"{source}: expected layers that can be computed here; received {', '.join(unknown)}. Supported are "
            f"{', '.join(sorted(BUILDERS))}. Cut the network before the first of them, or take them out of the file."
        )
        raise ModelError(msg)
    wrong = [unknown_parameter(text) for text in network.texts]
    if any(wrong):
        _refuse(source, [problem for problem in wrong if problem], "parameters")


def _refuse(source: str, problems: Sequence[str], what: str) -> None:
    lines = "".join(f"\n  - {problem}" for problem in problems)
    msg = f"{source}: expected {what} of layers that are known; {len(problems)} are not.{lines}\n"
    raise ModelError(msg + "Change them, and train the weights anew where that matters.")


_KNOWN = {*BUILDERS, *DROPPED, *SOURCES}


class _Graph:
    def __init__(self, source: str, shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, list[Any]]) -> None:
        import keras

        self.source, self.arrays = source, arrays
        self.batch = next(iter(shapes.values()))[0]
        names: list[str] = []
        self.inputs = {name: keras.Input(shape[1:], name=_unique(name, names)) for name, shape in shapes.items()}
        self.names = names
        self.blobs: dict[str, Blob | None] = {name: Blob(name, tensor) for name, tensor in self.inputs.items()}
        self.free = dict.fromkeys(self.blobs, False)  # blob → whether it is an output, being used by no layer
        self.unsupported: list[str] = []
        self.wrong: list[str] = []

    def model(self, name: str, layers: Sequence[Any]) -> Any:
        import keras

        for layer in layers:
            self._add(layer)
        if self.unsupported:
            _refuse(self.source, self.unsupported, "parameters")
        if self.wrong:
            lines = "".join(f"\n  - {problem}" for problem in self.wrong)
            msg = f"{self.source}: the weights do not fit the network. Are they of another one?{lines}"
            raise DataError(msg)
        outputs = [self.blobs[blob].plain().tensor for blob, free in self.free.items() if free]
        inputs = list(self.inputs.values())
        return keras.Model(_alone(inputs), _alone(outputs), name=keras_name(name))

    def _add(self, layer: Any) -> None:
        gone = [bottom for bottom in layer.bottom if bottom not in self.blobs]
        if gone:
            msg = (
                f"{self.source}: layer {layer.name!r} takes {', '.join(map(repr, gone))}, which no layer before gives."
            )
            raise DataError(msg)
        bottoms = [self.blobs[bottom] for bottom in layer.bottom]
        made = None if None in bottoms else self._built(layer, bottoms)
        self.free.update(dict.fromkeys(layer.bottom, False))
        for top, blob in zip(layer.top, made or [None] * len(layer.top), strict=True):
            self.blobs[top] = blob
            self.free.pop(top, None)
            self.free[top] = True

    def _built(self, layer: Any, bottoms: list[Any]) -> list[Blob] | None:
        node = Node(layer, _unique(layer.name, self.names), bottoms, self.arrays.get(layer.name, []), self.batch)
        try:
            made = BUILDERS[layer.type](node)
            made = made if isinstance(made, list) else [made]
            if len(made) != len(layer.top):
                refuse(f"expected {len(made)} tops; received {len(layer.top)}")
        except UnsupportedError as problem:
            self.unsupported.append(f"layer {layer.name!r} ({layer.type}): {problem}")
        except BlobError as problem:
            self.wrong.append(f"layer {layer.name!r} ({layer.type}): {problem}")
        except (ValueError, TypeError) as problem:  # Keras' own words on shapes that do not go together
            told = str(problem).strip().splitlines()[0]
            self.unsupported.append(f"layer {layer.name!r} ({layer.type}): {told}")
        else:
            return made
        return None


def _unique(name: str, taken: list[str]) -> str:
    wanted = keras_name(name)
    number = 1
    while wanted in taken:
        number += 1
        wanted = f"{keras_name(name)}_{number}"
    taken.append(wanted)
    return wanted


def _alone(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
