"""Containers, and modules that join tables."""

from __future__ import annotations

import functools
from typing import Any

from zoo_lab.net.torch7.translation import Translation, axis_of, children, module
from zoo_lab.net.torch_file import Record


@module("Sequential")
def sequential(to: Translation, part: Record, given: Any) -> Any:
    """One module after another."""
    return functools.reduce(lambda data, child: to.run(child, data), children(part), given)


@module("Concat")
def concat(to: Translation, part: Record, given: str) -> str:
    """All modules on the same input, joined along a dimension that counts the rows."""
    return to.node("Concat", *(to.run(child, given) for child in children(part)), axis=int(part.get("dimension")) - 1)


@module("ConcatTable")
def concat_table(to: Translation, part: Record, given: Any) -> list[Any]:
    """All modules on the same input."""
    return [to.run(child, given) for child in children(part)]


@module("ParallelTable")
def parallel_table(to: Translation, part: Record, given: list[Any]) -> list[Any]:
    """Each module on its own input."""
    return [to.run(child, data) for child, data in zip(children(part), given, strict=True)]


@module("JoinTable")
def join_table(to: Translation, part: Record, given: list[str]) -> str:
    """Join along a dimension."""
    return to.node("Concat", *given, axis=axis_of(int(part.get("dimension")), part.get("nInputDims")))


@module("SelectTable")
def select_table(_: Translation, part: Record, given: list[Any]) -> Any:
    """Pick one of a table; negative numbers count from the end."""
    index = int(part.get("index"))
    return given[index - 1 if index > 0 else index]


@module("FlattenTable")
def flatten_table(to: Translation, part: Record, given: Any) -> list[str]:
    """Make one table of tables in tables."""
    if not isinstance(given, list):
        return [given]
    return [name for item in given for name in flatten_table(to, part, item)]


_JOINS = {"CAddTable": "Add", "CMulTable": "Mul", "CSubTable": "Sub", "CDivTable": "Div", "CMaxTable": "Max"}
_JOINS |= {"CMinTable": "Min"}


def _enter(kind: str, op: str) -> None:
    @module(kind)
    def join(to: Translation, _: Record, given: list[str]) -> str:
        return functools.reduce(lambda one, other: to.node(op, one, other), given)


for _kind, _op in _JOINS.items():
    _enter(_kind, _op)


@module("Identity", "Contiguous", "Copy")
def same(_: Translation, __: Record, given: Any) -> Any:
    """Return what came."""
    return given
