"""Lets ■ end what Spark ML's tuning began: CrossValidator and the like fit in threads, which no interrupt reaches.

IPython tells when a cell has ended with an interrupt. Then the runs of such threads are stopped, and a thread that has
lost its cell begins no more of them.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zoo_lab.core.errors import TrainingError
from zoo_lab.core.events import Event, RunStarted
from zoo_lab.train.run import running_runs

_lock = threading.Lock()
_fits: dict[threading.Thread, set[str]] = {}
_left: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_watched: weakref.WeakSet[Any] = weakref.WeakSet()


@contextmanager
def ending_with_its_cell() -> Iterator[list[Any]]:
    """Give the listeners that a fit needs to end with the notebook cell that it came from; none in the main thread.

    Raises `TrainingError` in a thread whose cell was interrupted.
    """
    shell, thread = _shell(), threading.current_thread()
    if shell is None or thread is threading.main_thread():
        yield []
        return
    _expect_cell(thread)
    runs: set[str] = set()

    def listen(event: Event) -> None:
        runs.add(event.run)
        if isinstance(event, RunStarted) and thread in _left:  # interrupted while its rows were pinned
            _stop({event.run})

    with _lock:
        _fits[thread] = runs
        if shell not in _watched:
            _watched.add(shell)
            shell.events.register("post_run_cell", _cell_ended)
    try:
        yield [listen]
    finally:
        with _lock:
            _fits.pop(thread, None)
    _expect_cell(thread)


def _cell_ended(result: Any) -> None:
    if not isinstance(result.error_in_exec, KeyboardInterrupt):
        return
    with _lock:
        _left.update(_fits)
        runs = set().union(*_fits.values())
    _stop(runs)


def _stop(runs: set[str]) -> None:
    for run in running_runs():
        if run.id in runs:
            run.stop()


def _expect_cell(thread: threading.Thread) -> None:
    if thread in _left:
        msg = "The cell that began this fit was interrupted; what it would have trained next is left out."
        raise TrainingError(msg)


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
