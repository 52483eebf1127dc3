"""Imports packages that only some features need, and names the extra when one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from zoo_lab.core.errors import MissingExtraError


def require(module: str, extra: str, why: str) -> ModuleType:
    """Import `module`, or raise `MissingExtraError` naming the extra of zoo_lab that brings it.

    Example:
        >>> require("json", extra="none", why="reading JSON").__name__
        'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        msg = f"{why} needs the package {module.split('.')[0]!r}. Install it with: pip install 'zoo-lab[{extra}]'"
        raise MissingExtraError(msg) from error
