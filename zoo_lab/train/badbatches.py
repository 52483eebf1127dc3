"""What becomes of a batch whose loss is not finite, or far above those before it: nothing of it has been applied.

Policy says what the user wants · Spikes knows how high a loss may be · BadBatches has the batch examined, tells, asks
where it is to ask, and says whether the run goes on behind the batch or computes it again.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import NumericsError
from zoo_lab.core.events import BatchHandled, BatchRejected
from zoo_lab.core.report import ErrorReport
from zoo_lab.train.examine import MOST_LOSSES, Examine, Examined
from zoo_lab.train.plan import Position
from zoo_lab.train.repeat import Stopped

if TYPE_CHECKING:
    from zoo_lab.train.engine import Engine
    from zoo_lab.train.live import LiveModel
    from zoo_lab.train.run import Run
    from zoo_lab.train.sync.base import Done

POLICIES = ("raise", "skip", "quarantine", "ask")
CHOICES = ("skip", "quarantine", "retry", "raise")
ASK_SECONDS = 600.0
_WINDOW = 50
_FEWEST = 10
_LOOK_SECONDS = 0.1
_PICTURED = 5
_NAMED = 12


@dataclass(frozen=True)
class Policy:
    """What becomes of bad batches.

    Attributes:
        choice: one of "raise", "skip", "quarantine" and "ask".
        spikes: a loss above so many times the running median is bad too; None lets all finite ones pass.
    """

    choice: str = "raise"
    spikes: float | None = None


def check_policy(checks: Checks, bad_batch: Any, spikes: Any, sync_every: Any) -> None:
    """Note what is wrong with the arguments of `fit`."""
    checks.one_of("bad_batch", bad_batch, POLICIES)
    number = isinstance(spikes, (int, float)) and not isinstance(spikes, bool) and math.isfinite(spikes) and spikes > 1
    checks.require(spikes is None or number, f"Expected spikes to be None or a factor above 1; received {spikes!r}.")
    exact = sync_every == 1 or (bad_batch == "raise" and spikes is None)
    told = "workers that step by themselves apply a batch before its loss is known"
    checks.require(
        exact, f"Expected sync_every=1 with bad_batch or spikes: {told}; received sync_every={sync_every!r}."
    )


class Spikes:
    """The highest loss that passes: a factor times the median of the last 50, once there are ten."""

    def __init__(self, factor: float | None) -> None:
        self._factor = factor
        self._losses: deque[float] = deque(maxlen=_WINDOW)

    def note(self, loss: float) -> None:
        """Take the loss of an applied batch into account."""
        if self._factor is not None:
            self._losses.append(loss)

    def room(self, count: int) -> int:
        """Return how many of `count` iterations may share a job, all of which have the limit of its beginning."""
        if self._factor is None:
            return count
        return min(count, _WINDOW if len(self._losses) >= _FEWEST else _FEWEST - len(self._losses))

    @property
    def median(self) -> float:
        """The running median, NaN while too few losses are known."""
        return statistics.median(self._losses) if len(self._losses) >= _FEWEST else math.nan

    @property
    def limit(self) -> float:
        """The highest loss that passes now; infinity where none is too high."""
        if self._factor is None or not self.median > 0:
            return math.inf
        return self._factor * self.median


class BadBatches:
    """The bad batches of one run.

    Args:
        policy: what the user wants.
        run: of which it is told, and that is asked.
        live: the live model.
        shard_rows: how many rows each partition of its data has.
    """

    def __init__(self, policy: Policy, run: Run, live: LiveModel, shard_rows: Sequence[int]) -> None:
        self._policy = policy
        self._run = run
        self._live = live
        self._shards = np.cumsum(shard_rows)
        self.spikes = Spikes(policy.spikes)
        self._again = 0
        self._told = 0

    def limit(self, iteration: int) -> float:
        """Return the highest loss that the batch of an iteration may have; any, where it is computed again."""
        return math.inf if iteration == self._again else self.spikes.limit

    def room(self, iteration: int, count: int) -> int:
        """Return how many iterations from this one on may share a job: what is computed again is alone in its own."""
        return 1 if iteration == self._again else self.spikes.room(count)

    def kept(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of a batch that are in no quarantine."""
        out = self._run.quarantine
        return rows[~np.isin(rows, list(out))] if out else rows

    def settle(self, done: Done, position: Position, engine: Engine, repeat: Callable[..., Any]) -> bool:
        """Have a bad batch looked at and see what becomes of it; tell whether the run goes on behind it.

        Errors:
            NumericsError: the run ends with it.
            Stopped: the run was asked to stop while it waited.
        """
        found = self._examine(done, engine, repeat, position.iteration)
        event = self._event(done, position, found)
        self._run.stream.emit(event)
        choice = self._policy.choice
        choice = self._asked(event) if choice == "ask" else choice
        if choice == "raise":
            raise self._error(event)
        rows = event.rows if choice == "quarantine" else ()
        self._run.stream.emit(BatchHandled(run=self._run.id, iteration=event.iteration, choice=choice, rows=rows))
        if choice == "retry":
            self._again = event.iteration
            engine.next_attempt()
        return choice != "retry"

    def _examine(self, done: Done, engine: Engine, repeat: Callable[..., Any], iteration: int) -> list[Examined]:
        live, self._told = self._live, self._told + 1
        message = engine.broadcast((live.flat_weights(), live.flat_state(only_updated=False)))
        try:
            work = Examine(done.order, message, shows=self._told <= _PICTURED)
            return repeat(lambda: engine.run(engine.job(work)), iteration)
        finally:
            message.destroy()

    def _event(self, done: Done, position: Position, found: Sequence[Examined]) -> BatchRejected:
        limit = done.order.highest
        problems = [problem for part in found for problem in part.problems]
        rows = _bad_rows(found, limit)
        blamed = [part for part in found if np.isin(rows, part.rows).any()]
        if math.isfinite(done.loss):
            reason = f"more than {self._policy.spikes:g} times the running median {self.spikes.median:.4g}"
        else:
            reason = "; ".join(problems) or "inputs and targets are finite: the weights or the learning rate made it"
        return BatchRejected(
            run=self._run.id,
            iteration=position.iteration,
            epoch=position.epoch,
            step=position.step + 1,
            loss=done.loss,
            reason=reason,
            kind="spike" if math.isfinite(done.loss) else "nan",
            rows=tuple(rows),
            workers=tuple(part.worker for part in blamed),
            hosts=tuple(part.host for part in blamed),
            partitions=tuple(sorted({int(at) for at in np.searchsorted(self._shards, rows, side="right")})),
            shown=tuple(row for part in found for row in part.shown),
            asks=self._policy.choice == "ask",
        )

    def _asked(self, event: BatchRejected) -> str:
        """Wait for somebody's choice, at most ten minutes; then it ends the run."""
        self._run.ask(event)
        end = time.monotonic() + ASK_SECONDS
        try:
            while (choice := self._run.decided(_LOOK_SECONDS)) is None:
                if self._run.stopping:
                    raise Stopped
                if time.monotonic() > end:
                    return "raise"
        finally:
            self._run.ask(None)
        return choice

    def _error(self, event: BatchRejected) -> NumericsError:
        where = f"iteration {event.iteration} (epoch {event.epoch + 1}, batch {event.step})"
        what = f"The loss is {event.loss} in {where}: {event.reason}"
        kept = f"The model keeps the weights of iteration {self._run.iterations}."
        advice = (
            "Clean these rows, lower the learning rate or clip the gradient (optimizer argument clipnorm); or train with "
            "bad_batch='skip', 'quarantine' or 'ask'."
        )
        sample = f"rows {', '.join(map(str, event.rows[:_NAMED]))}" + (" …" if len(event.rows) > _NAMED else "")
        report = ErrorReport(NumericsError.__name__, what, worker=event.who, sample=sample, advice=f"{kept} {advice}")
        return NumericsError(f"{what} ({event.who}). {kept} {advice}", report)


def without_empty(batches: list[np.ndarray]) -> list[np.ndarray]:
    """Return the batches up to the first that quarantine has left nothing of; a job needs rows."""
    empty = next((at for at, rows in enumerate(batches) if not len(rows)), len(batches))
    return batches[: max(empty, 1)]


def _bad_rows(found: Sequence[Examined], limit: float) -> list[int]:
    """Return the rows that hold what is not finite, else those whose own loss is bad, else all of the batch."""
    wrong = sorted(row for part in found for row in part.wrong)
    if wrong:
        return wrong
    own = [
        (row, loss) for part in found for row, loss in zip(part.rows.tolist()[:MOST_LOSSES], part.losses, strict=False)
    ]
    high = [row for row, loss in own if not (math.isfinite(loss) and loss <= limit)]
    return sorted(high or [row for part in found for row in part.rows.tolist()])
