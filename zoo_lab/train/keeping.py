"""A run's last weights, kept in the driver's memory while it trains: what a branch starts from and a rewind puts back.

KeepWeights says how many · Keeper takes them as the loop goes · Ring holds them · branching starts runs from them. A
kept state holds all that a checkpoint does, so that a run that goes on from it computes the same bits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError, TrainingError
from zoo_lab.core.events import Event, RunRewound, WeightsKept
from zoo_lab.train.saving import Parent, Start

if TYPE_CHECKING:
    from zoo_lab.train.live import LiveModel
    from zoo_lab.train.plan import Plan
    from zoo_lab.train.run import Run


@dataclass(frozen=True)
class KeepWeights:
    """How often a run keeps its weights for branches and rewinds, and how many of them stay.

    One takes as much of the driver's memory as the weights, the rest of the model's state and all that the optimizer
    keeps: with Adam about three times the weights. `run.kept.nbytes` tells how much all of them take.

    Args:
        every: iterations between two that are kept; a job ends with each.
        last: how many of the newest stay.

    Raises `ArgumentError` listing the wrong arguments.

    Example:
        >>> KeepWeights(every=10, last=5)
        KeepWeights(every=10, last=5)
    """

    every: int = 50
    last: int = 20

    def __post_init__(self) -> None:
        checks = Checks("KeepWeights")
        checks.positive_int("every", self.every)
        checks.positive_int("last", self.last)
        checks.done()

    @classmethod
    def of(cls, given: Any) -> KeepWeights | None:
        """Return what `fit(keep_weights=…)` stands for: None, a number of iterations, or a `KeepWeights`."""
        if given is None or isinstance(given, cls):
            return given
        if isinstance(given, int) and not isinstance(given, bool):
            return cls(every=given)
        msg = f"Expected keep_weights to be a number of iterations or KeepWeights(…); received {given!r}."
        raise ArgumentError(msg)


@dataclass(frozen=True, eq=False)
class Kept:
    """All that a run is after one iteration.

    Attributes:
        iteration: how many are done.
        seed, rows: of the run and of its data.
        weights, state: flat.
        optimizer: the value of each of its variables.
        start: where a run that goes on from here begins.
    """

    iteration: int
    seed: int
    rows: int
    weights: np.ndarray
    state: np.ndarray
    optimizer: Sequence[np.ndarray]
    start: Start

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.weights.nbytes + self.state.nbytes + sum(value.nbytes for value in self.optimizer)

    def __repr__(self) -> str:
        return f"<what was kept of iteration {self.iteration}>"

    def changed(self, knobs: Mapping[str, float], parent: Parent) -> Kept:
        """Return the same with other values of knobs, as a branch of `parent` goes on from it."""
        return replace(self, start=replace(self.start, knobs={**self.start.knobs, **knobs}, parent=parent))

    def into(self, live: LiveModel, plan: Plan) -> Start:
        """Put this into a model that goes on with `plan`; return where it begins."""
        if plan.rows != self.rows:
            msg = f"branch: Expected the {self.rows:,} rows that the run had; received {plan.rows:,}."
            raise ArgumentError(msg)
        live.restore_all(self.weights, self.state, list(self.optimizer))
        return self.start


class Ring:
    """The states of a run that are kept; read by any thread."""

    def __init__(self, last: int) -> None:
        self._kept: deque[Kept] = deque(maxlen=last)
        self._lock = threading.Lock()

    def add(self, kept: Kept) -> None:
        """Keep one more; the oldest beyond the number goes."""
        with self._lock:
            self._kept.append(kept)

    @property
    def iterations(self) -> tuple[int, ...]:
        """The iterations whose weights are kept, oldest first."""
        with self._lock:
            return tuple(kept.iteration for kept in self._kept)

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        with self._lock:
            return sum(kept.nbytes for kept in self._kept)

    def at(self, iteration: int) -> Kept:
        """Return the newest that was kept at or before `iteration`.

        Errors:
            ArgumentError: there is none; the message names those there are.
        """
        with self._lock:
            found = [kept for kept in self._kept if kept.iteration <= iteration]
        if found:
            return found[-1]
        known = ", ".join(map(str, self.iterations)) or "none yet"
        msg = f"Expected an iteration at or behind one whose weights are kept: {known}; received {iteration!r}."
        raise ArgumentError(msg)

    def __repr__(self) -> str:
        return f"Ring({len(self.iterations)} kept, {self.nbytes / 1e6:,.1f} MB: {', '.join(map(str, self.iterations))})"


class Keeper:
    """Fills the ring of one run."""

    def __init__(self, every: int, run: Run, live: LiveModel, ring: Ring, offset: Callable[[], int]) -> None:
        self._every = every
        self._run = run
        self._live = live
        self._ring = ring
        self._offset = offset

    def room(self, iteration: int, count: int) -> int:
        """Return how many of the next `count` iterations may share a job, so that none is passed that is to be kept."""
        return min(count, self._every - iteration % self._every)

    def due(self, iteration: int) -> bool:
        """Tell whether the state after `iteration` is to be kept."""
        return iteration > 0 and iteration % self._every == 0

    def keep(self, iteration: int, seconds: float, plan: Plan) -> Event:
        """Keep the live model as it is; return the event that tells of it."""
        live, run = self._live, self._run
        middle = iteration % plan.steps_per_epoch
        start = Start(
            iteration=iteration,
            totals=live.totals.flat() if middle else None,
            history={name: list(values) for name, values in run.history.items()},
            seconds=seconds,
            file=run.path,
            offset=self._offset(),
            knobs=dict(run.turned_knobs),
            quarantine=sorted(run.quarantine),
        )
        optimizer = [np.array(np.asarray(variable)) for variable in live.model.optimizer.variables]
        state = live.flat_state(only_updated=False)
        self._ring.add(Kept(iteration, plan.seed, plan.rows, live.flat_weights(), state, optimizer, start))
        first = self._ring.iterations[0]
        return WeightsKept(run=run.id, iteration=iteration, first=first, nbytes=self._ring.nbytes)


def rewind(run: Run, iteration: int) -> int:
    """Put the weights kept at or before `iteration` back into the run's model; return the iteration."""
    from zoo_lab.train.layout import ModelVariables, assign_values

    ring = kept_of(run)
    if run.state == "running":
        msg = "Expected a run that is over; received one that goes on. Stop it first, or start a branch beside it."
        raise TrainingError(msg)
    kept = ring.at(iteration)
    variables = ModelVariables(run.model)
    assign_values(variables.trainable, kept.weights)
    assign_values(variables.state, kept.state)
    for variable, value in zip(run.model.optimizer.variables, kept.optimizer, strict=True):
        variable.assign(value)
    run.stream.emit(RunRewound(run=run.id, iteration=kept.iteration))
    return kept.iteration


def kept_of(run: Run) -> Ring:
    """Return the run's ring, or raise `ArgumentError` where it keeps none."""
    if run.kept is None:
        msg = "Expected a run that keeps its weights; received one that does not. Train with keep_weights=50, say."
        raise ArgumentError(msg)
    return run.kept
