"""Shows our own errors as one block: what is wrong and where, with the whole traceback folded below it."""

from __future__ import annotations

import sys
import traceback
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.core.errors import ArgumentError, WorkerError, ZooLabError
from zoo_lab.widgets.kernel import in_kernel


def shorten(error: ZooLabError) -> None:
    """Let IPython show `error` as its message alone; in a context with `debug`, as all there is to know.

    It stays an ordinary exception: "Run all" stops, `%tb` shows the whole traceback. In a notebook that can be unfolded
    above the message too, unless the error is only about how something was called.
    """
    if _debug():
        if isinstance(error, WorkerError) and error.remote_traceback:
            sys.stderr.write(f"On the worker:\n{error.remote_traceback}\n")
        return
    thrown: Any = error
    thrown._render_traceback_ = lambda: message(error).splitlines()  # IPython asks an error for this
    if in_kernel() and not isinstance(error, ArgumentError):
        from IPython.display import display

        display({"text/html": folded(error), "text/plain": ""}, raw=True)


def message(error: ZooLabError) -> str:
    """Return the error as it is shown: its class, its message, and how to see more where there is more."""
    more = "\n(%zoo_context --debug shows the worker's whole traceback.)" if isinstance(error, WorkerError) else ""
    return f"{type(error).__name__}: {error}{more}"


def folded(error: ZooLabError) -> str:
    """Return all that is known of `error` as HTML that shows one line until it is opened.

    Example:
        >>> folded(ZooLabError("no memory")).startswith("<details")
        True
    """
    first = escape(str(error).partition("\n")[0])
    parts = [("Here", "".join(traceback.format_exception(error)))]
    if isinstance(error, WorkerError) and error.remote_traceback:
        parts.insert(0, ("On the worker", error.remote_traceback))
    shown = "".join(f"<h4>{head}</h4><pre>{escape(text)}</pre>" for head, text in parts)
    name = type(error).__name__
    return f'<details class="zoo-error"><summary><b>{name}</b>: {first} · whole traceback</summary>{shown}</details>'


def _debug() -> bool:
    from zoo_lab.context.current import current_context

    context = current_context()
    return context is not None and context.debug
