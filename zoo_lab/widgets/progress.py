"""A run as text, for places without a notebook: one line that refreshes on a terminal, a few lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from typing import TextIO

from zoo_lab.core.events import (
    BatchRejected,
    EpochDone,
    Event,
    IterationDiscarded,
    IterationDone,
    KnobTurned,
    Notice,
    RunContinued,
    RunPaused,
    RunStarted,
    RunStopped,
    WorkerLost,
)
from zoo_lab.widgets import wording
from zoo_lab.widgets.curves import Curves

_BAR_WIDTH = 20


class TextProgress:
    """Print a run's progress, with numbers as Keras prints them.

    On a terminal the line of the running epoch is rewritten in place, at most ten times a second; in a file or a
    pipe there is one line an epoch, and in long epochs one every ten seconds.

    Args:
        run_id: the run to print; others are ignored.
        stream: where to, default standard output.

    Example:
        >>> unsubscribe = stream.subscribe(TextProgress("run-1"))  # doctest: +SKIP
    """

    def __init__(self, run_id: str, stream: TextIO | None = None) -> None:
        self.curves = Curves(run_id)
        self._stream = stream if stream is not None else sys.stdout
        self._terminal = self._stream.isatty()
        self._seconds = 0.1 if self._terminal else 10.0
        self._printed = -math.inf
        self._open_line = 0  # how many characters of an unfinished line are on the terminal

    def __call__(self, event: Event) -> None:
        """Print what the event changes."""
        if event.run != self.curves.run:
            return
        self.curves.add(event)
        if isinstance(event, IterationDone):
            self._iteration()
        elif isinstance(event, EpochDone):
            self._line(self._epoch(event))
        elif isinstance(event, RunStarted):
            self._line(f"{event.name}: {_settings(event)}")
        elif isinstance(event, (Notice, WorkerLost, BatchRejected, IterationDiscarded)):
            self._line(self.curves.notice)
        elif isinstance(event, (RunPaused, RunContinued, KnobTurned)):
            self._line(_aside(event))
        elif isinstance(event, RunStopped):
            self._line(self.curves.status)

    def _iteration(self) -> None:
        now = time.monotonic()
        if self._printed == -math.inf and not self._terminal:
            self._printed = now  # a short epoch needs no line of its own before its end
        if now - self._printed < self._seconds:
            return
        self._printed = now
        line = self._running()
        if self._terminal:
            self._rewrite(line)
        else:
            self._line(line)

    def _running(self) -> str:
        eta = self.curves.eta_seconds
        pace = [*self._rate(), *([] if eta is None else [f"ETA {wording.duration(eta)}"])]
        return f"{_capital(self.curves.status)} {self._bar()}{' - '.join([*pace, _values(self._newest())])}"

    def _rate(self) -> list[str]:
        """Return the rate where it is known: a resumed run tells of epochs before it has done anything itself."""
        rate = self.curves.pace.samples_per_second
        return [] if rate is None else [wording.rate(rate)]

    def _newest(self) -> dict[str, float]:
        newest = self.curves.values.last()
        return {name: newest[name] for name in ("loss", *self.curves.metrics) if name in newest}

    def _bar(self) -> str:
        if not self._terminal or not self.curves.iterations:
            return "- "
        done = self.curves.epoch_step / max(self.curves.epoch_steps, 1)
        full = min(max(round(done * _BAR_WIDTH), 0), _BAR_WIDTH)
        return f"{'━' * full}{'─' * (_BAR_WIDTH - full)} "

    def _epoch(self, event: EpochDone) -> str:
        self._printed = time.monotonic()
        of = f"/{self.curves.epochs}" if self.curves.epochs else ""
        pace = " - ".join([wording.duration(event.seconds), *self._rate()])
        return f"Epoch {event.epoch + 1}{of} - {pace} - {_values(self.curves.epoch_values.last())}"

    def _rewrite(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._open_line))
        self._stream.flush()
        self._open_line = len(text)

    def _line(self, text: str) -> None:
        start = "\r" if self._open_line else ""
        self._stream.write(f"{start}{text.ljust(self._open_line)}\n")
        self._stream.flush()
        self._open_line = 0


def _aside(event: RunPaused | RunContinued | KnobTurned) -> str:
    if isinstance(event, KnobTurned):
        knob = event.knob.replace("_", " ")
        return f"From iteration {event.iteration + 1:,} on: {knob} {event.before:.4g} → {event.value:.4g}."
    doing = "Paused" if isinstance(event, RunPaused) else "Going on"
    return f"{doing} after iteration {event.iteration:,}."


def _settings(event: RunStarted) -> str:
    cut_short = 0 < event.iterations < event.epochs * event.steps_per_epoch
    parts = [
        event.model,
        f"{event.parameters:,} parameters",
        f"{event.rows:,} rows",
        f"batch size {event.batch_size:,}",
        wording.plural(event.iterations, "iteration") if cut_short else wording.plural(event.epochs, "epoch"),
        f"{wording.plural(event.workers, 'worker')} ({event.sync})",
    ]
    return ", ".join(parts)


def _values(values: dict[str, float]) -> str:
    return " - ".join(f"{name}: {wording.value(number)}" for name, number in values.items())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
