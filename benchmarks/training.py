"""zoo_lab on local[2] against Keras' own fit with two threads, in turns, in one process."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.measure import median_and_p90, resident_megabytes
from benchmarks.models import CASES, Case

_ROUNDS = 3
_WARM_UP_JOBS = 300
_SKIPPED = 3  # iterations after each start that are left out, on both sides
_STEPS = {"mlp": (150, 60), "lenet": (100, 30), "resnet20": (16, 6), "ncf": (150, 80)}


@dataclass(frozen=True)
class Figures:
    """One row of the table; times in milliseconds an iteration, memory in MB."""

    model: str
    batch_size: int
    keras_rate: float
    zoo_rate: float
    keras_median: float
    median: float
    p90: float
    compute: float
    overhead: float
    first_step_seconds: float
    driver_memory: float
    worker_memory: float

    @property
    def ratio(self) -> float:
        """Samples per second against Keras."""
        return self.zoo_rate / self.keras_rate


def compare(context: Any, names: list[str], batch_sizes: list[int]) -> list[Figures]:
    """Return the figures of every model at every batch size, after some hundred jobs: a young JVM is slower."""
    from zoo_lab.feature.featureset import FeatureSet

    warm = CASES["lenet"]
    _zoo(warm.build(), FeatureSet.from_numpy(*warm.data(_WARM_UP_JOBS * 8), context=context), batch_size=8)
    return [_compare(context, CASES[name], size) for name in names for size in batch_sizes]


def _compare(context: Any, case: Case, batch_size: int) -> Figures:
    from zoo_lab.feature.featureset import FeatureSet

    steps = _STEPS[case.name][batch_size > 512]
    x, y = case.data(steps * batch_size)
    data = FeatureSet.from_numpy(x, y, context=context)
    alone, distributed = case.build(), case.build()
    keras_steps: list[float] = []
    events: list[Any] = []
    first_steps: list[float] = []
    for _ in range(_ROUNDS):
        keras_steps += _keras(alone, x, y, batch_size)
        iterations, first = _zoo(distributed, data, batch_size)
        events += iterations
        first_steps.append(first)
    data.unpersist()
    seconds = [event.seconds for event in events]
    compute = [event.parts["compute"] for event in events]
    median, p90 = median_and_p90(seconds)
    return Figures(
        model=case.name,
        batch_size=batch_size,
        keras_rate=batch_size / float(np.mean(keras_steps)),
        zoo_rate=batch_size / float(np.mean(seconds)),
        keras_median=median_and_p90(keras_steps)[0],
        median=median,
        p90=p90,
        compute=median_and_p90(compute)[0],
        overhead=median_and_p90([total - part for total, part in zip(seconds, compute, strict=True)])[0],
        first_step_seconds=first_steps[0],
        driver_memory=resident_megabytes([os.getpid()]),
        worker_memory=resident_megabytes(worker.pid for worker in context.workers),
    )


def _keras(model: Any, x: Any, y: Any, batch_size: int) -> list[float]:
    """Return the seconds of each step of one epoch of Keras' fit, callbacks' own cost included."""
    import keras

    stamps: list[float] = []
    stamp = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: stamps.append(time.perf_counter()))
    model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0, callbacks=[stamp])
    return list(np.diff(stamps)[_SKIPPED - 1 :])


def _zoo(model: Any, data: Any, batch_size: int) -> tuple[list[Any], float]:
    """Return the iterations of one epoch, and the seconds from the call to the end of the first."""
    import zoo_lab
    from zoo_lab.core.events import IterationDone

    begin = time.time()
    with tempfile.TemporaryDirectory() as folder:
        run = zoo_lab.fit(model, data, batch_size=batch_size, epochs=1, display="none", runs=folder)
        iterations = [event for event in run.events if isinstance(event, IterationDone)]
    return iterations[_SKIPPED:], iterations[0].time - begin
