"""How named fields make up the inputs, targets and sample weights of a model. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Nest = Any
"""A field name, a list or tuple of nests, a dict of nests, or None."""


@dataclass(frozen=True)
class Structure:
    """Field names in the shape in which the model takes them.

    `x` and `y` are a field name, a list or a dict of field names; `y` and `weight` may be None.
    """

    x: Nest
    y: Nest = None
    weight: Nest = None

    def fields(self) -> list[str]:
        """Return every field name once, inputs first."""
        return list(dict.fromkeys([*leaves(self.x), *leaves(self.y), *leaves(self.weight)]))


def map_leaves(function: Callable[[Any], Any], nest: Nest) -> Any:
    """Return `nest` with `function` applied to every leaf; None stays None."""
    if nest is None:
        return None
    if isinstance(nest, Mapping):
        return {key: map_leaves(function, item) for key, item in nest.items()}
    if isinstance(nest, (list, tuple)):
        return [map_leaves(function, item) for item in nest]
    return function(nest)


def leaves(nest: Nest) -> list[Any]:
    """Return the leaves of `nest` in order."""
    found: list[Any] = []
    map_leaves(found.append, nest)
    return found


def name_leaves(prefix: str, nest: Nest) -> Nest:
    """Return `nest` with every leaf replaced by a field name that starts with `prefix`.

    Example:
        >>> name_leaves("x", {"user": 1, "item": 2})
        {'user': 'x0', 'item': 'x1'}
    """
    count = iter(range(1_000_000))
    return map_leaves(lambda _leaf: f"{prefix}{next(count)}", nest)
