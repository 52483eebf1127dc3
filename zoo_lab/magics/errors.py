"""Shows our own errors as one block: what is wrong, where, what to do, with the whole traceback folded below it."""

from __future__ import annotations

import sys
import traceback
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.core.errors import ArgumentError, TrainingError, WorkerError, ZooLabError
from zoo_lab.core.report import placed_report, report_of
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
    if in_kernel() and not isinstance(error, ArgumentError) and not _shown_by_its_run(error):
        from IPython.display import display

        display({"text/html": block(error), "text/plain": ""}, raw=True)


def _shown_by_its_run(error: ZooLabError) -> bool:
    """Tell whether the cell's monitor says all of this already."""
    from zoo_lab.widgets.cell import shows

    return isinstance(error, TrainingError) and shows(error.run)


def message(error: ZooLabError) -> str:
    """Return the error as it is shown: its class, its message, and how to see more where there is more."""
    more = "\n(%zoo_context --debug shows the worker's whole traceback.)" if isinstance(error, WorkerError) else ""
    return f"{type(error).__name__}: {error}{more}"


def block(error: ZooLabError) -> str:
    """Return all that is known of `error` as HTML: what, where, on which worker, of which sample, what to do.

    The whole traceback is folded below.

    Example:
        >>> block(ZooLabError("no memory")).startswith('<div class="zoo-error"')
        True
    """
    report = placed_report(report_of(error))
    rows = "".join(f"<dt>{name}</dt><dd>{_lines(words)}</dd>" for name, words in report.rows)
    parts = [("Here", "".join(traceback.format_exception(error)))]
    if isinstance(error, WorkerError) and error.remote_traceback:
        parts.insert(0, ("On the worker", error.remote_traceback))
    whole = "".join(f"<h4>{head}</h4><pre>{escape(text)}</pre>" for head, text in parts)
    folded = f"<details><summary>whole traceback</summary>{whole}</details>"
    return f'<div class="zoo-error" role="group" aria-label="{type(error).__name__}"><dl>{rows}</dl>{folded}</div>'


def _lines(words: str) -> str:
    return "<br>".join(escape(line) for line in words.splitlines())


def _debug() -> bool:
    from zoo_lab.context.current import current_context

    context = current_context()
    return context is not None and context.debug
