"""Thousands of iterations: time per iteration, memory and files must stay flat."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import files_below, resident_megabytes
from benchmarks.models import CASES


@dataclass(frozen=True)
class Stretch:
    """Some hundred iterations in a row."""

    iterations: int
    median_milliseconds: float
    driver_memory: float
    worker_memory: float
    files: int


def endure(context: Any, iterations: int, batch_size: int = 32, stretches: int = 10) -> list[Stretch]:
    """Train an mlp for `iterations` in one run and return what was seen after each tenth of it."""
    import keras

    import zoo_lab

    case = CASES["mlp"]
    steps = iterations // stretches
    x, y = case.data(steps * batch_size)
    seen: list[Stretch] = []

    with tempfile.TemporaryDirectory() as folder:
        watched = [Path(tempfile.gettempdir()), context.scratch, Path("/dev/shm")]

        def look(epoch: int, logs: Any) -> None:
            seen.append(
                Stretch(
                    (epoch + 1) * steps,
                    0.0,
                    resident_megabytes([os.getpid()]),
                    resident_megabytes(worker.pid for worker in context.workers),
                    files_below(watched),
                )
            )

        callback = keras.callbacks.LambdaCallback(on_epoch_end=look)
        run = zoo_lab.fit(
            case.build(),
            (x, y),
            batch_size=batch_size,
            epochs=stretches,
            callbacks=[callback],
            display="none",
            runs=folder,
        )
        seconds = np.array([event.seconds for event in run.events if type(event).__name__ == "IterationDone"])
    medians = [1000 * float(np.median(part)) for part in np.array_split(seconds, stretches)]
    return [
        Stretch(s.iterations, m, s.driver_memory, s.worker_memory, s.files) for s, m in zip(seen, medians, strict=True)
    ]
