"""Runs the Spark jobs that read, pin and restore data: ■ ends them, and what fails in them is told in a few lines."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from zoo_lab.context.jobs import interruptible
from zoo_lab.core.errors import WorkerError
from zoo_lab.core.frames import is_library
from zoo_lab.core.report import ErrorReport, Frame, placed

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

T = TypeVar("T")
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'  File "([^"]+)", line (\d+), in (.+)')
_ADVICE = "Try the step on a few rows here; mend it, or the rows, and run the cell again."
_LOSS = re.compile(r"(?:Python worker (?:exited|failed)|ExecutorLostFailure|Executor heartbeat timed out)[^\n]*")
_EVENTS_MILLISECONDS = 2000
_MEMORY = (
    "A process that ends so has mostly run out of memory: give the executors more, or split the data into more "
    "partitions."
)


def run_data_job(context: NNContext, description: str, call: Callable[[], T]) -> T:
    """Return what `call` returns, which may run Spark jobs; an interrupt ends them.

    Args:
        context: where they run.
        description: what the Spark UI shows, such as "pin data".
        call: runs in a thread of its own.

    Errors:
        WorkerError: the user's code failed inside a task, or Spark did; the message has the user's own lines.
    """
    with context.jobs.session(f"zoo_lab: {description}") as session, interruptible():
        try:
            return session.run(call)
        except Exception as error:
            if not _is_of_spark(error):
                raise
            raise worker_error(error, _failed_task(context.sc, session.tag)) from None


def worker_error(error: Exception, place: str) -> WorkerError:
    """Return an error of PySpark or Py4J as one that says what failed and where.

    Args:
        error: what a job raised.
        place: such as "partition 1 on host", "" where it is not known.
    """
    texts = [str(error), *([str(error.__context__)] if error.__context__ is not None else [])]
    where = place and f" in {place}"
    for text in texts:
        if _TRACEBACK in text:
            kind, message, frames = _last_exception(text)
            said = f": {message}" if message else ""
            whole = "\n".join(texts)
            report = ErrorReport(kind, message, _placed(frames), place, advice=_ADVICE, traceback=whole)
            return WorkerError("\n".join([f"{kind}{where}{said}", *frames]), whole, report)
    return WorkerError(f"Spark could not finish the job{where}: {_cause(texts)}", "\n".join(texts))


def _is_of_spark(error: Exception) -> bool:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return isinstance(error, (Py4JError, PySparkException))


def _failed_task(spark_context: Any, tag: str) -> str:
    """Return where a task of the jobs with this tag failed, "" if none did: Spark's error itself does not say."""
    with contextlib.suppress(Exception):  # it only adds to an error
        scala, status = spark_context._jsc.sc(), spark_context._jvm.org.apache.spark.status.api.v1  # noqa: SLF001
        scala.listenerBus().waitUntilEmpty(_EVENTS_MILLISECONDS)
        failed = spark_context._jvm.java.util.List.of(status.TaskStatus.FAILED)  # noqa: SLF001
        for job in scala.statusTracker().getJobIdsForTag(tag):
            for stage in scala.statusTracker().getJobInfo(job).get().stageIds():
                tasks = scala.statusStore().taskList(stage, 0, 0, 1, status.TaskSorting.ID, failed)
                if tasks.size():
                    task = tasks.apply(0)
                    executor = "" if task.executorId() == "driver" else f" (executor {task.executorId()})"
                    return f"partition {task.partitionId()} on {task.host()}{executor}"
    return ""


def _last_exception(text: str) -> tuple[str, str, list[str]]:
    """Return kind, message and the user's own frames of the exception that ended a task, out of Java's whole text."""
    trace = text[text.index(_TRACEBACK) :].partition("\n\tat ")[0]
    lines = trace[trace.rindex(_TRACEBACK) :].splitlines()[1:]
    end = next((number for number, line in enumerate(lines) if not line.startswith(" ")), len(lines))
    said = (line for line in lines[end:] if not line.startswith(" SQLSTATE: "))  # Java's own
    kind, _, message = "\n".join(said).strip().partition(": ")
    return kind.rpartition(".")[2], message, _own_frames(lines[:end])


def _own_frames(lines: list[str]) -> list[str]:
    kept, own = [], False
    for line in lines:
        if match := _FRAME.match(line):
            own = not is_library(match[1])
        if own:
            kept.append(line)
    return kept


def _placed(lines: list[str]) -> tuple[Frame, ...]:
    """Return the user's frames, as Python writes them in two lines, with what this process knows of each."""
    frames: list[Frame] = []
    for line in lines:
        if match := _FRAME.match(line):
            frames.append(Frame(match[1], int(match[2]), match[3]))
        elif frames and not frames[-1].code:
            frames[-1] = dataclasses.replace(frames[-1], code=line.strip())
    return tuple(map(placed, frames))


def _cause(texts: list[str]) -> str:
    """Return why a job ended that no Python exception ended."""
    lost = next(filter(None, map(_LOSS.search, texts)), None)
    if lost is not None:
        return f"{lost.group().strip()} {_MEMORY}"
    said = texts[0].partition("\n\nJVM stacktrace")[0].partition("\n\tat ")[0]
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("An error occurred while")]
    return "\n".join(lines).removeprefix(": ") or "it gave no reason"
