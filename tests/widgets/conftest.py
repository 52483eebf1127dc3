"""A recorded run: the events of a small training, made up but with every kind of number that a real one has."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import pytest

from zoo_lab.core.events import EpochDone, Event, IterationDone, RunStarted, RunStopped

Recorder = Callable[..., list[Event]]


@pytest.fixture(scope="session")
def recorded() -> Recorder:
    """Return a function that makes a run's events; its arguments are those of `record`."""
    return record


def record(
    *,
    run: str = "run-1",
    epochs: int = 3,
    steps: int = 20,
    seconds: float = 0.05,
    metrics: Sequence[str] = ("accuracy",),
    reason: str = "finished",
) -> list[Event]:
    time, iteration = 1_700_000_000.0, 0
    events: list[Event] = [started(run, time, epochs, steps, metrics)]
    for epoch in range(epochs):
        for step in range(steps):
            iteration += 1
            taken = seconds if iteration > 1 else 1.0
            time += taken
            events.append(
                iteration_done(run, time, metrics, iteration=iteration, epoch=epoch, step=step, seconds=taken)
            )
        last = events[-1]
        logs = {"loss": last.loss, **last.metrics, "val_loss": last.loss * 1.1}
        events.append(
            EpochDone(run=run, time=time, epoch=epoch, iteration=iteration, logs=logs, seconds=steps * seconds)
        )
    events.append(RunStopped(run=run, time=time, reason=reason, iterations=iteration, seconds=time - 1_700_000_000.0))
    return events


@pytest.fixture(scope="session")
def resumed() -> Callable[..., list[Event]]:
    """Return a function that makes the events of a run that was resumed a day later; it has not ended."""
    return record_resumed


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
    run: str, time: float, metrics: Sequence[str], *, iteration: int, epoch: int, step: int, seconds: float
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
        parts={"schedule": seconds * 0.25, "compute": seconds * 0.75},
        slowest=iteration % 2,
    )


@pytest.fixture
def wire(monkeypatch) -> list[dict]:
    """All messages that widgets send, taken where a kernel would put them on its socket.

    `comm.create_comm` is the comm package's documented hook: each kernel replaces it with its own.
    """
    import comm
    from comm.base_comm import BaseComm

    sent: list[dict] = []

    class RecordingComm(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            sent.append({"type": msg_type, "data": data, "buffers": buffers or [], "comm": self})

    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    return sent


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """All displays, as IPython's own capturing publisher keeps them: {"data", "transient", "update", …}."""
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    publisher = CapturingDisplayPublisher()
    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield publisher.outputs
    InteractiveShell.clear_instance()
