"""What happens in a run, as small frozen events.

Everything between the cluster and the screen is one stream of these: the widget, the run file,
the text fallback and the tests are listeners. Iterations count from 1, epochs from 0 (as Keras
callbacks count them). Times are seconds since 1970, durations seconds.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in the run with the id `run`, at `time`."""

    run: str
    time: float = field(default_factory=time.time)
    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls) -> None:
        Event.kinds[cls.__name__] = cls

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain JSON values, its class name under "event"."""
        values = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}
        return {"event": type(self).__name__, **values}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Event:
        """Return the event that `to_dict` wrote; unknown fields of later versions are ignored."""
        kind = Event.kinds[values["event"]]
        known = {f.name for f in dataclasses.fields(kind)}
        return kind(**{name: _restored(value) for name, value in values.items() if name in known})


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """Training begins: what runs where, as the plan decided it.

    `iterations` is the number in the whole run, which may end within an epoch; 0 stands for all of `epochs`.
    `knobs` are the settings that can be changed while it runs, with their values.
    """

    name: str
    model: str
    parameters: int
    rows: int
    batch_size: int
    epochs: int
    steps_per_epoch: int
    workers: int
    sync: str
    seed: int
    why: str = ""
    metrics: tuple[str, ...] = ()
    validation: bool = False
    master: str = ""
    iterations: int = 0
    knobs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunMade(Event):
    """What `fit` was called with, in a form that can be repeated; it follows `RunStarted`.

    `arguments` are those that differ from the defaults, as Python literals; `written` are those that are no literals, as
    the cell wrote them; `others` are the rest, in words. `model` is the architecture and `compiled` the compile
    configuration, both as Keras' JSON, "" where Keras has none. `digest` names the weights (and the optimizer's state)
    that it began with; `start` holds them where they are small: an .npz file as base64. `data` says in words what it
    trained on. `context` are the Spark properties that the context was asked for, `versions` those of the packages.
    """

    arguments: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    compiled: str = ""
    digest: str = ""
    start: str = ""
    data: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IterationDone(Event):
    """One global batch has been applied to the weights.

    `loss` is that batch's loss; `metrics` are Keras' running values of the epoch. `parts` splits
    `seconds` into schedule, read, compute, exchange, update and return; `slowest` is the worker whose
    computation took longest. `rows` were used; `dropped` tells for each slow worker how many of its rows came too
    late and were not. `each` are the seconds of read, compute and exchange (or waiting for the others) of each of the
    first eight workers, nothing where nobody measured them.
    """

    iteration: int
    epoch: int
    step: int
    loss: float
    rows: int
    seconds: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    slowest: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    each: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class IterationDiscarded(Event):
    """So few of a batch's rows came in time that nothing of it was applied.

    `rows` came; `dropped` tells for each slow worker how many of its rows did not.
    """

    iteration: int
    epoch: int
    step: int
    rows: int
    dropped: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class EpochDone(Event):
    """An epoch is over; `logs` is what Keras callbacks receive, validation values included."""

    epoch: int
    iteration: int
    logs: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class WorkerLost(Event):
    """A task died with its worker; the iteration is done again.

    `worker` is its number, -1 where Spark does not say, and `host` where it ran, "" where that is not known. `attempt`
    tells how often the iteration has failed by now.
    """

    iteration: int
    reason: str
    attempt: int
    worker: int = -1
    host: str = ""

    @property
    def who(self) -> str:
        """The worker as people say it: "worker 1 on node-7", "a worker" where nobody knows which."""
        return worker_words(self.worker, self.host)


@dataclass(frozen=True, kw_only=True)
class BatchRejected(Event):
    """A batch gave a loss that is not finite ("nan") or far above those before it ("spike"); nothing of it was applied.

    `rows` are those to blame, else the whole batch, `partitions` those that hold them, `workers` those that computed
    them and `hosts` where each of these ran; `shown` are the worst of them, each with row, loss, inputs, targets and picture (PNG in base64, "" for none).
    `asks` tells whether the run waits for somebody to choose what becomes of it.
    """

    iteration: int
    epoch: int
    step: int
    loss: float
    reason: str
    kind: str = "nan"
    rows: tuple[int, ...] = ()
    workers: tuple[int, ...] = ()
    partitions: tuple[int, ...] = ()
    shown: tuple[Mapping[str, Any], ...] = ()
    asks: bool = False
    hosts: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The workers as people say them: "worker 1 on node-7"; "" where none is known."""
        hosts = self.hosts or ("",) * len(self.workers)
        return ", ".join(worker_words(worker, host) for worker, host in zip(self.workers, hosts, strict=True))


