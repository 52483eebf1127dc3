"""The kernel's side of core/kernelstate.py: what the Jupyter server may know of this kernel, and what it asks of it.

The board keeps contexts and runs as plain dicts, writes them to the state file, and hands requests to handlers. The
file:

    {"version": 1, "kernel": id, "updated": seconds since 1970,
     "contexts": [{"app", "master", "executors", "slots", "memory", "state", "ui", "usage"}],
     "runs": [{"id", "name", "state", "iteration", "iterations", "epoch", "epochs", "loss", "samples_per_second",
               "eta_seconds", "cell", "best", "spark"}]}

A context's state is "starting", "warm", "cold" or "stopped", its "usage" what context/usage.py says; a run's state is
"running", "paused", "finished", "stopped", "early" or "failed", its "cell" the notebook cell that it came from, "best"
what best.py says, "spark" its loss in a few points. What is not known is null. Epochs count from 1 here, as people
read them. A run's curves are written beside the file, less often.
"""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoo_lab.core import kernelstate
from zoo_lab.core.events import Event
from zoo_lab.widgets import kernel
from zoo_lab.widgets.best import best
from zoo_lab.widgets.columns import finite
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.thinning import smooth, thin
from zoo_lab.widgets.ticker import Ticker
from zoo_lab.widgets.twin import record

Handler = Callable[[Mapping[str, Any]], object]

_REQUEST_SECONDS = 0.15
_STATE_SECONDS = 1.0
_RECORD_SECONDS = 2.0
_RUNS_KEPT = 20
_SPARK_POINTS = 40


