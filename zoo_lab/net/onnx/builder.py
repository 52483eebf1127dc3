"""Builds a Functional Keras model from a graph: constants are computed at once, the rest becomes layers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_lab.core.errors import ModelError
from zoo_lab.net.channels import Value
from zoo_lab.net.onnx import lengths
from zoo_lab.net.onnx.graph import Graph, Node, Port
from zoo_lab.net.onnx.lengths import Lengths
from zoo_lab.net.onnx.operation import CONSTANT, LAYER, NOTHING, WEIGHT, Call, OnnxOperation, written
from zoo_lab.net.onnx.table import CHANNELS, POINTWISE, Operator, operators

_SMALL = 256  # elements: what is kept with the layer's arguments and not as a weight
_LARGEST = 1 << 28  # elements of a constant that is computed from others
_WEIGHTS = ("float32", "float16", "bfloat16", "float64")


def build(graph: Graph, source: str) -> keras.Model:
    """Return the model of a graph.

    Args:
        graph: checked.
        source: the file, for messages and as the name of a graph that has none.

    Raises `ModelError` listing every operator that is not known.
    """
    _expect_known(graph, source)
    return Builder(graph, source).model()


class Builder:
    """What is known so far of the tensors of a graph; `native` asks it and adds to it.

    Attributes:
        graph: what is built.
        constants: the tensors that do not depend on the inputs.
        names: gives each layer a name of its own.
    """

    def __init__(self, graph: Graph, source: str) -> None:
        self.graph, self.source = graph, source
        self.constants = dict(graph.constants)
        self.names = Names()
        self._values: dict[str, Value] = {}
        self._lengths: dict[str, Lengths] = {}
        self._waiting: dict[str, Node] = {}
        self._done: set[str] = set()
        self._uses = Counter(name for node in graph.nodes for name in node.inputs) + Counter(graph.outputs)

    def model(self) -> keras.Model:
        """Build everything and return the model."""
        inputs = {}
        for port in self.graph.inputs:
            tensor = self._input(port)
            self._values[port.name] = Value(first=tensor)
            inputs[tensor.name] = tensor
        for node in self.graph.nodes:
            self._add(node)
        constant = [name for name in self.graph.outputs if name in self.constants]
        if constant or not inputs:
            msg = f"{self.source}: expected outputs computed from inputs; {', '.join(constant) or 'all'} are constant."
            raise ModelError(msg)
        outputs = {plain(name): self._output(name) for name in self.graph.outputs}
        ends = [next(iter(end.values())) if len(end) == 1 else end for end in (inputs, outputs)]
        return keras.Model(*ends, name=plain(self.graph.name) or plain(self.source))

    def value(self, name: str) -> Value:
        """Return a tensor that is computed from the inputs."""
        if name in self._waiting:
            self._build(self._waiting.pop(name))
        return self._values[name]

    def is_computed(self, name: str) -> bool:
        """Tell whether a tensor depends on the inputs."""
        return bool(name) and name not in self.constants

    def only_user(self, node: Node) -> Node | None:
        """Return the node that takes the output of another, if it is the only one to do so."""
        [output] = filter(None, node.outputs)
        if self._uses[output] != 1 or output in self.graph.outputs:
            return None
        return next(user for user in self.graph.nodes if output in user.inputs)

    def give(self, node: Node, *values: Value) -> None:
        """Note the outputs of a node."""
        self._values.update(zip(filter(None, node.outputs), values, strict=False))
        self._done.update(node.outputs)

    def _input(self, port: Port) -> Any:
        # Rows are what zoo_lab hands out, as many as it likes.
        shape = (None, *port.shape[1:]) if port.shape else ()
        return keras.Input(batch_shape=shape, dtype=port.dtype, name=self.names.new(port.name))

    def _output(self, name: str) -> Any:
        tensor = self.value(name).as_first()
        if isinstance(tensor._keras_history.operation, keras.layers.InputLayer):
            tensor = keras.layers.Identity(name=self.names.new(name), dtype=tensor.dtype)(tensor)
        return tensor

    def _add(self, node: Node) -> None:
        if self._done.issuperset(node.outputs):
            return
        if not any(self.is_computed(name) for name in node.inputs):
            self._fold(node)
            return
        found = self._inferred(node)
        if found is None:
            self._build(node)
        elif found.known:
            self.constants[node.outputs[0]] = found.constant()
        else:  # most such numbers end in a Reshape that needs no layers for them
            self._lengths[node.outputs[0]] = found
            self._waiting[node.outputs[0]] = node

    def _inferred(self, node: Node) -> Lengths | None:
        if node.op == "Shape":
            return lengths.of_shape(node, self.value(node.inputs[0]).shape)
        return lengths.infer(node, [self._lengths_of(name) for name in node.inputs if name])

    def _lengths_of(self, name: str) -> Lengths | None:
        values = self.constants.get(name)
        if values is None:
            return self._lengths.get(name)
        small = values.size <= _SMALL and values.dtype.kind in "iuf"
        return Lengths(values.astype(np.float64), values.dtype.name) if small else None

    def _fold(self, node: Node) -> None:
        if node.op == "Constant":
            self.constants[node.outputs[0]] = _given(node)
            return
        entry, call = operators()[node.op], _call(node, self.graph.opset)
        values = [self.constants[name] if name else None for name in node.inputs]
        with tf.device("CPU:0"), self._telling(node):
            if entry.layout == CHANNELS:
                values[0] = np.moveaxis(values[0], 1, -1)
            _expect_modest(entry, call, values)
            result = entry.compute(call, *values)
        result = result if isinstance(result, (list, tuple)) else [result]
        for name, value in zip(node.outputs, result, strict=False):
            array = tf.convert_to_tensor(value).numpy()
            self.constants[name] = np.moveaxis(array, -1, 1) if entry.layout == CHANNELS else array

    def _build(self, node: Node) -> None:
        from zoo_lab.net.onnx.native import NATIVE

        with self._telling(node):
            native = NATIVE.get(node.op)
            if native is None or not native(self, node):
                self._operation(node, operators()[node.op])

    def _operation(self, node: Node, entry: Operator) -> None:
        last = entry.layout == CHANNELS or (entry.layout == POINTWISE and self._prefers_last(node))
        given, arguments, weights = [], [], []
        rank = max((self._rank(name) for name in node.inputs if name), default=0)
        for i, name in enumerate(node.inputs):
            turned = last and (entry.layout == POINTWISE or i == 0)
            array = self.known(node, name)
            if name and array is None:
                given.append(self.value(name).as_last() if turned else self.value(name).as_first())
                arguments.append({"from": LAYER})
            elif not name:
                arguments.append({"from": NOTHING})
            else:
                array = _turned(array, rank) if turned else array
                arguments.append(_argument(array, i in entry.trains or name in self.graph.trained))
                weights += [array] if arguments[-1]["from"] == WEIGHT else []
        outputs = max(i + 1 for i, name in enumerate(node.outputs) if name)
        attributes = {key: written(value) for key, value in node.attributes.items()} | self._hint(node)
        layer = OnnxOperation(node.op, self.graph.opset, attributes, arguments, outputs, name=self.names.new(node.name))
        layer.set_weights(weights)
        made = layer(given[0] if len(given) == 1 else given)
        made = made if isinstance(made, (list, tuple)) else [made]
        values = [Value(last=tensor) if last else Value(first=tensor) for tensor in made]
        for name, value in zip(node.outputs, values, strict=False):
            if name:
                self._values[name] = value
        self._done.update(node.outputs)

    def _prefers_last(self, node: Node) -> bool:
        """Tell whether a pointwise node can do with tensors as convolutions leave them."""
        values = [self.value(name) for name in node.inputs if self.is_computed(name)]
        rank = max(self._rank(name) for name in node.inputs if name)
        return all(value.rank in (0, rank) for value in values) and any(value.first is None for value in values)

    def _rank(self, name: str) -> int:
        return self.constants[name].ndim if name in self.constants else self.value(name).rank

    def known(self, node: Node, name: str) -> Any:
        """Return a constant, or what does for lengths that are known well enough; None where there is neither."""
        if name in self.constants:
            return self.constants[name]
        found = self._lengths.get(name)
        if found is None:
            return None
        if node.op == "Reshape":
            values = found.values.copy()
            if np.isinf(values[:1]).any() and found.of == node.inputs[0] and not node.attributes.get("allowzero"):
                values[0] = 0  # which keeps the rows
            unknown = ~np.isfinite(values)
            if not unknown.any() or (unknown.sum() == 1 and not (values == -1).any()):
                return np.where(unknown, -1, values).astype(np.int64)
        if node.op == "Resize" and not node.attributes.get("axes") and np.isfinite(found.values[2:]).all():
            return np.where(np.isfinite(found.values), found.values, 0).astype(found.dtype)
        return None

    def _hint(self, node: Node) -> dict[str, Any]:
        found = self._lengths.get(node.inputs[1]) if node.op == "Reshape" and len(node.inputs) > 1 else None
        if found is None:
            return {}
        return {"hint": [int(length) if np.isfinite(length) and length > 0 else -1 for length in found.values]}

    def _telling(self, node: Node) -> _Telling:
        return _Telling(self.source, node)


class Names:
    """Names for layers: without what Keras does not take, and each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, wanted: str) -> str:
        """Return a name that is still free, as near to the wanted one as can be."""
        base = name = plain(wanted) or "layer"
        number = 1
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name


