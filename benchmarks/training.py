"""zoo_lab on local[2] against Keras' own fit with two threads, in turns, in one process.

zoo_lab trains in two ways: as it does by itself ("auto": short iterations share a Spark job) and with one Spark job an
iteration ("single"), whose overhead is what a job costs.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.markdown import table
from benchmarks.measure import median_and_p90, resident_megabytes
from benchmarks.models import CASES, Case
from benchmarks.targets import BIGDL, GLOO, mean_milliseconds

_ROUNDS = 3
_WARM_UP_JOBS = 300
_SKIPPED = 3  # iterations after each start that are left out, on all sides
_SINGLE_JOBS = 6  # with which "auto" begins, to measure what a job costs; left out of its figures
_STEPS = {"mlp": (150, 60), "lenet": (100, 30), "resnet20": (16, 5), "ncf": (150, 80)}
_WAYS: dict[str, int | str] = {"auto": "auto", "single": 1}


@dataclass(frozen=True)
class Timing:
    """How one way of training went; milliseconds an iteration, but samples a second and seconds to the first step."""

    rate: float
    median: float
    p90: float
    compute: float
    overhead: float
    first_step_seconds: float


@dataclass(frozen=True)
class Figures:
    """One model at one batch size; memory in MB."""

    model: str
    batch_size: int
    keras_rate: float
    keras_median: float
    auto: Timing
    single: Timing
    driver_memory: float
    worker_memory: float


def limit_threads(threads: int = 2) -> None:
    """Give TensorFlow in this process as many threads as there are workers; before it computes anything."""
    import tensorflow

    with contextlib.suppress(RuntimeError):  # it has computed already
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)


def compare(
    context: Any,
    names: list[str],
    batch_sizes: list[int],
    rounds: int = _ROUNDS,
    most_steps: int = 1000,
    warm_up_jobs: int = _WARM_UP_JOBS,
) -> list[dict[str, Any]]:
    """Return the figures of every model at every batch size, after some hundred jobs: a young JVM is slower."""
    from zoo_lab.feature.featureset import FeatureSet

    limit_threads()
    warm = CASES["lenet"]
    data = FeatureSet.from_numpy(*warm.data(warm_up_jobs * 8), context=context)
    _zoo(warm.build(), data, 8, iterations_per_job=1)
    data.unpersist()
    return [asdict(_compare(context, CASES[name], size, rounds, most_steps)) for name in names for size in batch_sizes]


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the tables of the figures, and those beside the predecessor's."""
    return "\n\n".join(part for part in (_rates(rows), _times(rows), _before(rows)) if part)


