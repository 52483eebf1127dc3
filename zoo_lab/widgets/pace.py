"""How fast a run goes: samples per second, time to the end, and where an iteration's time goes."""

from __future__ import annotations

import statistics
from collections import deque

from zoo_lab.core.events import IterationDone

PARTS = ("schedule", "read", "compute", "exchange", "update", "return")
_PART_MEMORY = 0.9  # share of the past that a new iteration leaves in the running mean


class Pace:
    """Follow the iterations of the last seconds.

    Args:
        window_seconds: how far back the rate looks, default 5.0; always at least one iteration.
    """

    def __init__(self, window_seconds: float = 5.0) -> None:
        self._window_seconds = window_seconds
        self._recent: deque[tuple[float, int, float]] = deque()  # time, rows, seconds
        self._count = 0
        self._busy = 0.0
        self._began = 0.0
        self._ended = 0.0
        self.parts: dict[str, float] = {}

    def add(self, event: IterationDone) -> None:
        """Take one finished iteration into account."""
        if not self._count:
            self._began = event.time - event.seconds
        if self._count == 1:  # the first one compiles the model: it says nothing about the rest
            self._recent.clear()
            self.parts.clear()
        self._count += 1
        self._busy += event.seconds
        self._ended = event.time
        self._recent.append((event.time, event.rows, event.seconds))
        while event.time - self._recent[0][0] > self._window_seconds and len(self._recent) > 1:
            self._recent.popleft()
        for part, seconds in event.parts.items():
            self.parts[part] = _PART_MEMORY * self.parts.get(part, seconds) + (1 - _PART_MEMORY) * seconds

    @property
    def samples_per_second(self) -> float | None:
        """Rows per second of training over the window; None before the first iteration."""
        seconds = sum(item[2] for item in self._recent)
        return sum(item[1] for item in self._recent) / seconds if seconds > 0 else None

    def eta_seconds(self, iterations_left: int) -> float | None:
        """Return the seconds that `iterations_left` more should take, validation pauses included."""
        if not self._recent:
            return None
        typical = statistics.median(item[2] for item in self._recent)
        idle = max(self._ended - self._began - self._busy, 0.0) / self._count
        return max(iterations_left, 0) * (typical + idle)