def plain(name: str) -> str:
    """Return a name of letters, digits, dots, dashes and underscores.

    Example:
        >>> plain("/features/conv:0")
        'features_conv_0'
    """
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", name).strip("_")


class _Telling:
    """Errors while a node is built name it."""

    def __init__(self, source: str, node: Node) -> None:
        self._source, self._node = source, node

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        usual = (TypeError, ValueError, KeyError, AttributeError, IndexError, NotImplementedError, tf.errors.OpError)
        if isinstance(error, usual) and not isinstance(error, ModelError):
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            msg = f"{self._source}: the node {self._node.name!r} ({self._node.op}) cannot be built: {first}"
            raise ModelError(msg) from error


def _expect_known(graph: Graph, source: str) -> None:
    known, problems = operators(), []
    missing: dict[str, list[str]] = {}
    for node in graph.nodes:
        if node.op not in known and node.op != "Constant":
            missing.setdefault(node.op, []).append(node.name)
        elif node.op in known and (limit := known[node.op].limits(node)):
            problems.append(f"{node.op} with {limit} (in {node.name!r})")
    problems = [f"{op} (in {_listed(nodes)})" for op, nodes in sorted(missing.items())] + problems
    if problems:
        told = "; ".join(problems)
        msg = (
            f"{source}: expected operators that are known; received also {told}. Known are {', '.join(sorted(known))}."
        )
        raise ModelError(msg)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more


