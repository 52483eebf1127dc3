"""Public names of a package that load on first use, so that importing the package costs nothing."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package.

    Args:
        package: its `__name__`.
        modules: public name → module that defines it.

    Example:
        >>> __getattr__, __dir__, __all__ = lazy_names("zoo_lab.net", {"Net": "zoo_lab.net.net"})
        >>> __all__
        ['Net']
    """
    names = sorted(modules)

    def load(name: str) -> Any:
        if name in modules:
            return getattr(importlib.import_module(modules[name]), name)
        near = difflib.get_close_matches(name, names, n=1)
        msg = f"module {package!r} has no attribute {name!r}" + (f". Did you mean {near[0]!r}?" if near else "")
        raise AttributeError(msg, name=name)

    return load, lambda: names, names