def _compare(context: Any, case: Case, batch_size: int, rounds: int, most_steps: int) -> Figures:
    from zoo_lab.feature.featureset import FeatureSet

    steps = min(_STEPS[case.name][batch_size > 512], most_steps)
    x, y = case.data(steps * batch_size)
    data = FeatureSet.from_numpy(x, y, context=context)
    alone, distributed = case.build(), {way: case.build() for way in _WAYS}
    keras_steps: list[float] = []
    iterations: dict[str, list[Any]] = {way: [] for way in _WAYS}
    first_steps: dict[str, list[float]] = {way: [] for way in _WAYS}
    for _ in range(rounds):
        keras_steps += _keras(alone, x, y, batch_size)
        for way, per_job in _WAYS.items():
            done, first = _zoo(distributed[way], data, batch_size, iterations_per_job=per_job)
            iterations[way] += done[min(_SINGLE_JOBS if way == "auto" else _SKIPPED, len(done) // 2) :]
            first_steps[way].append(first)
    data.unpersist()
    timings = {way: _timing(batch_size, iterations[way], first_steps[way][0]) for way in _WAYS}
    return Figures(
        model=case.name,
        batch_size=batch_size,
        keras_rate=batch_size / float(np.mean(keras_steps)),
        keras_median=median_and_p90(keras_steps)[0],
        driver_memory=resident_megabytes([os.getpid()]),
        worker_memory=resident_megabytes(worker.pid for worker in context.workers),
        **timings,
    )


def _timing(batch_size: int, iterations: list[Any], first_step_seconds: float) -> Timing:
    seconds = [event.seconds for event in iterations]
    compute = [event.parts["compute"] for event in iterations]
    median, p90 = median_and_p90(seconds)
    return Timing(
        rate=batch_size / float(np.mean(seconds)),
        median=median,
        p90=p90,
        compute=median_and_p90(compute)[0],
        overhead=median_and_p90([total - part for total, part in zip(seconds, compute, strict=True)])[0],
        first_step_seconds=first_step_seconds,
    )


def _keras(model: Any, x: Any, y: Any, batch_size: int) -> list[float]:
    """Return the seconds of each step of one epoch of Keras' fit, callbacks' own cost included."""
    import keras

    stamps: list[float] = []
    stamp = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: stamps.append(time.perf_counter()))
    model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0, callbacks=[stamp])
    steps = list(np.diff(stamps))
    return steps[min(_SKIPPED - 1, len(steps) // 2) :]


def _zoo(model: Any, data: Any, batch_size: int, **arguments: Any) -> tuple[list[Any], float]:
    """Return the iterations of one epoch, and the seconds from the call to the end of the first."""
    import zoo_lab
    from zoo_lab.core.events import IterationDone

    begin = time.time()
    with tempfile.TemporaryDirectory() as folder:
        run = zoo_lab.fit(model, data, batch_size=batch_size, epochs=1, display="none", runs=folder, **arguments)
        iterations = [event for event in run.events if isinstance(event, IterationDone)]
    return iterations, iterations[0].time - begin


def _rates(rows: list[dict[str, Any]]) -> str:
    heads = ["model", "batch", "Keras samples/s", "auto samples/s", "ratio", "one job samples/s", "ratio"]
    heads += ["first step s", "driver MB", "worker MB"]
    cells = []
    for row in rows:
        keras, auto, single = row["keras_rate"], row["auto"], row["single"]
        rates = [f"{keras:,.0f}", *_against(auto["rate"], keras), *_against(single["rate"], keras)]
        memory = [f"{row['driver_memory']:,.0f}", f"{row['worker_memory']:,.0f}"]
        cells.append([row["model"], str(row["batch_size"]), *rates, f"{auto['first_step_seconds']:.1f}", *memory])
    return table(heads, cells)


def _against(rate: float, keras_rate: float) -> list[str]:
    return [f"{rate:,.0f}", f"{rate / keras_rate:.2f}"]


def _times(rows: list[dict[str, Any]]) -> str:
    heads = ["model", "batch", "Keras ms", "auto median ms", "p90", "compute", "one job median ms", "p90", "compute"]
    cells = []
    for row in rows:
        ways = [f"{row[way][name]:.1f}" for way in _WAYS for name in ("median", "p90", "compute")]
        single = f"{row['single']['overhead']:.1f}"
        cells.append([row["model"], str(row["batch_size"]), f"{row['keras_median']:.1f}", *ways, single])
    return table([*heads, "overhead"], cells)


def _before(rows: list[dict[str, Any]]) -> str:
    """Return the table beside BigDL 2.4 and gloo DDP, "" where none of their cells was measured."""
    cells = []
    for row in rows:
        case = row["model"], row["batch_size"]
        if case in BIGDL:
            ways = [mean_milliseconds(row, way) for way in _WAYS]
            faster = [f"{BIGDL[case] / mean:.1f}×" for mean in ways]
            constants = [f"{BIGDL[case]:.0f}", f"{GLOO[case]:.0f}"]
            cells.append([case[0], str(case[1]), *constants, *(f"{mean:.1f}" for mean in ways), *faster])
    heads = ["model", "batch", "BigDL 2.4 ms", "gloo DDP ms", "auto mean ms", "one job mean ms"]
    heads += ["BigDL/auto", "BigDL/one job"]
    return table(heads, cells) if cells else ""
