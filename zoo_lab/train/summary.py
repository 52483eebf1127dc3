"""Writes what a run tells of itself as TensorBoard's event files, and reads it again; needs no TensorBoard.

A summary is a listener of a run's events; `zoo_lab.fit(listeners=[summary.listener(model)])` fills it.
"""

from __future__ import annotations

import os
import re
import socket
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.events import EpochDone, Event, IterationDone, RunStarted, RunStopped
from zoo_lab.core.triggers import EveryIterations, Moment, Trigger

_TAGS = ("Loss", "Throughput", "LearningRate")
_NAME = re.compile(r"[^/\\]+")


class Summary(ABC):
    """Scalars of runs, in event files below `log_dir/app_name`."""

    kind: str

    def __init__(self, log_dir: str, app_name: str) -> None:
        checks = Checks(type(self).__name__)
        is_path = isinstance(log_dir, (str, os.PathLike)) and str(log_dir) != ""
        checks.require(is_path, f"Expected log_dir to be a folder; received {log_dir!r}.")
        named = isinstance(app_name, str) and bool(_NAME.fullmatch(app_name)) and app_name not in (".", "..")
        checks.require(named, f"Expected app_name to be the name of a folder; received {app_name!r}.")
        checks.done()
        self.log_dir = str(log_dir)
        self.app_name = app_name

    @property
    def folder(self) -> Path:
        """Where the event files lie."""
        return Path(self.log_dir, self.app_name, self.kind)

    def read_scalar(self, tag: str) -> np.ndarray:
        """Return all values of a tag as rows (step, value, seconds since 1970), oldest first; shape (0, 3) for none.

        Args:
            tag: its name; `tags()` lists those there are.
        """
        rows = [row for name, *row in self._rows() if name == tag]
        return np.array(sorted(rows, key=lambda row: row[2]), np.float64).reshape(-1, 3)

    def tags(self) -> list[str]:
        """Return the names of all scalars written so far, sorted."""
        return sorted({name for name, *_ in self._rows()})

    def listener(self, model: Any) -> Callable[[Event], None]:
        """Return what writes the events of one run of a compiled model, to a file of its own."""
        writer, began = _Writer(self.folder), 0.0

        def listen(event: Event) -> None:
            nonlocal began
            if isinstance(event, RunStarted):
                began = event.time
            if event.time >= began:  # a resumed run tells again what was before
                writer.write(self._values(event, model), event)
            if isinstance(event, (EpochDone, RunStopped)):
                writer.flush()

        return listen

    @abstractmethod
    def _values(self, event: Event, model: Any) -> Mapping[str, float]:
        """Return the scalars of one event by tag."""

    def _rows(self) -> Iterator[tuple[str, int, float, float]]:
        import tensorflow as tf

        for path in sorted(self.folder.glob("events.out.tfevents.*")):
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                event = tf.compat.v1.Event.FromString(record)
                for value in event.summary.value:
                    yield value.tag, event.step, value.simple_value, event.wall_time

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.log_dir!r}, {self.app_name!r})"


class TrainSummary(Summary):
    """Loss, Throughput (rows a second) and LearningRate of each iteration.

    Args:
        log_dir: a folder of this machine.
        app_name: below which the files of this application lie, in its folder "train".
        triggers: tag → `EveryIterations`, for tags that are not written at each iteration.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `TrainSummary` of BigDL.

    Example:
        >>> TrainSummary("logs", "digits").folder.as_posix()
        'logs/digits/train'
    """

    kind = "train"

    def __init__(self, log_dir: str, app_name: str, triggers: Mapping[str, Trigger] | None = None) -> None:
        super().__init__(log_dir, app_name)
        self.triggers: dict[str, Trigger] = {}
        for name, trigger in (triggers or {}).items():
            self.set_summary_trigger(name, trigger)

    def set_summary_trigger(self, name: str, trigger: Trigger) -> TrainSummary:
        """Write one tag only at some iterations.

        Args:
            name: "Loss", "Throughput" or "LearningRate". Histograms of weights are
                `keras.callbacks.TensorBoard(histogram_freq=1)`'s, among the callbacks of `zoo_lab.fit`.
            trigger: an `EveryIterations`.
        """
        checks = Checks("set_summary_trigger")
        checks.one_of("name", name, _TAGS)
        counts = isinstance(trigger, EveryIterations)
        checks.require(counts, f"Expected trigger to be EveryIterations(n); received {trigger!r}.")
        checks.done()
        self.triggers[name] = trigger
        return self

    def _values(self, event: Event, model: Any) -> Mapping[str, float]:
        if not isinstance(event, IterationDone):
            return {}
        throughput = event.rows / event.seconds if event.seconds > 0 else 0.0
        values = {"Loss": event.loss, "Throughput": throughput, "LearningRate": _rate(model.optimizer, event.iteration)}
        return {tag: value for tag, value in values.items() if self._is_due(tag, event)}

    def _is_due(self, tag: str, event: IterationDone) -> bool:
        trigger = self.triggers.get(tag)
        return trigger is None or trigger.due(event.iteration - 1, Moment(event.iteration, event.epoch, False, 0.0))


class ValidationSummary(Summary):
    """The loss (tag "Loss") and metrics of the validation data after each epoch; the step is the iteration.

    Args:
        log_dir: a folder of this machine.
        app_name: below which the files of this application lie, in its folder "validation".

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ValidationSummary` of BigDL.

    Example:
        >>> ValidationSummary("logs", "digits").folder.as_posix()
        'logs/digits/validation'
    """

    kind = "validation"

    def _values(self, event: Event, model: Any) -> Mapping[str, float]:
        if not isinstance(event, EpochDone):
            return {}
        found = {name[4:]: value for name, value in event.logs.items() if name.startswith("val_")}
        return {"Loss" if name == "loss" else name: value for name, value in found.items() if np.ndim(value) == 0}


class _Writer:
    """One event file, made when the first scalar comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Any = None

    def write(self, values: Mapping[str, float], event: Event) -> None:
        """Write the scalars of one event."""
        import tensorflow as tf

        if not values:
            return
        self._open(event.time)
        summary = tf.compat.v1.Summary(value=list(_scalars(tf.compat.v1.Summary.Value, values.items())))
        self._put(tf.compat.v1.Event(wall_time=event.time, step=event.iteration, summary=summary))  # type: ignore[attr-defined]

    def flush(self) -> None:
        """Make what is written visible to readers."""
        if self._file is not None:
            self._file.flush()

    def _open(self, seconds: float) -> None:
        import tensorflow as tf

        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{int(seconds)}.{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
            self._file = tf.io.TFRecordWriter(str(self._folder / name))
            self._put(tf.compat.v1.Event(wall_time=seconds, file_version="brain.Event:2"))

    def _put(self, event: Any) -> None:
        self._file.write(event.SerializeToString())


def _scalars(kind: Any, values: Iterable[tuple[str, float]]) -> Iterator[Any]:
    yield from (kind(tag=tag, simple_value=float(value)) for tag, value in values)


def _rate(optimizer: Any, iteration: int) -> float:
    """Return the learning rate of an iteration: a schedule's, or the one that is set now."""
    import keras

    schedule = optimizer._learning_rate  # the property `learning_rate` asks a schedule for the present one
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return float(np.asarray(schedule(iteration - 1)))
    return float(np.asarray(optimizer.learning_rate))
