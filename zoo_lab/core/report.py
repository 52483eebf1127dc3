"""What is known of an error, part by part, so that a page, a text and a run file can each show it in their way (E)."""

from __future__ import annotations

import contextlib
import dataclasses
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from zoo_lab.core.frames import is_library

_BLAME = "_zoo_lab_blame"
_WORKER = "_zoo_lab_worker"
_LONGEST = 20_000


@dataclass(frozen=True)
class Frame:
    """One line of the user's own code.

    Attributes:
        file, line, function: where it stands; lines count from 1.
        code: the line itself, "" where nobody knows it.
        cell: what the notebook calls the cell that it is in, "" where it is in none.
    """

    file: str
    line: int
    function: str
    code: str = ""
    cell: str = ""

    def __str__(self) -> str:
        inside = "" if self.function == "<module>" else f", in {self.function}"
        return f"{self.cell or self.file}, line {self.line}{inside}" + (f": {self.code}" if self.code else "")


@dataclass(frozen=True)
class ErrorReport:
    """What is known of an error; "" and () for what is not.

    Attributes:
        kind: the name of the exception's class.
        what: its message.
        where: the user's own lines that led to it, the innermost last.
        worker: such as "worker 1 on node-7".
        sample: such as "row 70".
        advice: what to do.
        traceback: whole, of the worker where it failed on one.

    Example:
        >>> report = ErrorReport("KeyError", "'a'", (Frame("my.py", 3, "step", "row['a']"),), worker="worker 0 on here")
        >>> dict(report.rows)["Where"], report.head
        ("my.py, line 3, in step: row['a']", "KeyError on worker 0 on here: 'a'")
    """

    kind: str
    what: str
    where: tuple[Frame, ...] = ()
    worker: str = ""
    sample: str = ""
    advice: str = ""
    traceback: str = ""

    @property
    def head(self) -> str:
        """The error in one sentence."""
        place = ", ".join(filter(None, (self.worker and f" on {self.worker}", self.sample)))
        return f"{self.kind}{place}: {self.what}"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What a person is shown, (name, words), without the traceback and what is not known."""
        where = "\n".join(map(str, self.where))
        named = {
            "What": f"{self.kind}: {self.what}",
            "Where": where,
            "Worker": self.worker,
            "Sample": self.sample,
            "What to do": self.advice,
        }
        return [(name, words) for name, words in named.items() if words]

    @property
    def text(self) -> str:
        """All of that as the message of an error."""
        frames = [f"  {frame}" for frame in self.where]
        return "\n".join([self.head, *frames, *([f"What to do: {self.advice}"] if self.advice else [])])

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, as a run file has it."""
        return {**dataclasses.asdict(self), "traceback": self.traceback[-_LONGEST:]}


def own_frames(trace: TracebackType | None) -> tuple[Frame, ...]:
    """Return the frames of a traceback that are the user's own."""
    frames = [frame for frame in traceback.extract_tb(trace) if not is_library(frame.filename)]
    return tuple(Frame(frame.filename, frame.lineno or 0, frame.name, frame.line or "") for frame in frames)


def report_of(error: BaseException) -> ErrorReport:
    """Return what is known of an error: what it brings along, else its message and the user's own lines."""
    known = getattr(error, "report", None)
    if isinstance(known, ErrorReport):
        return known
    whole = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return ErrorReport(type(error).__name__, str(error), own_frames(error.__traceback__), traceback=whole)


def placed(frame: Frame) -> Frame:
    """Return a frame of a worker with what only this process knows of it: its notebook cell, and its line of code."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    named = shell.compile.format_code_name(frame.file) if shell is not None else None
    cell = " ".join(named) if named else frame.cell
    code = frame.code or linecache.getline(frame.file, frame.line).strip()
    return dataclasses.replace(frame, cell=cell, code=code)


def placed_report(report: ErrorReport) -> ErrorReport:
    """Return what is known of an error with the notebook's cells named."""
    return dataclasses.replace(report, where=tuple(map(placed, report.where)))


@contextlib.contextmanager
def blaming(stage: str, sample: Callable[[Exception], str]) -> Iterator[None]:
    """Note on an exception in which stage of the work it came, and of what sample; the innermost note stays.

    Args:
        stage: "data" or "model".
        sample: gives words such as "row 70" for an exception; called only then.
    """
    try:
        yield
    except Exception as error:
        if not blame_of(error):
            with contextlib.suppress(AttributeError):
                setattr(error, _BLAME, {"stage": stage, "sample": sample(error)})
        raise


def blame_of(error: BaseException) -> Mapping[str, str]:
    """Return {"stage", "sample"} as `blaming` noted them, {} where it did not."""
    return getattr(error, _BLAME, {})


def blame_worker(error: BaseException, worker: int) -> None:
    """Note on an exception which worker it came from, where that is not the one of its partition."""
    with contextlib.suppress(AttributeError):
        setattr(error, _WORKER, worker)


def blamed_worker(error: BaseException, partition: int) -> int:
    """Return the worker that `blame_worker` noted, or that of the partition."""
    return getattr(error, _WORKER, partition)
