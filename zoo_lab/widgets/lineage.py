"""A run and the runs that it branches from, the first of them first: what was called, what was turned, up to where.

What a run file tells decides whether a script can do the same again; what nobody can repeat is said in words.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import (
    BatchHandled,
    BranchedFrom,
    Event,
    IterationDiscarded,
    KnobTurned,
    RunMade,
    RunRewound,
    RunStopped,
)
from zoo_lab.core.runlog import read_events
from zoo_lab.widgets.runfiles import RunFile, read_run


@dataclass(frozen=True)
class Part:
    """One run of a line of runs.

    Attributes:
        run: its file.
        made: how `fit` was called.
        branched: where it branches from, None for the first.
        until: the iteration that the next one branches from, None for the last.
        events: of its file, those told again of its parent included.
    """

    run: RunFile
    made: RunMade
    branched: BranchedFrom | None
    until: int | None
    events: tuple[Event, ...]

    @property
    def turns(self) -> dict[int, dict[str, float]]:
        """Iterations done → knob → value, of what was turned, or was to be, before the next run branched off."""
        given = ast.literal_eval(self.made.arguments.get("turns", "{}")) or {}
        found = {at: dict(knobs) for at, knobs in given.items() if self.until is None or at < self.until}
        for event in self.events:
            if isinstance(event, KnobTurned) and (self.until is None or event.iteration < self.until):
                found.setdefault(event.iteration, {})[event.knob] = event.value
        return found

    @property
    def rewound(self) -> int | None:
        """The iteration whose weights its model was given back last, None where it was not."""
        found = [event.iteration for event in self.events if isinstance(event, RunRewound)]
        return found[-1] if found else None

    @property
    def stopped_at(self) -> int | None:
        """The iteration that somebody stopped it at, None where it ended otherwise."""
        ends = [event for event in self.events if isinstance(event, RunStopped) and event.reason == "stopped"]
        return ends[-1].iterations if ends else None

    @property
    def arguments(self) -> dict[str, str]:
        """What `fit` was given as literals; where a person chose what became of bad batches, always the same, that."""
        given = dict(self.made.arguments)
        choices = set(_choices(self.events))
        if given.get("bad_batch") == "'ask'" and len(choices) == 1 and choices <= {"skip", "quarantine"}:
            given["bad_batch"] = repr(*choices)
        return given

    def unrepeated(self) -> Iterator[str]:
        """Yield in words what of this run no script does again."""
        choices = list(_choices(self.events))
        if choices and self.arguments.get("bad_batch") == "'ask'":
            yield f"what a person chose for its bad batches ({', '.join(choices)}): it asks again"
        if any(isinstance(event, IterationDiscarded) or getattr(event, "dropped", None) for event in self.events):
            yield "which rows came too late: that is a matter of time"
        if self.branched is not None and self.branched.others:
            yield f"what {', '.join(self.branched.others)} of the branch was: it is marked below"


def _choices(events: Iterable[Event]) -> Iterator[str]:
    return (event.choice for event in events if isinstance(event, BatchHandled))


def lineage(run: RunFile) -> list[Part]:
    """Return the run's line, the first run first.

    Errors:
        ArgumentError: a file was written by a version that did not tell how a run was called, or that of a run which
            this one branches from is not there any more.

    Example:
        >>> [part.until for part in lineage(branch)]                        # doctest: +SKIP
        [14, None]
    """
    parts: list[Part] = []
    until: int | None = None
    while True:
        made = run.curves.made
        if made is None:
            msg = f"Expected a run file that says how the run was called; {run.path} was written by an older zoo_lab."
            raise ArgumentError(msg)
        events = tuple(read_events(run.path))
        branched = next((event for event in events if isinstance(event, BranchedFrom)), None)
        parts.insert(0, Part(run, made, branched, until, events))
        if branched is None:
            return parts
        run, until = _parent(run, branched), branched.iteration


def _parent(run: RunFile, branched: BranchedFrom) -> RunFile:
    path = Path(branched.path)
    places = [place for place in (path, run.path.parent / path.name) if place.is_file()]
    if not places:
        msg = (
            f"Expected the file of the run that {run.name!r} branches from, to do that again first; "
            f"{branched.path} is not there any more."
        )
        raise ArgumentError(msg)
    return read_run(places[0])
