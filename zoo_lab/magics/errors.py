"""Shows our own errors as their message alone, in place of eighty lines of traceback."""

from __future__ import annotations

import sys
from typing import Any

from zoo_lab.core.errors import WorkerError, ZooLabError


def shorten(error: ZooLabError) -> None:
    """Let IPython show `error` as its message alone; in a context with `debug`, as all there is to know.

    It stays an ordinary exception: "Run all" stops, `%tb` shows the whole traceback.
    """
    if _debug():
        if isinstance(error, WorkerError) and error.remote_traceback:
            sys.stderr.write(f"On the worker:\n{error.remote_traceback}\n")
        return
    thrown: Any = error
    thrown._render_traceback_ = lambda: message(error).splitlines()  # IPython asks an error for this


def message(error: ZooLabError) -> str:
    """Return the error as it is shown: its class, its message, and how to see more where there is more."""
    more = "\n(%zoo_context --debug shows the worker's whole traceback.)" if isinstance(error, WorkerError) else ""
    return f"{type(error).__name__}: {error}{more}"


def _debug() -> bool:
    from zoo_lab.context.current import current_context

    context = current_context()
    return context is not None and context.debug
