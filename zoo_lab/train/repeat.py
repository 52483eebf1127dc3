"""Repeats a job that lost a worker: tasks change nothing but their own slot, so that costs only time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from zoo_lab.core.errors import TrainingError, ZooLabError
from zoo_lab.core.events import Event, WorkerLost
from zoo_lab.train.engine import why_lost
from zoo_lab.train.lost import who_was_lost

T = TypeVar("T")
# Four losses at one iteration, as spark.task.maxFailures; each may be met twice: a dead task, then the loss of what it
# kept.
_ATTEMPTS = 8


class Stopped(Exception):
    """The user has asked the run to stop; raised between two iterations."""


class Repeater:
    """Runs the jobs of one run, each up to eight times; every repetition is emitted as `WorkerLost`."""

    def __init__(self, run: str, emit: Callable[[Event], None], stop_asked: Callable[[], bool], here: str = "") -> None:
        self._here = here  # the host of all workers, where they share one
        self._run = run
        self._emit = emit
        self._stop_asked = stop_asked

    def __call__(self, call: Callable[[], T], iteration: int) -> T:
        """Return what `call` returns; errors of the user's code and data pass through at once.

        Args:
            call: runs one job.
            iteration: the one under way, 0 before the first.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return call()
            except ZooLabError:
                raise
            except Exception as error:
                if self._stop_asked():
                    raise Stopped from None
                reason = why_lost(error)
                if attempt == _ATTEMPTS:
                    what = f"Iteration {iteration}" if iteration else "The job"
                    msg = f"{what} failed {attempt} times; the model's code raised nothing: {reason}"
                    raise TrainingError(msg) from error
                worker, host = who_was_lost(error, self._here)
                lost = {"reason": reason, "attempt": attempt, "worker": worker, "host": host}
                self._emit(WorkerLost(run=self._run, iteration=iteration, **lost))
        raise AssertionError


def repeat(call: Callable[[], T]) -> T:
    """Return what `call` returns, outside of runs: it runs one job, again where a worker is lost."""
    return Repeater("", lambda event: None, lambda: False)(call, 0)
