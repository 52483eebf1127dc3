"""One worker's part of a batch, in one piece or in several with a look at the clock between (E).

A compiled step cannot be interrupted; so where the run does without what comes too late, a part is cut into pieces,
and at its limit the worker gives what it has.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.report import blaming
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.feed import Feed, Wanted
from zoo_lab.train.meeting import Gone
from zoo_lab.train.setup import Order

if TYPE_CHECKING:
    from zoo_lab.train.step import StepResult

PIECES = 4
_SECONDS_OF_TRYING = 5.0


@dataclass(frozen=True)
class PartDone:
    """What a worker has done of its part.

    Attributes:
        rows: how many it has used.
        asked: how many there were.
        result: what they gave, None without rows.
        read, compute: seconds.
    """

    rows: int
    asked: int
    result: StepResult | None
    read: float
    compute: float


def compute_part(
    replica: Any, index: int, feed: Feed, order: Order, weights: np.ndarray, state: np.ndarray, last: bool = True
) -> PartDone:
    """Compute a worker's part of a batch, piece by piece until its limit; what comes next is made meanwhile.

    `last` tells whether the next batch is that of another job.
    """
    begin = mark = time.perf_counter()
    part = replica.part_of(order.iteration, order.rows, index, feed).at(order.strength)
    rows, pieces = part.rows, _pieces(part.rows, order.pieces)
    result, done, read, compute = None, 0, 0.0, 0.0
    for number, piece in enumerate(pieces):
        if _ends(order, index, done, mark - begin):
            break
        with noting(piece, "data"):
            data = feed.read(replace(part, rows=piece))
        loaded = time.perf_counter()
        left = pieces[number + 1 :]
        feed.expect(_following(replica, index, feed, order, part, left), sure=bool(left) or not last)
        with blaming("model", lambda error, piece=piece, data=data: culprit(error, replica, piece, data)):
            own = replica.step(order, index, weights, state, data, number)
        result = own if result is None else _sum(result, own)
        done += len(piece)
        read, mark = read + loaded - mark, time.perf_counter()
        compute += mark - loaded
    return PartDone(done, len(rows), result, read, compute)


def noting(rows: np.ndarray, stage: str) -> AbstractContextManager[None]:
    """Note on an exception which rows it came from, unless something inside knows that better."""
    return blaming(stage, lambda error: _range(rows))


def culprit(error: Exception, replica: Any, rows: np.ndarray, data: dict[str, np.ndarray]) -> str:
    """Return the first row of a part on which the model fails by itself; all of them where it fails on any row."""
    end = time.monotonic() + _SECONDS_OF_TRYING

    def fails(at: int) -> bool:
        try:
            replica.evaluate(replica.setup.data, {name: values[at : at + 1] for name, values in data.items()})
        except Exception:
            return True
        return False

    tried = () if isinstance(error, Gone) else range(len(rows))  # then another worker has failed
    first = next((at for at in tried if time.monotonic() < end and fails(at)), None)
    if first is None or (first == 0 and len(rows) > 1 and fails(1)):
        return _range(rows)
    return f"row {rows[first]} (one of {_range(rows)})"


def _range(rows: np.ndarray) -> str:
    return f"rows {rows[0]} … {rows[-1]} ({len(rows)} of the batch)"


def _following(
    replica: Any, index: int, feed: Feed, order: Order, part: Wanted, left: list[np.ndarray]
) -> Wanted | None:
    """Return the rows after those just read: the next piece, or the first of the next batch."""
    if left:
        return replace(part, rows=left[0])
    following = replica.next_part(order.iteration, index, feed)
    pieces = _pieces(following.rows, order.pieces) if following else []
    return replace(following, rows=pieces[0]).at(order.strength) if pieces else None


def _pieces(rows: np.ndarray, pieces: int) -> list[np.ndarray]:
    count = min(pieces, len(rows))
    return [rows[slice(*slice_bounds(len(rows), count, number))] for number in range(count)]


def _ends(order: Order, index: int, done: int, seconds: float) -> bool:
    if order.arrived is not None:
        return done >= order.arrived[index]
    return order.limit is not None and seconds > order.limit


def _sum(one: StepResult, other: StepResult) -> StepResult:
    sparse = [
        (np.concatenate([rows, more_rows]), np.concatenate([values, more_values]))
        for (rows, values), (more_rows, more_values) in zip(one.sparse, other.sparse, strict=True)
    ]
    return replace(
        one,
        loss=one.loss + other.loss,
        gradient=one.gradient + other.gradient,
        sparse=sparse,
        state=one.state + other.state,
        metrics=one.metrics + other.metrics,
    )
