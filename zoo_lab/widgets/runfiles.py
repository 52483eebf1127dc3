"""The runs of a folder: found, read without Spark, and given names and tags by the user.

Names and tags lie beside the run files in `labels.json`; the run files themselves are never written again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.runlog import read_events
from zoo_lab.widgets.best import best
from zoo_lab.widgets.curves import Curves

LABELS = "labels.json"


@dataclass(frozen=True)
class RunFile:
    """One run: its file, what is in it, and what the user calls it.

    Attributes:
        path: the run file.
        curves: all that its events tell.
        name: the user's, else the run's own.
        tags: the user's, sorted.
    """

    path: Path
    curves: Curves
    name: str
    tags: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The run's state; "unfinished" where the file has no end: it still trains, or its kernel died."""
        return self.curves.state if self.curves.over else "unfinished"

    @property
    def started(self) -> float:
        """When it began, in seconds since 1970."""
        return self.curves.started.time if self.curves.started else self.path.stat().st_mtime

    def row(self, number: int) -> dict[str, Any]:
        """Return what a list shows of it, as plain values; what is not known is None."""
        start, found = self.curves.started, best(self.curves)
        return {
            "number": number,
            "name": self.name,
            "state": self.state,
            "started": time.strftime("%Y-%m-%d %H:%M", time.localtime(self.started)),
            "model": start.model if start else None,
            "workers": start.workers if start else None,
            "batch_size": start.batch_size if start else None,
            "epochs": self.curves.epochs_done,
            "iterations": self.curves.last_iteration,
            "seconds": self.curves.elapsed_seconds,
            "metric": found["name"] if found else None,
            "best": found["value"] if found else None,
            "tags": ", ".join(self.tags),
            "file": self.path.name,
        }


def read_run(path: Path, labels: dict[str, Any] | None = None) -> RunFile:
    """Return the run in `path`.

    Errors:
        ArgumentError: the file holds no run.

    Example:
        >>> read_run(run.path).curves.last_iteration                        # doctest: +SKIP
        235
    """
    events = read_events(path)
    try:
        first = next(events)
        curves = Curves(first.run)
        curves.add(first)
        for event in events:
            curves.add(event)
    except (OSError, ValueError, StopIteration, UnicodeDecodeError) as error:
        msg = f"Expected a run file of zoo_lab; {path} is none: {error or 'it is empty'}."
        raise ArgumentError(msg) from error
    own = (labels if labels is not None else read_labels(path.parent)).get(path.stem, {})
    return RunFile(path, curves, own.get("name") or curves.name, tuple(sorted(own.get("tags", ()))))


def list_runs(folder: Path) -> tuple[list[RunFile], list[str]]:
    """Return the runs of `folder`, newest first, and what is wrong with the files that hold none."""
    labels, runs, problems = read_labels(folder), [], []
    for path in folder.glob("*.jsonl"):
        try:
            runs.append(read_run(path, labels))
        except ArgumentError as error:
            problems.append(str(error))
    return sorted(runs, key=lambda run: run.started, reverse=True), sorted(problems)


def pick(runs: list[RunFile], words: Iterable[str]) -> list[RunFile]:
    """Return the runs that `words` name: by number (1 is the newest), name, tag, or the beginning of the file's name.

    Errors:
        ArgumentError: a word names none.
    """
    picked: list[RunFile] = []
    for word in words:
        found = _named(runs, word)
        if not found:
            names = ", ".join(dict.fromkeys(run.name for run in runs)) or "none"
            msg = f"Expected the number, name, tag or file of a run; received {word!r}. There are: {names}."
            raise ArgumentError(msg)
        picked += [run for run in found if run not in picked]
    return picked


def label(run: RunFile, name: str | None = None, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Give a run another name, more tags or fewer."""
    labels = read_labels(run.path.parent)
    own = labels.setdefault(run.path.stem, {})
    if name is not None:
        own["name"] = name
    own["tags"] = sorted((set(run.tags) | set(add)) - set(remove))
    temporary = run.path.parent / f".{LABELS}.tmp"
    temporary.write_text(json.dumps(labels, indent=1), encoding="utf-8")
    temporary.replace(run.path.parent / LABELS)


def read_labels(folder: Path) -> dict[str, Any]:
    """Return {file without ending: {"name", "tags"}}; nothing where there are none that can be read."""
    try:
        labels = json.loads((folder / LABELS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {stem: own for stem, own in labels.items() if isinstance(own, dict)} if isinstance(labels, dict) else {}


def _named(runs: list[RunFile], word: str) -> list[RunFile]:
    if word.isdigit() and 0 < int(word) <= len(runs):
        return [runs[int(word) - 1]]
    return [run for run in runs if word in (run.name, run.curves.run, *run.tags) or run.path.name.startswith(word)]
