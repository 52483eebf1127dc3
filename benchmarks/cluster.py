"""Iterations of `sliced` and `collect` on a local cluster of two executors, treated as two hosts: times and traffic.

Each size of model has a Spark of its own, in a process of its own; in it the strategies take turns. The first turns of
each only warm: pools fill, and three young Javas compile for some hundreds of jobs. Traffic is in units of W, the bytes
of the weights: what the driver receives and what the shuffle writes by Spark's own metrics of stages, all results of
the run counted; and what passed the loopback device in all, both directions of the driver and what the executors pass
on to each other.
"""

from __future__ import annotations

import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.alone import run_alone
from benchmarks.markdown import table
from benchmarks.measure import loopback_bytes, median_and_p90, spark_ui
from benchmarks.models import dense, dense_data

MASTER = "local-cluster[2,1,2048]"
_SETTINGS = (("sliced", "none"), ("sliced", "bf16"), ("collect", "none"))
_BATCH_SIZE = 32
_STEPS = {3: 60, 100: 8}  # a turn; Spark's UI keeps 200 stages, so all of a turn must be fewer
_WARMING = 3
_TURNS = 3  # after those
_SKIPPED = 3


def compare(warming: int = _WARMING, turns: int = _TURNS, steps: dict[int, int] | None = None) -> list[dict[str, Any]]:
    """Return one row for each size, strategy and compression; `steps` is megabytes → iterations a turn."""
    sizes = (steps or _STEPS).items()
    return [
        row
        for megabytes, count in sizes
        for row in run_alone(
            "benchmarks.cluster:measure", megabytes=megabytes, steps=count, warming=warming, turns=turns
        )
    ]


def measure(megabytes: int, steps: int, warming: int, turns: int) -> list[dict[str, Any]]:
    """Return the rows of one size; to be called in a process of its own."""
    import zoo_lab
    from zoo_lab.feature.featureset import FeatureSet

    context = zoo_lab.init_nncontext(master=MASTER, warm=True)
    context.one_host = False  # the executors share this machine, but are to behave as if they did not
    data = FeatureSet.from_numpy(*dense_data(steps * _BATCH_SIZE), context=context)
    models = {setting: dense(megabytes) for setting in _SETTINGS}
    seen: dict[tuple[str, str], list[dict[str, Any]]] = {setting: [] for setting in _SETTINGS}
    for _ in range(warming + turns):
        for setting, model in models.items():
            seen[setting].append(_turn(context, model, data, *setting))
    context.stop()
    return [{"megabytes": megabytes, "sync": s, "compression": c, **_row(seen[s, c], warming)} for s, c in _SETTINGS]


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the table of the figures."""
    heads = ["W MB", "strategy", "gradients", "median ms", "p90", "compute", "overhead", "first step s"]
    heads += ["driver receives W", "shuffle W", "loopback W"]
    cells = []
    for row in rows:
        times = [f"{row[name]:,.0f}" for name in ("median", "p90", "compute", "overhead")]
        moved = [f"{row[name]:.2f}" for name in ("driver", "shuffle", "loopback")]
        wire = "float32" if row["compression"] == "none" else row["compression"]
        cells.append([str(row["megabytes"]), row["sync"], wire, *times, f"{row['first_step_seconds']:.1f}", *moved])
    return table(heads, cells)


def _turn(context: Any, model: Any, data: Any, sync: str, compression: str) -> dict[str, Any]:
    import zoo_lab
    from zoo_lab.core.events import IterationDone

    context.one_host = False  # again: workers that were started anew have told otherwise
    known = {stage["stageId"] for stage in spark_ui(context, "stages?status=complete")}
    passed, begin = loopback_bytes(), time.time()
    with tempfile.TemporaryDirectory() as folder:
        usual = {"batch_size": _BATCH_SIZE, "epochs": 1, "seed": 1, "display": "none", "runs": folder}
        run = zoo_lab.fit(model, data, sync=sync, compression=compression, **usual)
        events = [event for event in run.events if isinstance(event, IterationDone)]
    passed = loopback_bytes() - passed
    time.sleep(1.0)  # Spark's metrics come a moment after the results
    new = [stage for stage in spark_ui(context, "stages?status=complete") if stage["stageId"] not in known]
    size = 4 * sum(int(np.prod(variable.shape)) for variable in model.trainable_variables) * run.iterations
    return {
        "events": events[min(_SKIPPED, len(events) // 2) :],
        "first": events[0].time - begin,
        "driver": sum(stage["resultSize"] for stage in new) / size,
        "shuffle": sum(stage["shuffleWriteBytes"] for stage in new) / size,
        "loopback": passed / size,
    }


def _row(turns: list[dict[str, Any]], warming: int) -> dict[str, Any]:
    measured = turns[warming:]
    events = [event for turn in measured for event in turn["events"]]
    seconds = [event.seconds for event in events]
    compute = [event.parts["compute"] for event in events]
    median, p90 = median_and_p90(seconds)
    return {
        "median": median,
        "p90": p90,
        "compute": median_and_p90(compute)[0],
        "overhead": median_and_p90([total - part for total, part in zip(seconds, compute, strict=True)])[0],
        "first_step_seconds": turns[0]["first"],
        **{name: float(np.median([turn[name] for turn in measured])) for name in ("driver", "shuffle", "loopback")},
    }
