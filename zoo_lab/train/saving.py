"""What of a run goes into a checkpoint, when, and how a run goes on from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.errors import ArgumentError, DataError, TrainingError
from zoo_lab.core.events import CheckpointSaved, Event, Notice
from zoo_lab.core.triggers import EveryEpoch, Moment, Trigger
from zoo_lab.train.checkpoint import Checkpoint, Loaded, load, save
from zoo_lab.train.storage import storage_for

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.train.live import LiveModel
    from zoo_lab.train.plan import Plan
    from zoo_lab.train.run import Run

_NAME = "iteration-"
_SAME = ("rows", "batch_size", "shuffle")


@dataclass(frozen=True)
class Checkpoints:
    """Where and when a run saves itself.

    Args:
        place: a folder, or a URL that Hadoop or fsspec reaches ("hdfs://…", "s3a://…", "memory://…").
        every: a trigger; default each epoch. Triggers combine with & and |.
        keep: how many checkpoints stay, None for all.

    Example:
        >>> from zoo_lab.train import BestMetric, EveryIterations
        >>> Checkpoints("runs/digits", every=EveryIterations(500) | BestMetric("val_loss"), keep=2).keep
        2
    """

    place: str | Path
    every: Trigger = field(default_factory=EveryEpoch)
    keep: int | None = 3

    @classmethod
    def of(cls, given: Any) -> Checkpoints | None:
        """Return what `fit(checkpoint=…)` stands for: None, a place, or a `Checkpoints`."""
        if given is None or isinstance(given, cls):
            return given
        if isinstance(given, (str, Path)):
            return cls(given)
        msg = f"Expected checkpoint to be a folder, a URL or Checkpoints(…); received {given!r}."
        raise ArgumentError(msg)


@dataclass(frozen=True)
class Parent:
    """The run that another branches from.

    Attributes:
        run, name: its id and what it is called.
        changes: the arguments and knobs that the branch was given, as Python literals.
        others: those that are none, in words.
    """

    run: str
    name: str
    changes: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """Where a run begins.

    Attributes:
        iteration: how many iterations are done.
        totals: the flat metric sums of the epoch under way, None at an epoch's start.
        history: metric name → one value for each epoch done.
        seconds: that the run has trained already.
        trigger: the state of the trigger that saved it, None where there is none.
        file: the run file so far, None where there is none.
        offset: how many bytes of it belong to what the checkpoint holds.
        knobs: what was turned, with the values it was given.
        quarantine: the rows that are left out.
        parent: the run that this one branches from, None where it goes on as itself.
    """

    iteration: int = 0
    totals: np.ndarray | None = None
    history: Mapping[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    trigger: Mapping[str, Any] | None = None
    file: Path | None = None
    offset: int = 0
    knobs: Mapping[str, float] = field(default_factory=dict)
    parent: Parent | None = None
    quarantine: Sequence[int] = ()


def expect_unused(checkpoints: Checkpoints | None, context: NNContext) -> None:
    """Raise `ArgumentError` where the place holds checkpoints already: "the newest" would be another run's."""
    if checkpoints is None:
        return
    storage = storage_for(checkpoints.place, context)
    try:
        names = storage.names()
    except OSError:
        return  # it says so when it is written to
    if any(name.startswith(_NAME) for name in names):
        msg = (
            f"Expected a new place for checkpoints; {storage.where('')} holds the checkpoints of another run. Go on "
            "from them with resume=, name another folder, or remove it."
        )
        raise ArgumentError(msg)


def resume(place: str | Path, live: LiveModel, plan: Plan, context: NNContext) -> tuple[Start, int, Loaded]:
    """Put the newest intact checkpoint of `place` into the live model; return where it stands and the run's seed.

    Raises `ArgumentError` naming everything in which this run differs from the one that was saved.
    """
    loaded = load(place, context=context)
    arrays, facts = loaded.checkpoint.arrays, loaded.checkpoint.facts
    _expect_same(facts, live, plan, loaded.path)
    live.restore_all(arrays["weights"], arrays["state"], [arrays[name] for name in _optimizer_names(arrays)])
    middle = facts["iteration"] % plan.steps_per_epoch
    start = Start(
        iteration=facts["iteration"],
        totals=arrays["metrics"] if middle else None,
        history=facts["history"],
        seconds=facts["seconds"],
        trigger=facts["trigger"],
        file=Path(facts["run_file"]),
        offset=facts["run_offset"],
        knobs=facts.get("knobs", {}),
        quarantine=facts.get("quarantine", ()),
    )
    return start, facts["seed"], loaded


