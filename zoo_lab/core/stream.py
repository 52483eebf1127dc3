"""Carries events from the training loop to whoever listens."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

from zoo_lab.core.events import Event

Listener = Callable[[Event], None]


class EventStream:
    """Deliver each event to every listener, in order, in the thread that emits it.

    A listener that raises is reported once on stderr and then left out: watching a run never stops it.

    Example:
        >>> stream = EventStream()
        >>> unsubscribe = stream.subscribe(print)
        >>> unsubscribe()
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; call what is returned to take it away again."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._remove(listener)

    def emit(self, event: Event) -> None:
        """Hand `event` to every listener."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a display must never end a run
                self._remove(listener)
                sys.stderr.write(f"zoo_lab: a listener failed and was removed:\n{traceback.format_exc()}")

    def _remove(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
