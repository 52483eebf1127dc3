"""How long it takes until work can begin: `import zoo_lab`, and contexts in new processes, each way in turns.

A context is started as it is; without the archive of Spark's classes; and with workers that load TensorFlow each for
itself, as Spark's own daemon has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

from benchmarks.alone import run_alone
from benchmarks.markdown import table

WAYS = {
    "as it is": {},
    "without the archive of classes": {"archive": "off"},
    "TensorFlow loaded by each worker": {"daemon": "pyspark.daemon"},
}
_FIGURES = ("start", "warm", "again", "own", "all")


def import_seconds(runs: int = 5) -> float:
    """Return the median of what `import zoo_lab` adds to a Python process, in turns with one that imports nothing."""
    added = [_process("import zoo_lab") - _process("pass") for _ in range(runs + 1)]
    return float(np.median(added[1:]))


def compare(turns: int = 5, master: str = "local[2]") -> list[dict[str, Any]]:
    """Return the medians of `measure` for each of the ways; the archive is there before the first turn."""
    subprocess.run([sys.executable, "-m", "zoo_lab.context.classarchive"], check=True)
    seen: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(turns):
        for way, changes in WAYS.items():
            seen[way].append(run_alone("benchmarks.startup:measure", master=master, **changes))
    return [{"way": way, **{name: _median(found, name) for name in _FIGURES}} for way, found in seen.items()]


def measure(master: str, archive: str = "", daemon: str = "") -> dict[str, float]:
    """Return seconds and MB of one context; to be called in a process of its own.

    "start" is until Spark runs, "warm" until its workers have TensorFlow, "again" until a killed worker has another one
    in its place that has; "own" is what a worker has for itself, "all" what all Pythons of the executors take.

    Args:
        master: of the context.
        archive: "off" starts without the archive of classes.
        daemon: what workers are forked from, if not zoo_lab's.
    """
    import psutil

    import zoo_lab

    if archive:
        os.environ["ZOO_LAB_CLASS_ARCHIVE"] = archive
    conf = {"spark.python.daemon.module": daemon} if daemon else None
    begin = time.perf_counter()
    context = zoo_lab.init_nncontext(master=master, memory="2g", conf=conf, warm=False)
    started = time.perf_counter()
    context.warm_up()
    warm = time.perf_counter()
    workers = [psutil.Process(report.pid) for report in context.workers]
    pythons = {process.pid: process for worker in workers for process in (worker, worker.parent())}
    own = [worker.memory_full_info().uss for worker in workers]
    everything = [process.memory_full_info().pss for process in pythons.values()]
    workers[0].kill()
    workers[0].wait()
    context._doubt()
    killed = time.perf_counter()
    context.warm_up()
    again = time.perf_counter()
    context.stop()
    return {
        **{"start": started - begin, "warm": warm - started, "again": again - killed},
        **{"own": float(np.median(own)) / 1e6, "all": float(np.sum(everything)) / 1e6},
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the table of the figures."""
    heads = ["a context of two workers", "Spark runs s", "then warm s", "killed worker replaced s"]
    heads += ["MB of a worker alone", "MB of all Pythons"]
    cells = [
        [row["way"], *(f"{row[name]:.1f}" for name in _FIGURES[:3]), *(f"{row[name]:,.0f}" for name in _FIGURES[3:])]
        for row in rows
    ]
    return table(heads, cells)


def _median(found: list[dict[str, float]], name: str) -> float:
    return float(np.median([one[name] for one in found]))


def _process(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin
