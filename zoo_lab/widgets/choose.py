"""Chooses what shows a run: a widget in a notebook's cell, lines of text elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo_lab.core.events import Event
from zoo_lab.widgets import kernel


def display_for(
    run_id: str,
    on_stop: Callable[[], object] | None = None,
    on_request: Callable[[Mapping[str, Any]], object] | None = None,
) -> Callable[[Event], None]:
    """Return a listener that shows the run where this process's output goes.

    Args:
        run_id: the run to show.
        on_stop: called when the user pressed the widget's Stop and the kernel heard of it.
        on_request: called with what the widget's other buttons ask for.

    Example:
        >>> type(display_for("run-1")).__name__
        'TextProgress'
    """
    if kernel.in_kernel():
        from zoo_lab.widgets.cell import CellDisplay

        return CellDisplay(run_id, on_stop=on_stop, on_request=on_request)
    from zoo_lab.widgets.progress import TextProgress

    return TextProgress(run_id)
