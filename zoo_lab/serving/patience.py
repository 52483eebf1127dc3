"""Closes connections whose headers do not come in time: uvicorn itself waits for them for ever.

A connection that sends a byte now and then would hold its place among those that may be open. What comes after the
headers, the body, has a limit of its own in the application.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Patience(asyncio.Protocol):
    """Hands everything on to uvicorn's protocol, and counts the time while that has no request to work on.

    Args:
        inner: uvicorn's H11Protocol for this connection.
        seconds: in which the headers of a request must have come, from the connection or the request's first byte on.
    """

    def __init__(self, inner: Any, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to count."""
        self._transport = transport
        self._inner.connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Count on, unless these were the last of a request's headers."""
        self._inner.data_received(data)
        if self._working():
            self._stop()
        elif self._timer is None:
            self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count no more."""
        self._stop()
        self._inner.connection_lost(exc)

    def eof_received(self) -> bool | None:
        """Hand on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Hand on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand on."""
        self._inner.resume_writing()

    def _working(self) -> bool:
        return self._inner.cycle is not None and not self._inner.cycle.response_complete

    def _start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self._timer = None
        if not self._working():
            self._transport.abort()
