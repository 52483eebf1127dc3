"""The live picture of a run in a notebook cell. Curves keep the numbers; packets carry them; the front end draws."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import anywidget
import traitlets

from zoo_lab.core.events import Event, RunStopped
from zoo_lab.widgets import assets
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.packets import news, packet
from zoo_lab.widgets.ticker import Ticker

_SECONDS_BETWEEN_PACKETS = 0.1
_FAST = 250  # iterations a second, from which on packets come half as often: a page gets at most 30 KB a second
Shown = TypeVar("Shown")


class TrainingMonitor(anywidget.AnyWidget):
    """Show a run while it trains: curves, pace, progress and a Stop button.

    Use it as a listener of the run's event stream. It sends only what is new, at most ten times a second and from
    a thread of its own; the whole history goes out once when a page says that it is ready.

    Args:
        run_id: the run whose events it shows; others are ignored.
        kernel_id: the kernel's id, default "" (then Stop only goes over the kernel's own channel).
        on_stop: called without arguments, once, when Stop was pressed and the kernel heard of it.
        on_request: called with each other request that a button made, such as {"action": "pause", "run": "run-1"},
            if the kernel hears of it before the Jupyter server hands it over: it may come twice.

    Example:
        >>> monitor = TrainingMonitor("run-1", on_stop=run.stop)  # doctest: +SKIP
        >>> unsubscribe = stream.subscribe(monitor)  # doctest: +SKIP
    """

    _esm = assets.module("training_monitor")
    _css = assets.style(*assets.MONITOR_STYLES)

    run_id = traitlets.Unicode().tag(sync=True)
    kernel_id = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        run_id: str,
        kernel_id: str | None = None,
        on_stop: Callable[[], object] | None = None,
        on_request: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        super().__init__(run_id=run_id, kernel_id=kernel_id or "")
        self.curves = Curves(run_id)
        self._on_stop = on_stop
        self._on_request = on_request
        self._lock = threading.Lock()
        self._sent = 0
        self._epochs_sent = 0
        self._marks_sent = 0
        self._lanes_sent = 0
        self._told: dict[str, Any] = {}
        self._seconds = _SECONDS_BETWEEN_PACKETS
        self._beside_sent: dict[str, int] = {}
        self._rejected_sent = 0
        self._watch_sent = -1
        self._ticker = self._new_ticker()
        self.on_msg(self._receive)

    def __call__(self, event: Event) -> None:
        """Take an event into account; it is on the page within a tenth of a second."""
        with self._lock:
            self.curves.add(event)
        if isinstance(event, RunStopped) and self.curves.over:
            if self.curves.all_over:
                self._ticker.close()
                self._ticker = self._new_ticker()  # for a branch that begins later
            self.flush()
        else:
            self._ticker.wake()

    def _new_ticker(self) -> Ticker:
        return Ticker(self.flush, self._seconds)

    def read(self, work: Callable[[Curves], Shown]) -> Shown:
        """Return what `work` makes of the curves while no event changes them."""
        with self._lock:
            return work(self.curves)

    def flush(self) -> None:
        """Send what no view has seen yet."""
        with self._lock:
            sent = (self._sent, self._epochs_sent, self._marks_sent, self._beside_sent, self._rejected_sent)
            self._deliver(*packet(self.curves, *sent, lane_start=self._lanes_sent))

    def close(self) -> None:
        """End the thread and remove all views."""
        if hasattr(self, "_ticker"):  # ipywidgets also closes what its constructor never finished
            self._ticker.close()
        super().close()

    def _receive(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        if content.get("type") == "ready":
            self._send_history()
        elif content.get("type") == "stop":
            self._stop_once()
        elif content.get("type") == "request" and isinstance(content.get("request"), Mapping):
            self._pass_on(content["request"])

    def _send_history(self) -> None:
        with self._lock:
            self._deliver(*packet(self.curves, reset=True))

    def _deliver(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        curves = self.curves
        self._sent, self._epochs_sent, self._marks_sent = len(curves), len(curves.epoch_values), len(curves.marks)
        self._lanes_sent = len(curves.lanes.table)
        if not content["reset"]:
            self._pace(content["count"])
        known, self._told = {} if content["reset"] else self._told, content["summary"]
        content = {**content, "summary": news(known, self._told)}
        self._rejected_sent = len(curves.rejected)
        if content["reset"]:
            self._watch_sent = -1
        told, pictures = curves.watched.packet(self._watch_sent, len(buffers))
        if told:
            self._watch_sent = told["watch"]["iteration"]
            content, buffers = {**content, **told}, [*buffers, *pictures]
        self._beside_sent = {run: len(other) for run, other in curves.beside.items()}
        self.send(content, buffers)

    def _pace(self, rows: int) -> None:
        """Choose when the next packet comes, after one with so many iterations."""
        fast = rows > _FAST * self._seconds
        self._seconds = _SECONDS_BETWEEN_PACKETS * (2 if fast else 1)
        self._ticker.pace(self._seconds)

    def _pass_on(self, request: Mapping[str, Any]) -> None:
        if self._on_request is not None and (not self.curves.over or request.get("action") == "branch"):
            self._on_request(request)

    def _stop_once(self) -> None:
        on_stop, self._on_stop = self._on_stop, None
        if on_stop is not None and not self.curves.over:
            on_stop()
