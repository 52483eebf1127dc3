"""Finds the shapes of a BigDL model's inputs: what the file tells, or what its first module takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ModelError
from zoo_lab.net.bigdl.kinds import is_graph, kind_of, name_of
from zoo_lab.net.bigdl.reader import attributes

_SINGLE = 0
_PASSING = {"Contiguous", "Dropout", "Echo", "Identity", "Input", "ReLU", "Sigmoid", "Tanh"}
_SIZES = {"InferReshape": "size", "Reshape": "size", "View": "sizes"}


def input_shapes(source: str, root: Any, given: Any) -> list[tuple[int, tuple[int | None, ...]]]:
    """Return (number, shape without rows) of each input.

    Raises `ModelError` where neither file nor caller tells a shape, `ArgumentError` for wrong ones.
    """
    count = _count(root)
    shapes = _checked(given, count)
    if shapes is None:
        told = _told(root)
        shapes = [told] if count == 1 and told else _several(root)
    if not shapes:
        example = "(3, 224, 224)" if count == 1 else f"[{', '.join(['(3, 224, 224)'] * count)}]"
        msg = (
            f"{source}: expected a model that tells the shape of its input; {name_of(root)!r} does not. "
            f"Call with input_shape={example}, without rows."
        )
        raise ModelError(msg)
    return list(enumerate(shapes))


def _count(module: Any) -> int:
    """Return how many inputs a module takes."""
    kind = kind_of(module)
    if is_graph(module):
        return len(attributes(module).get("inputNames", []))
    if kind in ("Sequential", "Wrapper") and module.subModules:
        return _count(module.subModules[0])
    return len(module.subModules) if kind == "ParallelTable" else 1


def _checked(given: Any, count: int) -> list[tuple[int | None, ...]] | None:
    if given is None:
        return None
    several = isinstance(given, Sequence) and any(isinstance(shape, Sequence) for shape in given)
    shapes = list(given) if several else [given]
    checks = Checks("Net.load_bigdl")
    checks.require(len(shapes) == count, f"Expected {count} shapes, one for each input; received {given!r}.")
    for shape in shapes:
        whole = isinstance(shape, Sequence) and all(one is None or (isinstance(one, int) and one > 0) for one in shape)
        checks.require(whole, f"Expected input_shape to be whole numbers without rows; received {shape!r}.")
    checks.done()
    return [tuple(shape) for shape in shapes]


def _several(root: Any) -> list[tuple[int | None, ...]]:
    shapes = list(_shapes(root.inputShape))
    return shapes if len(shapes) > 1 else []


def _told(module: Any) -> tuple[int | None, ...] | None:
    """Return the shape that a module with one input takes, if it or the first module inside tells."""
    if module.HasField("inputShape"):
        shapes = list(_shapes(module.inputShape))
        return shapes[0] if len(shapes) == 1 else None
    return next(filter(None, map(_own, _first(module))), None)


def _first(module: Any) -> Iterator[Any]:
    """Yield the modules that take the input of a module as it is."""
    kind = kind_of(module)
    if is_graph(module):
        parts = {name_of(part): part for part in module.subModules}
        yield from _along(parts, attributes(module).get("inputNames", [None])[0])
    elif kind == "Sequential":
        for part in module.subModules:
            yield from _first(part)
            if kind_of(part) not in _PASSING and not _passes(part):
                return
    elif module.subModules and kind in ("Concat", "ConcatTable", "Wrapper"):
        for part in module.subModules:
            yield from _first(part)
    else:
        yield module


def _passes(module: Any) -> bool:
    return kind_of(module) == "Wrapper" and kind_of(module.subModules[0]) in _PASSING


def _along(parts: dict[str, Any], name: str | None) -> Iterator[Any]:
    if name not in parts:
        return
    yield from _first(parts[name])
    if kind_of(parts[name]) in _PASSING or _passes(parts[name]):
        for part in parts.values():
            if name in part.preModules:
                yield from _along(parts, name_of(part))


def _own(module: Any) -> tuple[int | None, ...] | None:
    kind, told = kind_of(module), attributes(module)
    if module.HasField("inputShape"):
        return next(_shapes(module.inputShape), None)
    if kind in _SIZES:
        sizes = tuple(told.get(_SIZES[kind]) or ())
        return sizes if sizes and min(sizes) > 0 else None
    if kind == "Linear":
        return (told["inputSize"],) if told.get("inputSize") else None
    return (None,) if kind == "LookupTable" else None


def _shapes(shape: Any) -> Iterator[tuple[int | None, ...]]:
    """Yield the shapes of a message without their rows."""
    if shape.shapeType == _SINGLE:
        if shape.shapeValue:
            yield tuple(length if length > 0 else None for length in shape.shapeValue[1:])
    else:
        for part in shape.shape:
            yield from _shapes(part)
