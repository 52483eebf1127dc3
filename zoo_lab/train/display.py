"""Attaches to a run what shows it: the cell's widget or text, and the kernel's entry for the Jupyter server."""

from __future__ import annotations

import contextlib
import json
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from zoo_lab.core.errors import ZooLabError
from zoo_lab.core.events import Event, KnobRefused, RunStopped
from zoo_lab.train.branching import branch_from_page
from zoo_lab.train.run import Run

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext


Hearing = Callable[[Mapping[str, Any]], None]
_ACTIONS: Mapping[str, Callable[[Run, Mapping[str, Any]], object]] = {
    "stop": lambda run, request: run.stop(),
    "knob": lambda run, request: _turn(run, str(request.get("knob")), request.get("value")),
    "branch": lambda run, request: _branch(run, request),
    "decide": lambda run, request: _decide(run, request),
    "pause": lambda run, request: run.pause(),
    "resume": lambda run, request: run.resume(),
}
_AFTER_THE_END = ("branch",)  # only where weights are kept
_newest: list[Run] = []  # the last run with kept weights: a page branches from it, though nobody may hold it


def _turn(run: Run, knob: str, value: Any) -> None:
    """Turn a knob; what is refused is told where it was typed."""
    try:
        run.turn(knob, float(value))
    except (TypeError, ValueError) as error:  # an ArgumentError is one too
        told = str(error) if isinstance(error, ZooLabError) else f"Expected a number; received {value!r}."
        reason = told.splitlines()[-1].strip().removeprefix("turn: ")
        run.stream.emit(KnobRefused(run=run.id, knob=knob, reason=reason))


def _decide(run: Run, request: Mapping[str, Any]) -> None:
    """Take a choice; a second press, or one that comes too late, is left alone."""
    with contextlib.suppress(ValueError):  # an ArgumentError is one
        run.decide(str(request.get("choice")), int(request.get("iteration", -1)))


def _branch(run: Run, request: Mapping[str, Any]) -> None:
    """Start a branch, once for each press of the button: the request may come by two ways."""
    if run.hears(str(request.get("token"))):
        branch_from_page(run, str(request.get("iteration")), json.loads(str(request.get("changes") or "{}")))


def show(run: Run, context: NNContext, display: str) -> None:
    """Show `run` as asked: "auto" (widget in a notebook, text elsewhere), "text" or "none".

    What shows a run that is over does not hold it, as its kept weights may be many; only the newest such run stays.
    """
    if run.kept is not None:
        _newest[:] = [run]
    run_id, hear = run.id, _hearing(run)
    _publish(run, context, hear)
    if display == "text":
        from zoo_lab.widgets.progress import TextProgress

        run.stream.subscribe(TextProgress(run.id))
    elif display == "auto":
        from zoo_lab.widgets.choose import display_for

        listener = display_for(run.id, lambda: hear({"action": "stop", "run": run_id}), hear)
        run.stream.subscribe(listener)
        run.beside.subscribe(listener)


def _hearing(run: Run) -> Hearing:
    """Return what takes the requests of a page, and holds the run no longer than others do."""
    found = weakref.ref(run)

    def hear(request: Mapping[str, Any]) -> None:
        known = found()
        if known is not None:
            obey(known, request)

    return hear


def _publish(run: Run, context: NNContext, hear: Hearing) -> None:
    """Let the Jupyter server know of the run, and take its Stop, which comes while the cell is still busy.

    A branch can be asked for as long as the weights are there.
    """
    from zoo_lab.widgets.board import kernel_board

    board = kernel_board()
    if board is None:
        return
    description = context.describe()
    board.set_context(description.pop("app"), **description)
    board.add_run(run.id)
    run.stream.subscribe(board.listen)
    run_id = run.id
    run.beside.subscribe(lambda event: board.listen_beside(run_id, event))

    forget = {action: board.on(action, hear) for action in _ACTIONS}
    for action in _AFTER_THE_END if run.kept is not None else ():
        weakref.finalize(run, forget.pop(action))

    def end(event: Event) -> None:
        if isinstance(event, RunStopped):
            for undo in forget.values():
                undo()

    run.stream.subscribe(end)


def obey(run: Run, request: Mapping[str, Any]) -> None:
    """Do what a button asks of `run`; a request for another run, or of a kind that is not known, is left alone."""
    act = _ACTIONS.get(str(request.get("action")))
    if act is not None and request.get("run") == run.id:
        act(run, request)
