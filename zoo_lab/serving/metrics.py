"""What a service counts, in the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable

from zoo_lab.core.optional import require

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters of one service.

    Args:
        waiting: tells how many requests wait now.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        prometheus = require("prometheus_client", extra="serve", why="The service's metrics")
        self._registry = prometheus.CollectorRegistry()
        own = {"registry": self._registry}
        self._requests = prometheus.Counter(
            "zoo_lab_requests_total", "Requests to predict, by HTTP status.", ["status"], **own
        )
        self._seconds = prometheus.Histogram(
            "zoo_lab_request_seconds", "From a request's headers to its answer.", buckets=_SECONDS, **own
        )
        self._rows = prometheus.Histogram("zoo_lab_batch_rows", "Rows that shared a call.", buckets=_ROWS, **own)
        prometheus.Gauge("zoo_lab_waiting_requests", "Requests that wait for a call.", **own).set_function(waiting)
        prometheus.ProcessCollector(registry=self._registry)
        self._generate = prometheus.generate_latest
        self.content_type: str = prometheus.CONTENT_TYPE_LATEST

    def answered(self, status: int, seconds: float) -> None:
        """Count one request to predict."""
        self._requests.labels(str(status)).inc()
        self._seconds.observe(seconds)

    def computed(self, rows: int) -> None:
        """Count one call of the model."""
        self._rows.observe(rows)

    def text(self) -> bytes:
        """Return all of it as Prometheus' text."""
        return self._generate(self._registry)
