"""Keeps warm workers warm: Spark closes Python workers that have been idle for a minute, TensorFlow and all."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Spark's limit is 60 s, looked at every 10 s and written into its PythonWorkerFactory.
IDLE_SECONDS = 40.0
_LOOK_SECONDS = 2.0


class KeepAlive:
    """A daemon thread that calls `touch` whenever nothing has run for a while.

    Args:
        idle_seconds: gives the seconds since Spark last worked for the context, 0 while it does.
        touch: runs a tiny job on all workers.
        after: touch when idle this long, in seconds.
    """

    def __init__(
        self, idle_seconds: Callable[[], float], touch: Callable[[], None], after: float = IDLE_SECONDS
    ) -> None:
        self._idle_seconds = idle_seconds
        self._touch = touch
        self._after = after
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="zoo_lab keep-alive", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End, waiting up to `seconds` for a touch under way."""
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(seconds)

    def _serve(self) -> None:
        while not self._stopping.wait(min(_LOOK_SECONDS, self._after)):
            if self._idle_seconds() >= self._after:
                self._touch()
