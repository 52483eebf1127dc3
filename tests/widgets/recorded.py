"""A recorded run: the events of a small training, made up but with every kind of number that a real one has."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from zoo_lab.core.events import EpochDone, Event, IterationDone, RunStarted, RunStopped

PARTS = {"schedule": 0.25, "compute": 0.75}


def record(
    *,
    run: str = "run-1",
    epochs: int = 3,
    steps: int = 20,
    seconds: float = 0.05,
    metrics: Sequence[str] = ("accuracy",),
    reason: str = "finished",
    parts: Mapping[str, float] = PARTS,
) -> list[Event]:
    """Return the events of a whole run; `parts` are the shares of an iteration's time."""
    time, iteration = 1_700_000_000.0, 0
    events: list[Event] = [started(run, time, epochs, steps, metrics)]
    for epoch in range(epochs):
        for step in range(steps):
            iteration += 1
            taken = seconds if iteration > 1 else 1.0
            time += taken
            place = {"iteration": iteration, "epoch": epoch, "step": step}
            events.append(iteration_done(run, time, metrics, parts, seconds=taken, **place))
        last = events[-1]
        logs = {"loss": last.loss, **last.metrics, "val_loss": last.loss * 1.1}
        events.append(
            EpochDone(run=run, time=time, epoch=epoch, iteration=iteration, logs=logs, seconds=steps * seconds)
        )
    events.append(RunStopped(run=run, time=time, reason=reason, iterations=iteration, seconds=time - 1_700_000_000.0))
    return events


def record_resumed(
    *, done: int = 40, more: int = 5, epochs: int = 3, steps: int = 20, told_again: bool = True
) -> list[Event]:
    """The start, what was told again of the first `done` iterations (or not), and `more` new ones of 0.05 s each."""
    first, *events = record(epochs=epochs, steps=steps)
    begin = first.time + 86_400
    before = [event for event in events if getattr(event, "iteration", math.inf) <= done]
    after = [event for event in events if isinstance(event, IterationDone) and done < event.iteration <= done + more]
    new = [dataclasses.replace(event, time=begin + 10 + 0.05 * at) for at, event in enumerate(after)]
    return [dataclasses.replace(first, time=begin), *(before if told_again else []), *new]


def started(run: str, time: float, epochs: int, steps: int, metrics: Sequence[str]) -> RunStarted:
    return RunStarted(
        run=run,
        time=time,
        name="digits",
        model="lenet",
        parameters=61_706,
        rows=steps * 128,
        batch_size=128,
        epochs=epochs,
        steps_per_epoch=steps,
        workers=2,
        sync="shared",
        seed=7,
        metrics=tuple(metrics),
        validation=True,
        master="local[2]",
    )


def iteration_done(
    run: str,
    time: float,
    metrics: Sequence[str],
    parts: Mapping[str, float],
    *,
    iteration: int,
    epoch: int,
    step: int,
    seconds: float,
) -> IterationDone:
    return IterationDone(
        run=run,
        time=time,
        iteration=iteration,
        epoch=epoch,
        step=step,
        loss=2.0 * math.exp(-iteration / 30),
        rows=128,
        seconds=seconds,
        metrics={name: 1 - math.exp(-iteration / 20) for name in metrics},
        parts={name: share * seconds for name, share in parts.items()},
        slowest=iteration % 2,
    )
