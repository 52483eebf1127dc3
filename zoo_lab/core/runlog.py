"""A run as one small JSON-lines file: written as it goes, read back without Spark."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from zoo_lab.core.events import Event, IterationDone


class RunLog:
    """Append each event to `path`, one JSON object a line.

    Iterations are flushed at most every `flush_seconds` (default 1.0), so that a reader lags by about a second
    and a fast run is not slowed by its own log; the rarer events are at once. Use it as a stream's listener. What comes
    after `close` is appended too, if the file is still there: a run that is over can be rewound, or branched from.
    """

    def __init__(self, path: Path, flush_seconds: float = 1.0) -> None:
        self.path = path
        self._flush_seconds = flush_seconds
        self._flushed = time.monotonic()
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def __call__(self, event: Event) -> None:
        line = json.dumps(event.to_dict(), separators=(",", ":")) + "\n"
        with self._lock:  # buttons are pressed in other threads
            if self._file.closed:
                return self._append(line)
            self._file.write(line)
        now = time.monotonic()
        if not isinstance(event, IterationDone) or now - self._flushed >= self._flush_seconds:
            self.flush()

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        self._flushed = time.monotonic()
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self._file.close()

    def _append(self, line: str) -> None:
        with contextlib.suppress(OSError):
            with self.path.open("r+", encoding="utf-8") as file:  # not "a": what was deleted stays so
                file.seek(0, 2)
                file.write(line)


def read_events(path: Path | str, most_bytes: int | None = None) -> Iterator[Event]:
    """Yield the events of a run file in order, of its first `most_bytes` only unless None.

    A last line cut short by a killed process is left out; a damaged line elsewhere raises ValueError
    naming it.
    """
    with open(path, "rb") as lines:
        read = 0
        for number, raw in enumerate(lines, start=1):
            read += len(raw)
            if most_bytes is not None and read > most_bytes:
                return
            line = raw.decode("utf-8", errors="replace")
            try:
                yield Event.from_dict(json.loads(line))
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                if not line.endswith("\n"):
                    return
                msg = f"{path}, line {number}: expected an event written by zoo_lab; received {line[:80]!r}."
                raise ValueError(msg) from error
