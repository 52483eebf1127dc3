"""Decides when workers that would wait for each other take turns instead, since other jobs hold slots. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable

_PATIENCE_SECONDS = 1.0
_APART_SECONDS = 10.0


class Crowding:
    """Watches whether the tasks of a job that meet in mid-job all have a slot.

    Args:
        workers: number of those tasks.
        running: tells how many of them have a slot, None where that is not known.
        now: the clock, in seconds.
    """

    def __init__(
        self, workers: int, running: Callable[[], int | None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._workers = workers
        self._running = running
        self._now = now
        self._begin: float | None = None
        self._until = -1.0

    def begin(self) -> None:
        """Take note of a new job."""
        self._begin = None

    def found(self, present: int) -> bool:
        """While the job is under way: tell whether it is to be given up, of whose tasks `present` have begun to work.

        Its tasks have a second to get their slots. One that has a slot and loads TensorFlow is waited for.
        """
        now = self._now()
        self._begin = now if self._begin is None else self._begin
        if present >= self._workers or now - self._begin < _PATIENCE_SECONDS:
            return False
        running = self._running()
        if running is None or running >= self._workers:
            return False
        self._until = now + _APART_SECONDS
        return True

    @property
    def apart(self) -> bool:
        """Whether tasks must not wait for each other now: for ten seconds; then it is tried again."""
        return self._now() < self._until
