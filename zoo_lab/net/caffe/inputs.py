"""Finds the inputs of a Caffe network and their shapes, rows included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ModelError
from zoo_lab.net.caffe.reader import Network
from zoo_lab.net.caffe.table import SOURCES


def input_shapes(source: str, network: Network, layers: Sequence[Any], given: Any) -> dict[str, tuple[int, ...]]:
    """Return name → shape of the inputs that a layer uses, in the file's order; labels for losses are none.

    Raises `ModelError` for inputs whose shape neither the file nor the caller tells, `ArgumentError` for shapes of
    inputs that there are not.
    """
    told: dict[str, tuple[int, ...] | None] = dict(network.inputs)
    for layer in layers:
        if layer.type in SOURCES:
            told.update(_of_source(layer))
    used = {bottom for layer in layers for bottom in layer.bottom}
    told = {name: shape for name, shape in told.items() if name in used}
    for name, shape in _checked(given, told).items():
        told[name] = ((told[name] or (1,))[0], *shape)
    unknown = [name for name, shape in told.items() if not shape]
    if unknown or not told:
        example = ", ".join(f"{name!r}: (3, 224, 224)" for name in unknown or ["data"])
        what = f"that of {', '.join(map(repr, unknown))} from elsewhere" if unknown else "no input at all"
        msg = f"{source}: expected a shape for each input; received {what}. Call with input_shape={{{example}}}."
        raise ModelError(msg)
    return {name: tuple(shape) for name, shape in told.items() if shape}


def _checked(given: Any, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return name → shape of what the caller gave; raises `ArgumentError` listing what is wrong with it."""
    names = list(names)
    shapes = given if isinstance(given, Mapping) else dict.fromkeys(names, given) if given is not None else {}
    checks = Checks("Net.load_caffe")
    checks.require(
        isinstance(given, Mapping) or given is None or len(names) == 1,
        f"Expected input_shape as name → shape for {len(names)} inputs; received {given!r}.",
    )
    for name, shape in shapes.items():
        checks.one_of("an input's name", name, names)
        whole = isinstance(shape, Sequence) and all(isinstance(length, int) and length > 0 for length in shape)
        checks.require(whole, f"Expected input_shape of {name!r} to be whole numbers without rows; received {shape!r}.")
    checks.done()
    return {name: tuple(shape) for name, shape in shapes.items()}


def _of_source(layer: Any) -> dict[str, tuple[int, ...] | None]:
    tops = list(layer.top)
    if layer.type == "MemoryData":
        param = layer.memory_data_param
        image = (param.batch_size, param.channels, param.height, param.width)
        return dict(zip(tops, [image, image[:1]], strict=False))
    param = layer.dummy_data_param if layer.type == "DummyData" else layer.input_param
    shapes = [tuple(shape.dim) for shape in param.shape]
    if layer.type == "DummyData" and param.num:
        shapes = list(zip(param.num, param.channels, param.height, param.width, strict=True))
    shapes = shapes * len(tops) if len(shapes) == 1 else shapes
    return {top: shapes[index] if index < len(shapes) else None for index, top in enumerate(tops)}
