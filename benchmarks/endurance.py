"""Thousands of iterations of each strategy: time per iteration, memory and files must stay flat.

It runs in a process of its own with a temporary folder of its own, so that every file in it is one of this run's.
Files are counted before the garbage collection that the heap is measured after: Spark frees what it has forgotten only
then.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alone import run_alone
from benchmarks.flatness import Trend, sentence, trends
from benchmarks.markdown import table
from benchmarks.measure import files_below, heap_megabytes, resident_megabytes, spark_ui
from benchmarks.models import CASES

ITERATIONS = 5000
_BATCH_SIZE = 32
_TENTHS = 10
# name → arguments of fit, and its part of the iterations: one job an iteration takes several times as long
_RUNS: dict[str, tuple[dict[str, Any], float]] = {
    "shared": ({"sync": "shared"}, 1.0),
    "shared, one job an iteration": ({"sync": "shared", "iterations_per_job": 1}, 0.4),
    "collect": ({"sync": "collect"}, 0.1),
    "sliced": ({"sync": "sliced"}, 0.1),
}


@dataclass(frozen=True)
class Stretch:
    """A tenth of a run; memory in MB, files, jobs and stages as they were at its end."""

    iterations: int
    milliseconds: float
    driver_memory: float
    worker_memory: float
    heap: float
    temporary_files: int
    shuffle_files: int
    broadcast_files: int
    jobs: int
    stages: int


def endure(iterations: int = ITERATIONS, names: list[str] | None = None) -> list[dict[str, Any]]:
    """Train an mlp for `iterations` in one run, and with other strategies for parts of that.

    Returns for each run its name, iterations, stretches, verdict (how each figure went on) and that as a sentence.
    """
    return run_alone("benchmarks.endurance:measure", iterations=iterations, names=names or list(_RUNS))


def measure(iterations: int, names: list[str]) -> list[dict[str, Any]]:
    """Do the runs; to be called in a process of its own."""
    import zoo_lab

    context = zoo_lab.init_nncontext(master="local[2]", memory="3g", warm=True)
    ceilings = {what: 1.15 * _retained(context, what) for what in ("jobs", "stages")}
    runs = []
    for name in names:
        arguments, part = _RUNS[name]
        stretches = _run(context, max(_TENTHS, round(iterations * part)), arguments)
        found = trends([asdict(stretch) for stretch in stretches], ceilings)
        runs.append(_told(name, stretches, found))
    context.stop()
    return runs


def markdown(runs: list[dict[str, Any]]) -> str:
    """Return a table for each run, with its verdict."""
    heads = ["iterations", "median ms", "driver MB", "worker MB", "heap MB", "temporary", "shuffle", "broadcast files"]
    heads += ["jobs", "stages kept"]
    parts = []
    for run in runs:
        cells = [[_cell(value) for value in stretch.values()] for stretch in run["stretches"]]
        parts.append(f"{run['name']}, {run['iterations']:,} iterations: {run['sentence']}\n\n{table(heads, cells)}")
    return "\n\n".join(parts)


def summary(runs: list[dict[str, Any]]) -> str:
    """Return one row for each run: its first settled level and its last."""
    heads = ["run", "iterations", "median ms", "driver MB", "worker MB", "heap MB", "files", "verdict"]
    cells = []
    for run in runs:
        by_name = {trend["name"]: trend for trend in run["verdict"]}
        names = ("milliseconds", "driver_memory", "worker_memory", "heap")
        levels = [f"{_cell(by_name[name]['first'])} → {_cell(by_name[name]['last'])}" for name in names]
        kinds = ("temporary_files", "shuffle_files", "broadcast_files")
        files = [f"{sum(by_name[kind][end] for kind in kinds):.0f}" for end in ("first", "last")]
        cells.append([run["name"], f"{run['iterations']:,}", *levels, " → ".join(files), run["sentence"]])
    return table(heads, cells)


def _run(context: Any, iterations: int, arguments: dict[str, Any]) -> list[Stretch]:
    import keras

    import zoo_lab
    from zoo_lab.core.events import IterationDone

    case = CASES["mlp"]
    steps = iterations // _TENTHS
    seen: list[Stretch] = []

    def look(epoch: int, logs: Any) -> None:
        seen.append(_look(context, (epoch + 1) * steps))

    callback = keras.callbacks.LambdaCallback(on_epoch_end=look)
    usual = {"batch_size": _BATCH_SIZE, "epochs": _TENTHS, "callbacks": [callback], "display": "none"}
    with tempfile.TemporaryDirectory() as folder:
        run = zoo_lab.fit(case.build(), case.data(steps * _BATCH_SIZE), runs=folder, **usual, **arguments)
        seconds = np.array([event.seconds for event in run.events if isinstance(event, IterationDone)])
    medians = [1000 * float(np.median(part)) for part in np.array_split(seconds, _TENTHS)]
    return [replace(stretch, milliseconds=median) for stretch, median in zip(seen, medians, strict=True)]


def _look(context: Any, iterations: int) -> Stretch:
    files = files_below([Path(tempfile.gettempdir()), context.shared_memory_folder(0)])
    return Stretch(
        iterations=iterations,
        milliseconds=0.0,  # known at the end of the run
        driver_memory=resident_megabytes([os.getpid()]),
        worker_memory=resident_megabytes(worker.pid for worker in context.workers),
        temporary_files=files["temporary"],
        shuffle_files=files["shuffle"],
        broadcast_files=files["broadcast"],
        jobs=len(spark_ui(context, "jobs")),
        stages=len(spark_ui(context, "stages")),
        heap=heap_megabytes(context),
    )


def _retained(context: Any, what: str) -> int:
    return int(context.sc.getConf().get(f"spark.ui.retained{what.title()}", "1000"))


def _told(name: str, stretches: list[Stretch], found: list[Trend]) -> dict[str, Any]:
    return {
        "name": name,
        "iterations": stretches[-1].iterations,
        "stretches": [asdict(stretch) for stretch in stretches],
        "verdict": [asdict(trend) for trend in found],
        "sentence": sentence(found),
    }


def _cell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
