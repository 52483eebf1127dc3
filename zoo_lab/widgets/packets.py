"""What the kernel sends to a view: a small JSON part and the new numbers as float32.

A packet holds rows `start` to the end of the run so far, so the same function makes a delta (from what
was sent last) and the whole history (from 0, with `reset`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoo_lab.core.events import BatchRejected
from zoo_lab.core.report import ErrorReport, Frame
from zoo_lab.widgets.columns import as_float, finite
from zoo_lab.widgets.curves import Curves


def packet(
    curves: Curves,
    start: int = 0,
    epoch_start: int = 0,
    mark_start: int = 0,
    beside: Mapping[str, int] | None = None,
    rejected_start: int = 0,
    *,
    lane_start: int = 0,
    reset: bool = False,
) -> tuple[dict, list[bytes]]:
    """Return the content and the buffers (iterations, epochs, timing, curves beside, lanes) that bring a view up to date.

    Args:
        curves: the run so far.
        start: how many iterations the view already has, default 0.
        epoch_start: how many epochs it already has, default 0.
        mark_start: how many marks it already has, default 0.
        lane_start: how many rows of what each worker did it already has, default 0.
        beside: how many rows of each curve beside the run's own it already has, default none.
        rejected_start: how many bad batches it already has, default 0.
        reset: True when the view shall forget what it has.

    Each buffer holds the new rows column after column, float32, little-endian; "iteration" comes first. Timing has a
    row for each iteration too.
    """
    names, epoch_names, lanes = ["loss", *curves.metrics], curves.epoch_values.names, curves.lanes.table
    sent = beside or {}
    content = {
        "type": "data",
        "reset": reset,
        "start": start,
        "count": len(curves) - start,
        "columns": ["iteration", *names],
        "timingColumns": curves.timing.names,
        "epochStart": epoch_start,
        "epochCount": len(curves.epoch_values) - epoch_start,
        "epochColumns": ["iteration", *epoch_names],
        "laneStart": lane_start,
        "laneCount": len(lanes) - lane_start,
        "laneColumns": lanes.names,
        "markStart": mark_start,
        "marks": curves.marks[mark_start:],
        "beside": [other.facts(sent.get(other.run, 0)) for other in curves.beside.values()],
        "rejectedStart": rejected_start,
        "rejected": [rejected(event) for event in curves.rejected[rejected_start:]],
        "summary": summary(curves),
    }
    buffers = [
        _pack([curves.iteration, *(curves.values[name] for name in names)], start),
        _pack([curves.epoch_iteration, *(curves.epoch_values[name] for name in epoch_names)], epoch_start),
        _pack([curves.timing[name] for name in curves.timing.names], start),
    ]
    for other in curves.beside.values():
        columns = [other.iteration, *(other.values[name] for name in other.values.names)]
        buffers.append(_pack(columns, sent.get(other.run, 0)))
    content["laneBuffer"] = len(buffers)
    buffers.append(_pack([lanes[name] for name in lanes.names], lane_start))
    return content, buffers


def rejected(event: BatchRejected) -> dict[str, Any]:
    """Return a bad batch as a page shows it, plain JSON values."""
    names = ("iteration", "reason", "kind", "rows", "workers", "partitions", "who")
    shown = [{**row, "loss": finite(as_float(row.get("loss")))} for row in event.shown]
    return {**{name: getattr(event, name) for name in names}, "loss": finite(event.loss), "shown": shown}


def summary(curves: Curves) -> dict[str, Any]:
    """Return the run's present state as plain JSON values; what is not known is None."""
    started = curves.started
    return {
        "run": curves.run,
        "name": curves.name,
        "model": started.model if started else "",
        "state": curves.state,
        "status": curves.status,
        "notice": curves.newest_notice,
        "epoch": curves.epoch,
        "epochs": curves.epochs,
        "epochsDone": curves.epochs_done,
        "iteration": curves.last_iteration,
        "iterations": curves.iterations,
        "stepsPerEpoch": started.steps_per_epoch if started else 0,
        "elapsed": _short(curves.elapsed_seconds),
        "eta": _short(curves.eta_seconds),
        "rate": _short(curves.pace.samples_per_second),
        "parts": {name: _short(seconds) for name, seconds in curves.pace.parts.items()},
        "workers": started.workers if started else 0,
        "sync": started.sync if started else "",
        "knobs": {name: finite(value) for name, value in curves.knobs.items()},
        "refused": curves.refused,
        "kept": list(curves.kept),
        "keptBytes": curves.kept_bytes,
        "asking": curves.asking,
        "handled": {str(iteration): choice for iteration, choice in curves.handled.items()},
        "workersLost": curves.workers_lost,
        "lost": [list(loss) for loss in curves.lanes.lost],
        "error": error_of(curves),
        "batchesRejected": curves.batches_rejected,
    }


def error_of(curves: Curves) -> dict[str, Any] | None:
    """Return what ended a failed run as a page shows it: rows of (name, words), and the whole traceback."""
    told = dict(curves.stopped.error) if curves.stopped else {}
    if not told:
        return None
    where = tuple(Frame(**frame) for frame in told.pop("where", ()))
    report = ErrorReport(**told, where=where)
    return {"rows": [list(row) for row in report.rows], "traceback": report.traceback}


def news(told: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a summary a view does not know: most of it stays the same ten times a second.

    Example:
        >>> news({"state": "running", "iteration": 3}, {"state": "running", "iteration": 4})
        {'iteration': 4}
    """
    return {name: value for name, value in now.items() if name not in told or told[name] != value}


def _short(number: float | None) -> float | None:
    """Return `number` in the digits that a page can show: it goes there ten times a second."""
    return None if number is None else finite(float(f"{number:.5g}"))


def _pack(columns: Sequence[Sequence[float]], start: int) -> bytes:
    import numpy as np

    with np.errstate(over="ignore"):  # a loss beyond float32 is drawn as infinite
        return b"".join(np.array(column[start:]).astype("<f4").tobytes() for column in columns)
