"""What a cell shows of a run: the live widget while it trains, the static twin once it is over.

A saved notebook cannot show a live widget again ("model not found"), so a second output holds the twin from the
start on, brought up to date with each epoch, but not in every second: a picture weighs as much as thousands of
iterations, and a page gets at most 30 KB a second in all. A rule of style hides it while the live widget is on the page;
on a page that was opened again it shows, and hides the error instead. At the end the twin takes the widget's place and
the second output is emptied.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.core.events import EpochDone, Event, RunStarted, RunStopped
from zoo_lab.widgets import kernel, twin
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.ticker import Ticker
from zoo_lab.widgets.training_monitor import TrainingMonitor

_SECONDS_BETWEEN_TWINS = 1.0
_TWIN_BYTES_A_SECOND = 8_000
_POINTS_IN_MID_RUN = 100  # it goes over the wire again and again
_MONITORS_KEPT = 5
_ended: deque[TrainingMonitor] = deque()


class CellDisplay:
    """Show a run in the output of the running cell, at once and until it is over.

    Use it as a listener of the run's event stream. It may be called from any thread.

    Args:
        run_id: the run to show.
        on_stop: called without arguments when the user pressed Stop and the kernel heard of it.
        kernel_id: default: this kernel's.
        on_request: called with what the other buttons ask for, such as {"action": "pause", "run": "run-1"}.

    Example:
        >>> display = CellDisplay(run.id, on_stop=run.stop)  # doctest: +SKIP
        >>> unsubscribe = stream.subscribe(display)  # doctest: +SKIP
    """

    def __init__(
        self,
        run_id: str,
        on_stop: Callable[[], object] | None = None,
        kernel_id: str | None = None,
        on_request: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        self.run_id = run_id
        self.monitor = TrainingMonitor(run_id, kernel_id or kernel.kernel_id(), on_stop, on_request)
        self._live = f"zoo-lab-live-{run_id}"
        self._twin = f"zoo-lab-twin-{run_id}"
        widget, _ = self.monitor._repr_mimebundle_()
        _show(widget | {"text/plain": ""}, self._live)
        _show(self.monitor.read(_hidden_twin), self._twin)
        self._ticker = Ticker(self._follow, _SECONDS_BETWEEN_TWINS)
        self._ended = False

    def __call__(self, event: Event) -> None:
        """Show what the event changes."""
        self.monitor(event)
        if isinstance(event, RunStopped) and self.monitor.curves.all_over:
            self._end()
        elif self._ended or (event.run == self.run_id and isinstance(event, (RunStarted, EpochDone))):
            self._ticker.wake()

    def _follow(self) -> None:
        if self._ended:
            self._show_twin()
        else:
            shown = self.monitor.read(_hidden_twin)
            _show(shown, self._twin, update=True)
            self._ticker.pace(max(_SECONDS_BETWEEN_TWINS, len(json.dumps(shown)) / _TWIN_BYTES_A_SECOND))

    def _end(self) -> None:
        """Put the twin in the widget's place; it follows what comes later, such as a branch that begins then."""
        self._ticker.close()
        self._show_twin()
        if not self._ended:
            _show({"text/html": _NOTHING, "text/plain": ""}, self._twin, update=True)
            _keep_for_reloaded_pages(self.monitor)
        self._ended, self._ticker = True, Ticker(self._follow, _SECONDS_BETWEEN_TWINS)

    def _show_twin(self) -> None:
        kernel_id = self.monitor.kernel_id
        _show(self.monitor.read(lambda curves: twin.bundle(curves, kernel_id)), self._live, update=True)


_RULES = """
body:has(.zoo-monitor[data-run="RUN"]) .jp-OutputArea-child:has(.zoo-twin[data-run="RUN"]){display:none}
body:has(.zoo-monitor[data-run="RUN"]) .zoo-twin[data-run="RUN"]{display:none}
.jp-OutputArea-child:has(+ .jp-OutputArea-child .zoo-twin[data-run="RUN"]):not(:has(.zoo-monitor)){display:none}
"""
_NOTHING = '<style>.jp-OutputArea-child:has(.zoo-nothing){display:none}</style><span class="zoo-nothing"></span>'


def _hidden_twin(curves: Curves) -> dict[str, Any]:
    run = escape(curves.run, {'"': "&quot;"})
    style = _RULES.replace("RUN", run)
    words = escape(twin.words(curves), {'"': "&quot;"})
    # as an image, not inline: only images are told whether their page is light or dark
    source = base64.b64encode(twin.picture(curves).encode()).decode()
    image = f'<img src="data:image/svg+xml;base64,{source}" alt="{words}">'
    body = f'<style>{style}</style><div class="zoo-twin" data-run="{run}">{image}</div>'
    return {"text/html": body, "text/plain": twin.words(curves), twin.RUN_MIME: twin.record(curves, _POINTS_IN_MID_RUN)}


def shows(run_id: str) -> bool:
    """Tell whether a cell shows how this run ended, among the newest few."""
    return any(monitor.run_id == run_id for monitor in _ended)


def _keep_for_reloaded_pages(monitor: TrainingMonitor) -> None:
    """Leave the newest monitors open: a page that was reloaded in mid-run does not get the twin, only packets."""
    _ended.append(monitor)
    if len(_ended) > _MONITORS_KEPT:
        _ended.popleft().close()


def _show(bundle: dict[str, Any], display_id: str, update: bool = False) -> None:
    from IPython.display import display

    display(bundle, raw=True, display_id=display_id, update=update)
