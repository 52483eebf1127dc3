"""BigDL's recurrent modules: one around a cell, whose weights lie in the modules that it is made of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.net.bigdl.kinds import kind_of
from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.bigdl.reader import attributes, modules
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse

_ACTIVATIONS = {"Tanh": "tanh", "Sigmoid": "sigmoid", "ReLU": "relu"}
# Where Keras' gates lie among BigDL's: input, forget, candidate, output among input, candidate, forget, output; and
# update, reset, candidate among reset, update, candidate.
_LSTM, _GRU = (0, 2, 1, 3), (1, 0, 2)


def recurrent(node: Node) -> Blob:
    """All outputs of a cell along a sequence, shape (rows, steps, units)."""
    cell = node.get("topology")
    kind, told = kind_of(cell), attributes(cell)
    if kind not in ("GRU", "LSTM") or told.get("p", 0.0) != 0 or node.get("bnorm", False):
        refuse(f"expected an LSTM or GRU with p 0 and without batch normalization; received {kind}")
    names = [_name(told, name, default) for name, default in (("activation", "Tanh"), ("innerActivation", "Sigmoid"))]
    units, inner = told.get("hiddenSize" if kind == "LSTM" else "outputSize"), told.get("inputSize")
    arguments = {"activation": names[0], "recurrent_activation": names[1], "return_sequences": True, "name": node.name}
    before, linears = _linears(told.get("preTopology")), _linears(told.get("cell"))
    gates, hidden = (4, [4 * units]) if kind == "LSTM" else (3, [2 * units, units])
    sizes = [attributes(one).get("outputSize") for one in linears]
    if len(before) != 1 or sizes != hidden:
        refuse(f"expected a cell with matrices of {hidden} outputs; received {sizes}")
    matrix, bias = _of(node, before[0], (gates * units, inner), bias=True)
    inside = np.concatenate([_of(node, one, (size, units))[0] for one, size in zip(linears, hidden, strict=True)])
    order = _LSTM if kind == "LSTM" else _GRU
    weights = [_ordered(part, order) for part in (matrix, inside, bias)]
    kept = keras.layers.LSTM if kind == "LSTM" else keras.layers.GRU
    more = {} if kind == "LSTM" else {"reset_after": False}
    return node.apply(kept(units, **arguments, **more), node.blob, [weights[0].T, weights[1].T, weights[2]])


def _name(told: dict[str, Any], name: str, default: str) -> str:
    module = told.get(name)
    kind = default if module is None else kind_of(module)
    if kind not in _ACTIVATIONS:
        refuse(f"expected {name} to be one of {', '.join(_ACTIVATIONS)}; received {kind}")
    return _ACTIVATIONS[kind]


def _linears(module: Any) -> list[Any]:
    """Return the Linear modules inside, as they come: those of the gates before that of the candidate."""
    found = [] if module is None else [one for one in modules(module) if kind_of(one) == "Linear"]
    return sorted(found, key=lambda one: -attributes(one).get("outputSize", 0))


def _of(node: Node, module: Any, shape: tuple[int, int], *, bias: bool = False) -> list[np.ndarray]:
    inner = Node(module, node.name, node.value, node.weights, node.shared)
    return [inner.array(0, shape), *([inner.array(1, shape[:1])] if bias else [])]


def _ordered(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    parts = np.split(array, len(order))
    return np.concatenate([parts[index] for index in order])
