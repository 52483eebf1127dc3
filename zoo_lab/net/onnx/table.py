"""The table of operators: what each computes, what of it is trained, and where it wants the channels.

The families in operators/ fill it; operation.py looks up what it computes, builder.py the rest.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PLAIN, POINTWISE, CHANNELS = "plain", "pointwise", "channels"
_known: dict[str, Operator] = {}


@dataclass(frozen=True)
class Operator:
    """An operator.

    Attributes:
        compute: called with a `Call` and one argument for each input: a tensor, an array if it is constant, or None;
            returns a tensor, or several.
        trains: which inputs are weights that training changes.
        layout: "plain": tensors come and go as ONNX has them. "channels": the first input and the outputs have the
            channels last. "pointwise": either, but all alike.
        limits: called with the node; returns what of it is not supported, or "".
    """

    compute: Callable[..., Any]
    trains: tuple[int, ...] = ()
    layout: str = PLAIN
    limits: Callable[[Any], str] = lambda _: ""


def operator(*names: str, **details: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function into the table under some names."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        _known.update(dict.fromkeys(names, Operator(function, **details)))
        return function

    return enter


@functools.cache
def operators() -> dict[str, Operator]:
    """Return the table, filled."""
    from zoo_lab.net.onnx import operators as families

    for family in pkgutil.iter_modules(families.__path__):
        importlib.import_module(f"{families.__name__}.{family.name}")
    return _known