class Board:
    """Publish this kernel's contexts and runs, and take what people ask of them.

    Use `board.listen` as a listener of a run's event stream.

    Args:
        folder: where state files live: `<Jupyter runtime dir>/zoo_lab`.
        kernel_id: this kernel's id.

    Example:
        >>> board = Board(folder, kernel_id)  # doctest: +SKIP
        >>> board.on("stop", lambda request: runs[request["run"]].stop())  # doctest: +SKIP
        >>> unsubscribe = stream.subscribe(board.listen)  # doctest: +SKIP
    """

    def __init__(self, folder: Path, kernel_id: str) -> None:
        self.folder = folder
        self.kernel_id = kernel_id
        self._contexts: dict[str, dict[str, Any]] = {}
        self._runs: dict[str, Curves] = {}
        self._cells: dict[str, str | None] = {}
        self._unrecorded: set[str] = set()  # runs with news since their records were written
        self._recorded: dict[str, float] = {}
        self._handlers: dict[str, list[Handler]] = {}
        self._lock = threading.RLock()
        self._written = 0.0
        self._changed = False
        self._closed = False
        self._ticker: Ticker | None = None
        atexit.register(self.close)

    @classmethod
    def of_this_kernel(cls) -> Board | None:
        """Return a board for the running kernel; None outside one."""
        folder, kernel_id = kernel.runtime_folder(), kernel.kernel_id()
        return cls(folder / "zoo_lab", kernel_id) if folder and kernel_id else None

    def on(self, action: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` with each request of this action, in the board's thread; call the result to end that.

        Requests may name runs that are over or unknown: the handler leaves those alone.
        """
        with self._lock:
            self._handlers.setdefault(action, []).append(handler)
        return lambda: self._forget(action, handler)

    def set_context(self, app: str, **values: Any) -> None:
        """Add or change the context of the application `app`; the state "stopped" is shown for a second, then it goes.

        Args:
            app: the Spark application's name, one entry each.
            values: any of master, executors, slots, memory, state, ui and usage.
        """
        with self._lock:
            known = self._contexts.pop(app, {}) | values
            empty = dict.fromkeys(("master", "executors", "slots", "memory", "state", "ui", "usage"))
            stopped = known.get("state") == "stopped"
            self._contexts[app] = {"app": app, **empty, **known, **({"usage": None} if stopped else {})}
            self._write()
            if stopped:
                del self._contexts[app]
                self._changed = True
        self._watch()

    def note_usage(self, app: str, usage: Mapping[str, Any] | None) -> None:
        """Tell how busy the context of `app` is; written only where that has changed, and of a known context."""
        with self._lock:
            context = self._contexts.get(app)
            if context is not None and context["usage"] != usage:
                context["usage"] = usage
                self._changed = True

    def add_run(self, run_id: str) -> None:
        """Show the run and take requests for it from now on, before its first event."""
        with self._lock:
            self._runs.setdefault(run_id, Curves(run_id))
            self._cells[run_id] = kernel.cell_id()
            self._drop_old_runs()
            self._write()
        self._watch()

    def listen(self, event: Event) -> None:
        """Take an event of a run into account: at once where its state changes, else within a second."""
        with self._lock:
            curves = self._runs.setdefault(event.run, Curves(event.run))
            before = (curves.state, curves.started is None)
            curves.add(event)
            self._changed = True
            self._unrecorded.add(event.run)
            if before != (curves.state, curves.started is None):
                self._drop_old_runs()
                self._write()
        self._watch()

    def listen_beside(self, run_id: str, event: Event) -> None:
        """Take an event of a branch into account that is drawn beside the curve of `run_id`, also once that is over."""
        with self._lock:
            curves = self._runs.get(run_id)
            if curves is not None:
                curves.add(event)
                self._unrecorded.add(run_id)

    def state(self) -> dict[str, Any]:
        """Return what the state file holds."""
        with self._lock:
            return {
                "version": 1,
                "kernel": self.kernel_id,
                "updated": time.time(),
                "contexts": list(self._contexts.values()),
                "runs": [_entry(curves, self._cells.get(run)) for run, curves in self._runs.items()],
            }

    def close(self) -> None:
        """Take no more requests and remove this kernel's files."""
        with self._lock:
            self._closed = True
            ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.close()
        atexit.unregister(self.close)
        kernelstate.remove_state(self.folder, self.kernel_id)

    @property
    def _busy(self) -> bool:
        return self._changed or bool(self._contexts) or any(not curves.over for curves in self._runs.values())

    def _watch(self) -> None:
        with self._lock:
            if self._busy and self._ticker is None and not self._closed:
                self._ticker = Ticker(self._turn, seconds=0.0, every=_REQUEST_SECONDS)
                self._ticker.wake()

    def _turn(self) -> None:
        for request in kernelstate.take_requests(self.folder, self.kernel_id):
            self._handle(request)
        with self._lock:
            if self._changed and time.monotonic() - self._written >= _STATE_SECONDS:
                self._write()
            self._write_records()
            if not self._busy and self._ticker is not None:
                self._ticker.close()
                self._ticker = None

    def _handle(self, request: Mapping[str, Any]) -> None:
        for handler in tuple(self._handlers.get(str(request.get("action")), ())):
            try:
                handler(request)
            except Exception:  # one bad request must not end the others
                sys.stderr.write(f"zoo_lab: a request failed:\n{traceback.format_exc()}")

    def _write(self) -> None:
        self._written, self._changed = time.monotonic(), False
        if self._closed:
            return
        with contextlib.suppress(OSError):  # a full disk must end neither the run nor its Stop button
            kernelstate.write_state(self.folder, self.kernel_id, self.state())

    def _write_records(self) -> None:
        now = time.monotonic()
        for run in () if self._closed else tuple(self._unrecorded):
            curves = self._runs[run]
            if curves.all_over or now - self._recorded.get(run, 0.0) >= _RECORD_SECONDS:
                self._unrecorded.discard(run)
                self._recorded[run] = now
                with contextlib.suppress(OSError):
                    kernelstate.write_record(self.folder, self.kernel_id, run, record(curves))

    def _drop_old_runs(self) -> None:
        over = [run for run, curves in self._runs.items() if curves.over]
        for run in over[: max(len(self._runs) - _RUNS_KEPT, 0)]:
            for kept in (self._runs, self._cells, self._recorded):
                kept.pop(run, None)
            self._unrecorded.discard(run)
            kernelstate.remove_record(self.folder, self.kernel_id, run)

    def _forget(self, action: str, handler: Handler) -> None:
        with self._lock:
            if handler in self._handlers.get(action, ()):
                self._handlers[action].remove(handler)


_boards: dict[str, Board] = {}


def kernel_board() -> Board | None:
    """Return the one board of this kernel, made on first use; None outside a kernel."""
    name = kernel.kernel_id()
    if name is not None and name not in _boards:
        board = Board.of_this_kernel()
        if board is None:
            return None
        _boards[name] = board
    return _boards.get(name or "")


def _entry(curves: Curves, cell: str | None) -> dict[str, Any]:
    points = smooth(thin(curves.values["loss"], _SPARK_POINTS))
    return {
        "id": curves.run,
        "name": curves.name,
        "state": "running" if curves.state == "starting" else curves.state,
        "iteration": curves.last_iteration,
        "iterations": curves.iterations,
        "epoch": curves.epoch + 1,
        "epochs": curves.epochs,
        "loss": finite(curves.values.last().get("loss")),
        "samples_per_second": finite(curves.pace.samples_per_second),
        "eta_seconds": finite(curves.eta_seconds),
        "cell": cell,
        "best": best(curves),
        "spark": [finite(float(f"{point:.4g}")) for point in points],
    }