@dataclass(frozen=True, kw_only=True)
class BatchHandled(Event):
    """What became of a rejected batch: "skip" (left out), "quarantine" (and its `rows` from here on) or "retry"."""

    iteration: int
    choice: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """The run's state after `iteration` lies in `path`, a folder or URL."""

    iteration: int
    path: str


@dataclass(frozen=True, kw_only=True)
class RunPaused(Event):
    """Training rests after `iteration`, as somebody asked; the model is up to date."""

    iteration: int


@dataclass(frozen=True, kw_only=True)
class RunContinued(Event):
    """Training that had paused after `iteration` goes on."""

    iteration: int


@dataclass(frozen=True, kw_only=True)
class KnobTurned(Event):
    """The setting `knob` has the value `value` from the iteration behind `iteration` on; it was `before`."""

    iteration: int
    knob: str
    value: float
    before: float


@dataclass(frozen=True, kw_only=True)
class WatchStarted(Event):
    """These samples are predicted again and again.

    `kind` is "classes", "values" or "boxes", `source` "validation" or "training"; a sample has inputs (words), a picture
    (PNG in base64, "" for none) and its label, in words; of values also its first targets; of boxes also the true ones,
    as in `SamplesWatched`, and the picture's aspect (width / height).
    """

    kind: str
    source: str
    samples: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class SamplesWatched(Event):
    """What the model of `iteration` says of each sample.

    That is (class, share) of the likeliest, or its first numbers, or boxes: (name, score or None, x1, y1, x2, y2), the
    corners as parts of the picture's width and height.
    """

    iteration: int
    predictions: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, kw_only=True)
class WeightsKept(Event):
    """The state after `iteration` is kept in memory; so are others from iteration `first` on, `nbytes` bytes in all."""

    iteration: int
    first: int
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class BranchStarted(Event):
    """Another run, with the id `branch` and called `name`, goes on from `iteration` of this one."""

    iteration: int
    branch: str
    name: str


@dataclass(frozen=True, kw_only=True)
class BranchedFrom(Event):
    """This run goes on from `iteration` of the run with the id `parent`, which is called `name`; `path` is its file.

    `changes` are the arguments and knobs that the branch was given, as Python literals; `others` those that are none, in
    words.
    """

    iteration: int
    parent: str
    name: str
    path: str
    changes: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunRewound(Event):
    """The model of a run that is over has the weights of `iteration` again."""

    iteration: int


@dataclass(frozen=True, kw_only=True)
class KnobRefused(Event):
    """Somebody asked for a value that the setting `knob` cannot have; `reason` says why."""

    knob: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something the user should know that stops nothing."""

    text: str


@dataclass(frozen=True, kw_only=True)
class RunStopped(Event):
    """The run is over. `reason` is one of "finished", "stopped" (by the user), "early" (by a callback), "failed".

    `message` is the error of a failed run in words, `error` the same part by part: the kind, what, where (file, line,
    function, code and cell of each of the user's lines), worker, sample, advice and traceback of core/report.py.
    """

    reason: str
    iterations: int
    seconds: float
    message: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)


def worker_words(worker: int, host: str) -> str:
    """Return what people call a worker; its number is -1, its host "" where that is not known.

    Example:
        >>> worker_words(1, "node-7"), worker_words(-1, "")
        ('worker 1 on node-7', 'a worker')
    """
    named = f"worker {worker}" if worker >= 0 else "a worker"
    return f"{named} on {host}" if host else named


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (str, bool)) or value is None:
        return value
    number = value.tolist() if hasattr(value, "tolist") else value  # of numpy: a scalar, or lists of an array
    if isinstance(number, list):
        return [_plain(item) for item in number]
    if isinstance(number, float) and not math.isfinite(number):
        return {"float": repr(number)}  # JSON has no NaN and browsers refuse Python's
    return number


def _restored(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"float"}:
            return float(value["float"])
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_restored(item) for item in value)
    return value