class Saver:
    """Saves one run as its trigger says."""

    def __init__(
        self, checkpoints: Checkpoints, run: Run, live: LiveModel, context: NNContext, start: Start, flush: Callable
    ) -> None:
        self._checkpoints = checkpoints
        self._run = run
        self._live = live
        self._context = context
        self._flush = flush
        self._watcher = checkpoints.every.watch()
        if start.trigger is not None and start.trigger.get("trigger") == repr(checkpoints.every):
            self._watcher.restore(start.trigger)

    def room(self, moment: Moment, count: int) -> int:
        """Return how many of the next `count` iterations may share a job, so that none is passed that is to be saved."""
        for ahead in range(1, count):
            later = Moment(moment.iteration + ahead, moment.epoch, False, moment.seconds, {})
            if self._watcher.due(later):
                return ahead
        return count

    def due(self, moment: Moment) -> bool:
        """Tell whether the run is to be saved now; ask once a moment."""
        return self._watcher.fires(moment)

    def save(self, moment: Moment, plan: Plan) -> Event:
        """Save the live model and return the event that tells of it; a place that refuses does not end the run."""
        live, run = self._live, self._run
        kept = {f"optimizer/{number}": _plain(v) for number, v in enumerate(live.model.optimizer.variables)}
        arrays = {
            "weights": live.flat_weights(),
            "state": live.flat_state(only_updated=False),
            "metrics": live.totals.flat(),
            **kept,
        }
        facts = {
            "iteration": moment.iteration,
            "seconds": moment.seconds,
            "seed": plan.seed,
            "epochs": plan.epochs,
            "workers": plan.workers,
            "sync": plan.sync,
            **{name: getattr(plan, name) for name in _SAME},
            "layout": repr(live.layout),
            "optimizer": [list(value.shape) for value in kept.values()],
            "history": {name: [np.asarray(v, float).tolist() for v in values] for name, values in run.history.items()},
            "trigger": self._watcher.state(),
            "knobs": dict(run.turned_knobs),
            "quarantine": sorted(run.quarantine),
            "run_file": str(run.path.resolve()),
            "run_offset": offset_of(self._run, self._flush),
        }
        name = f"{_NAME}{moment.iteration:09d}"
        checkpoints = self._checkpoints
        try:
            path = save(
                Checkpoint(arrays, facts), checkpoints.place, name=name, keep=checkpoints.keep, context=self._context
            )
        except TrainingError as error:
            return Notice(run=run.id, text=f"{error} Training goes on.")
        return CheckpointSaved(run=run.id, iteration=moment.iteration, path=path)


def offset_of(run: Run, flush: Callable[[], None]) -> int:
    """Return how long the run file is with all events so far; what a full disk has kept out of it is no reason not to
    save."""
    try:
        flush()
        return run.path.stat().st_size
    except OSError:
        return 0


def _plain(variable: Any) -> np.ndarray:
    """Return a variable as numpy's own type: it has no bfloat16, which float32 holds exactly."""
    array = np.asarray(variable)
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _optimizer_names(arrays: Mapping[str, Any]) -> list[str]:
    return sorted((name for name in arrays if name.startswith("optimizer/")), key=lambda name: int(name.split("/")[1]))


def _expect_same(facts: Mapping[str, Any], live: LiveModel, plan: Plan, path: str) -> None:
    missing = {"layout", "optimizer", "seed", *_SAME} - set(facts)
    if missing:
        msg = f"Expected a checkpoint of zoo_lab.fit in {path}; received one without {', '.join(sorted(missing))}."
        raise DataError(msg)
    shapes = [list(variable.shape) for variable in live.model.optimizer.variables]
    problems = [
        f"Expected {name}={facts[name]!r} as in the checkpoint; received {getattr(plan, name)!r}."
        for name in _SAME
        if getattr(plan, name) != facts[name]
    ]
    if facts["layout"] != repr(live.layout):
        problems.append("Expected a model with the checkpoint's weights; received one with others.")
    if facts["optimizer"] != shapes:
        problems.append("Expected the checkpoint's optimizer; received another, or one with other settings.")
    if problems:
        raise ArgumentError.listing(f"fit(resume={path!r})", problems)