def _argument(array: np.ndarray, trained: bool) -> dict[str, Any]:
    trained = trained and array.dtype.name in _WEIGHTS and array.size > 0
    if trained or (array.size > _SMALL and array.dtype.name in _WEIGHTS):
        return {"from": WEIGHT, "shape": list(array.shape), "dtype": array.dtype.name, "trainable": trained}
    return {"from": CONSTANT, **written(np.asarray(array))}


def _expect_modest(entry: Operator, call: Call, values: Sequence[Any]) -> None:
    """Raise `ValueError` before a small file makes a constant that no memory holds."""
    with tf.Graph().as_default():
        result = entry.compute(call, *values)
        made = result if isinstance(result, (list, tuple)) else [result]
        elements = sum(tf.convert_to_tensor(value).shape.num_elements() or 0 for value in made)
    if elements > _LARGEST:
        msg = f"expected constants of at most {_LARGEST} elements; it would make {elements}"
        raise ValueError(msg)


def _turned(array: np.ndarray, rank: int) -> np.ndarray:
    """Return what broadcasts with channels last as `array` does with channels first."""
    if array.ndim == 0:
        return array
    return np.moveaxis(array.reshape((1,) * (rank - array.ndim) + array.shape), 1, -1)


def _call(node: Node, opset: int) -> Call:
    return Call(node.op, opset, sum(map(bool, node.outputs)), node.attributes)


def _given(node: Node) -> np.ndarray:
    """Return the value of a Constant node, in whichever attribute it stands."""
    [(name, value)] = [(name, value) for name, value in node.attributes.items() if value is not None]
    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
    return np.asarray(value, kinds.get(name))
