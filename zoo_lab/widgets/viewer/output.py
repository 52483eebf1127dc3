"""Puts a viewer into the running cell: the live widget, and beside it the sheet that a saved notebook keeps.

A reopened notebook cannot show a live widget ("model not found"). So a second output holds the sheet from the start
on, brought up to date when what is shown changes, at most once a second; rules of style hide it while the widget is on
the page, and hide the widget's error where it is not.
"""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

from zoo_lab.widgets.viewer import sheet
from zoo_lab.widgets.viewer.contact import contact_sheet
from zoo_lab.widgets.viewer.image_viewer import ImageViewer
from zoo_lab.widgets.viewer.sheet import Sheet

_SECONDS_BETWEEN_SHEETS = 1.0
_RULES = """
body:has(.zoo-viewer[data-view="VIEW"]) .jp-OutputArea-child:has(.zoo-sheet[data-view="VIEW"]){display:none}
body:has(.zoo-viewer[data-view="VIEW"]) .zoo-sheet[data-view="VIEW"]{display:none}
.jp-OutputArea-child:has(+ .jp-OutputArea-child .zoo-sheet[data-view="VIEW"]):not(:has(.zoo-viewer)){display:none}
"""


def show(viewer: ImageViewer) -> None:
    """Show a viewer in the running cell, and keep its sheet up to date from then on."""
    viewer.load_first()
    place = f"zoo-lab-sheet-{uuid.uuid4().hex}"
    widget, _ = viewer._repr_mimebundle_()
    _display(widget | {"text/plain": ""}, f"{place}-live")
    _display(bundle(viewer), place)
    viewer.on_change(_Soon(lambda: _display(bundle(viewer), place, update=True)))


def bundle(viewer: ImageViewer) -> dict[str, Any]:
    """Return what a viewer shows as HTML that hides itself beside the live widget, and as plain text."""
    shown = viewer.sheet()
    style = _RULES.replace("VIEW", viewer.view)
    return {
        "text/html": f'<style>{style}</style><div class="zoo-sheet" data-view="{viewer.view}">{_image(shown)}</div>',
        "text/plain": sheet.words(shown),
    }


def static_bundle(shown: Sheet) -> dict[str, Any]:
    """Return a sheet by MIME type: HTML, PNG and plain text, which need no kernel, no script and no network."""
    png = base64.b64encode(contact_sheet(shown)).decode()
    return {"text/html": _image(shown), "image/png": png, "text/plain": sheet.words(shown)}


def _image(shown: Sheet) -> str:
    # as an image, not inline: only images are told whether their page is light or dark
    source = base64.b64encode(sheet.picture(shown).encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{source}" alt={quoteattr(sheet.words(shown))}>'


class _Soon:
    """Calls `work` within a second of being asked, once for all that is asked meanwhile; between, no thread waits."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._asked = threading.Lock()

    def __call__(self) -> None:
        if self._asked.acquire(blocking=False):
            timer = threading.Timer(_SECONDS_BETWEEN_SHEETS, self._run)
            timer.daemon = True
            timer.start()

    def _run(self) -> None:
        self._asked.release()
        self._work()


def _display(content: dict[str, Any], display_id: str, update: bool = False) -> None:
    from IPython.display import display

    display(content, raw=True, display_id=display_id, update=update)
