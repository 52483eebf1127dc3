"""Calls a function now and then from a thread of its own, so that training never waits for a screen."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable


class Ticker:
    """Call `work` soon after each `wake`, but at most once in `seconds`.

    Args:
        work: called without arguments, never twice at the same time. If it raises, that is reported once and
            the ticker ends: watching a run never stops it.
        seconds: the shortest time between two calls.
        every: also call when nobody woke it for this many seconds, default None (never).

    Example:
        >>> ticker = Ticker(lambda: None, seconds=0.1)
        >>> ticker.wake()
        >>> ticker.close()
    """

    def __init__(self, work: Callable[[], None], seconds: float, every: float | None = None) -> None:
        self._work = work
        self._seconds = seconds
        self._every = every
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Ask for a call; the thread starts with the first one."""
        if self._thread is None and not self._closed.is_set():
            self._thread = threading.Thread(target=self._turn, name="zoo-lab-ticker", daemon=True)
            self._thread.start()
        self._woken.set()

    def pace(self, seconds: float) -> None:
        """Call `work` at most once in so many seconds from now on."""
        self._seconds = seconds

    def close(self) -> None:
        """Make no further call; one that is under way is waited for."""
        self._closed.set()
        self._woken.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _turn(self) -> None:
        while not self._closed.is_set():
            self._woken.wait(self._every)
            self._woken.clear()
            if self._closed.is_set():
                return
            try:
                self._work()
            except Exception:  # a display must never end a run
                sys.stderr.write(f"zoo_lab: a display failed and was ended:\n{traceback.format_exc()}")
                return
            self._closed.wait(self._seconds)
