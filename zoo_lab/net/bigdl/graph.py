"""Builds a Keras model from BigDL's modules: the containers here, single modules by the builders of table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo_lab.net.bigdl.inputs import input_shapes
from zoo_lab.net.bigdl.kinds import CONTAINERS, kind_of, name_of
from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.bigdl.reader import Weights, attributes, modules
from zoo_lab.net.bigdl.table import BUILDERS
from zoo_lab.net.layers.shaping import WholeReshape
from zoo_lab.net.layout import Blob, alone, keras_name
from zoo_lab.net.problems import Problems, expect_types, refuse, unique_name

_PARTS = ("Concat", "ConcatTable", "ParallelTable", "TimeDistributed", "Wrapper")


def build_model(source: str, root: Any, weights: Weights, given: Any) -> Any:
    """Return the `keras.Model` of a tree of modules.

    Args:
        source: the file, for messages.
        root: the outermost module.
        weights: those of its modules.
        given: shape of the input without rows, or a list of shapes, in place of the file's; or None.

    Raises:
        ModelError: modules, or attributes of modules, that are not known; or the input's shape is not known.
        DataError: weights that are missing or of another shape.
        ArgumentError: a wrong input shape.
    """
    import keras

    known = {*BUILDERS, *CONTAINERS, *_PARTS}
    found = {f"{name_of(module)!r} ({kind_of(module)})": kind_of(module) for module in modules(root)}
    expect_types(source, [told for told, kind in found.items() if kind not in known], sorted(known - {"Wrapper"}))
    problems = Problems(source)
    builder = _Builder(problems, weights)
    shapes = input_shapes(source, root, given)
    inputs = [keras.Input(shape, name=unique_name(f"input{index or ''}", builder.names)) for index, shape in shapes]
    blobs = [Blob(tensor.name, tensor) for tensor in inputs]
    outputs = builder.build(root, alone(blobs))
    problems.done()
    tensors = [blob.plain().tensor for blob in keras.tree.flatten(outputs)]
    return keras.Model(alone(inputs), alone(tensors), name=keras_name(name_of(root)))


class _Builder:
    """Turns modules into calls of Keras layers; a value is a blob, a list of values, or None behind a problem."""

    def __init__(self, problems: Problems, weights: Weights) -> None:
        self.problems, self.weights = problems, weights
        self.names: list[str] = []
        self.shared: dict[int, Any] = {}
        self._containers: dict[str, Callable[[Any, Any], Any]] = {
            "Concat": self._concat,
            "ConcatTable": lambda module, value: [self.build(part, value) for part in module.subModules],
            "ParallelTable": self._parallel,
            "Sequential": self._sequence,
            "TimeDistributed": self._distributed,
            "Wrapper": lambda module, value: self.build(module.subModules[0], value),
        }

    def build(self, module: Any, value: Any) -> Any:
        """Return what a module makes of a value."""
        if value is None or (isinstance(value, list) and None in value):
            return None
        kind = kind_of(module)
        build = self._containers.get(kind, self._graph if kind in CONTAINERS else self._single)
        return self.problems.attempt(f"module {name_of(module)!r} ({kind})", lambda: build(module, value))

    def _single(self, module: Any, value: Any) -> Any:
        node = self._node(module, value)
        return BUILDERS[kind_of(module)](node)

    def _node(self, module: Any, value: Any) -> Node:
        return Node(module, unique_name(name_of(module), self.names), value, self.weights, self.shared)

    def _sequence(self, module: Any, value: Any) -> Any:
        for part in module.subModules:
            value = self.build(part, value)
        return value

    def _parallel(self, module: Any, value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(module.subModules):
            refuse(f"expected a table of {len(module.subModules)}; received {value}")
        return [self.build(part, one) for part, one in zip(module.subModules, value, strict=True)]

    def _concat(self, module: Any, value: Any) -> Any:
        parts = [self.build(part, value) for part in module.subModules]
        return None if None in parts else BUILDERS["Concat"](self._node(module, parts))

    def _distributed(self, module: Any, value: Any) -> Any:
        """Apply a module to each step of a sequence: the steps of all rows are its rows meanwhile."""
        node = self._node(module, value)
        blob = node.blob.plain()
        steps, *inner = blob.shape[1:]
        if None in (steps, *inner) or not inner:
            refuse(f"expected rows, steps and more, of known lengths; received shape {blob.shape}. Give input_shape")
        apart = Blob(node.name, WholeReshape((-1, *inner), name=f"{node.name}_steps")(blob.tensor))
        made = self.build(node.get("layer"), apart)
        if not isinstance(made, Blob):
            return None
        again = WholeReshape((-1, steps, *made.shape[1:]), name=node.name)
        return Blob(node.name, again(made.plain().tensor))

    def _graph(self, module: Any, value: Any) -> Any:
        told = attributes(module)
        values = value if isinstance(value, list) else [value]
        parts = {name_of(part): part for part in module.subModules}
        starts, ends = told.get("inputNames", []), told.get("outputNames", [])
        if len(starts) != len(values) or not ends or not {*starts, *ends} <= {*parts}:
            refuse(f"expected {len(starts)} inputs; received {len(values)}")
        made: dict[str, Any] = {}
        given = dict(zip(starts, values, strict=True))
        for name in _sorted(parts, ends):
            before = [self._taken(told, name, one, made) for one in parts[name].preModules if one in parts]
            taken = [given[name]] if name in given and not before else before
            made[name] = self.build(parts[name], alone(taken)) if None not in taken else None
        return alone([made[name] for name in ends])

    def _taken(self, told: dict[str, Any], name: str, before: str, made: dict[str, Any]) -> Any:
        """Return what a module takes from one before it: all of it, or what an edge names."""
        edges = told.get(f"{name}_edges")
        entries = {} if edges is None else {entry.key: entry.value for entry in edges.attr}
        index = entries[before].int32Value if before in entries else -1
        value = made[before]
        return value[index - 1] if index > 0 and isinstance(value, list) else value


def _sorted(parts: dict[str, Any], ends: list[str]) -> list[str]:
    """Return the names of the modules that the ends need, each after all that it takes."""
    done: dict[str, None] = {}
    waiting = [(name, False) for name in reversed(ends)]
    entered: set[str] = set()
    while waiting:
        name, ready = waiting.pop()
        if ready:
            done[name] = None
        elif name not in entered:
            entered.add(name)
            waiting.append((name, True))
            waiting.extend((one, False) for one in reversed(parts[name].preModules) if one in parts)
        elif name not in done and any(one == name and later for one, later in waiting):
            refuse(f"expected a graph without a loop; received one through {name!r}")
    return list(done)
