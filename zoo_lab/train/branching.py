"""A second run that goes on from an iteration of another, with a model of its own: same data, and what you change."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.events import (
    BranchStarted,
    EpochDone,
    Event,
    IterationDone,
    Notice,
    RunPaused,
    RunStarted,
    RunStopped,
)
from zoo_lab.train.keeping import kept_of
from zoo_lab.train.knobs import CLIPS, RATE, STRENGTH, check_turn
from zoo_lab.train.made import NOT_REPEATED, literal, shortened
from zoo_lab.train.saving import Parent

if TYPE_CHECKING:
    from zoo_lab.train.run import Run

_KNOBS = (RATE, *CLIPS, STRENGTH)
_FIXED = ("model", "data", "batch_size", "shuffle", "seed", "resume")
_OWN = {"callbacks": (), "listeners": (), "checkpoint": None, "background": False}
_SHOWN = (RunStarted, IterationDone, EpochDone, RunPaused, RunStopped)


def branch(run: Run, iteration: int, changes: Mapping[str, Any]) -> Run:
    """Start a run from the weights that `run` kept at or before `iteration`; see `Run.branch`."""
    from zoo_lab.train.api import fit

    kept = kept_of(run).at(iteration)
    _check(run, changes)
    knobs = {name: float(value) for name, value in changes.items() if name in _KNOBS}
    changed = {name: value for name, value in changes.items() if name not in _KNOBS}
    name = f"{run.name} from {kept.iteration}"
    names = [name for name in inspect.signature(fit).parameters if name not in ("model", "resume")]
    arguments = {**{name: run.arguments[name] for name in names}, **_OWN, "name": name, **changed}
    tell = _teller(run, kept.iteration)
    parent = Parent(run.id, run.name, *_told(changes))
    arguments |= {"resume": kept.changed(knobs, parent), "listeners": [tell, *arguments["listeners"]]}
    return fit(twin_of(run.model), **arguments)


def _told(changes: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what was changed as Python literals, and in words what is none; how the branch is shown is no change."""
    told = {name: value for name, value in changes.items() if name not in NOT_REPEATED}
    literals = {name: text for name, value in told.items() if (text := literal(value)) is not None}
    return literals, {name: shortened(value) for name, value in told.items() if name not in literals}


def branch_from_page(run: Run, iteration: str, changes: Mapping[str, Any]) -> None:
    """Start a branch that a page has asked for, in a thread of its own; what is refused is told as a notice."""

    def work() -> None:
        try:
            branch(run, int(iteration), {**changes, "background": True, "display": "none"})
        except Exception as error:  # nobody else hears of it: this is a thread of its own
            run.stream.emit(Notice(run=run.id, text=f"No branch: {error}"))

    threading.Thread(target=work, name=f"zoo_lab branch of {run.id}", daemon=True).start()


def twin_of(model: Any) -> Any:
    """Return a compiled model of the same make, with weights and optimizer of its own."""
    from zoo_lab.keras.shipping import pack, unpack

    twin, compiled = unpack(pack(model, optimizer=True))
    twin.compile(**(compiled or {}))
    return twin


def _check(run: Run, changes: Mapping[str, Any]) -> None:
    from zoo_lab.train.api import fit

    known = [name for name in inspect.signature(fit).parameters if name not in _FIXED]
    checks = Checks("branch")
    for name in changes:
        if name in _FIXED:
            told = "a branch goes on with the same rows in the same order; start another run for that"
            checks.fail(f"Expected no {name}: {told}.")
        else:
            checks.one_of("a change", name, [*_KNOBS, *known])
    checks.done()
    now = dict(run.knobs)
    for name in [*changes]:
        if name in _KNOBS:
            now[name] = check_turn(name, changes[name], now)


def _teller(run: Run, iteration: int) -> Any:
    """Return a listener of the branch that has the first run tell of it and show its curve."""

    def tell(event: Event) -> None:
        if isinstance(event, RunStarted):
            started = BranchStarted(run=run.id, iteration=iteration, branch=event.run, name=event.name)
            run.stream.emit(started)
        if isinstance(event, _SHOWN) and getattr(event, "iteration", iteration + 1) > iteration:
            run.beside.emit(event)

    return tell
