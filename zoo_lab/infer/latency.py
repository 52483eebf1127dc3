"""How long calls take: counts them all, and keeps the last ten thousand times for percentiles."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_KEPT = 10_000


@dataclass(frozen=True)
class Latency:
    """Times of calls in milliseconds; NaN where there was none.

    Attributes:
        count: calls that gave a result.
        failures: calls that raised an error; their times are left out.
        rows: rows in all results.
        mean, p50, p99, longest: over the last 10,000 of them.
    """

    count: int
    failures: int
    rows: int
    mean: float
    p50: float
    p99: float
    longest: float


class LatencyMeter:
    """Measures calls from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seconds: deque[float] = deque(maxlen=_KEPT)
            self._count = self._failures = self._rows = 0

    @contextlib.contextmanager
    def call(self, rows: int) -> Iterator[None]:
        """Measure one call on so many rows; an error in it counts as a failure."""
        begin = time.perf_counter()
        try:
            yield
        except BaseException:
            with self._lock:
                self._failures += 1
            raise
        seconds = time.perf_counter() - begin
        with self._lock:
            self._seconds.append(seconds)
            self._count += 1
            self._rows += rows

    def read(self) -> Latency:
        """Return what was measured so far."""
        with self._lock:
            times = 1000 * np.asarray(self._seconds)
            counts = self._count, self._failures, self._rows
        if not len(times):
            return Latency(*counts, *[float("nan")] * 4)
        p50, p99 = np.percentile(times, [50, 99])
        return Latency(*counts, float(times.mean()), float(p50), float(p99), float(times.max()))
