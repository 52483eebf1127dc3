"""zoo_lab: deep learning on Apache Spark from a notebook cell.

Public names load on first use, so that `import zoo_lab` stays instant.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# name -> module that defines it; the one list of public names, sorted.
_PUBLIC = {
    "FeatureSet": "zoo_lab.feature.featureset",
    "NNContext": "zoo_lab.context.nncontext",
    "Run": "zoo_lab.train.run",
    "ZooLabError": "zoo_lab.core.errors",
    "evaluate": "zoo_lab.train.api",
    "fit": "zoo_lab.train.api",
    "init_nncontext": "zoo_lab.context.nncontext",
    "predict": "zoo_lab.infer.api",
}

__all__ = sorted([*_PUBLIC, "__version__"])

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext as NNContext
    from zoo_lab.context.nncontext import init_nncontext as init_nncontext
    from zoo_lab.core.errors import ZooLabError as ZooLabError
    from zoo_lab.feature.featureset import FeatureSet as FeatureSet
    from zoo_lab.infer.api import predict as predict
    from zoo_lab.train.api import evaluate as evaluate
    from zoo_lab.train.api import fit as fit
    from zoo_lab.train.run import Run as Run


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    msg = f"module 'zoo_lab' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: what `%load_ext zoo_lab` calls."""
    from zoo_lab.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again: what `%unload_ext zoo_lab` calls."""
    from zoo_lab.magics import unload

    unload(shell)
