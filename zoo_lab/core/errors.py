"""The errors of zoo_lab: one root, and each child is also the builtin that people catch.

A message says what was expected, what came, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo_lab.core.report import ErrorReport


class ZooLabError(Exception):
    """Root of every error that zoo_lab raises on purpose."""


class ArgumentError(ZooLabError, ValueError):
    """One or more arguments are wrong; the message lists all of them at once."""

    @classmethod
    def listing(cls, where: str, problems: Sequence[str]) -> ArgumentError:
        """Return the error that lists every problem found in a call of `where`."""
        if len(problems) == 1:
            return cls(f"{where}: {problems[0]}")
        lines = "".join(f"\n  - {problem}" for problem in problems)
        return cls(f"{where}: {len(problems)} arguments are wrong.{lines}")


class EnvironmentProblem(ZooLabError, RuntimeError):
    """The machine or its settings cannot run what was asked; the message names the repair."""


class DataError(ZooLabError, ValueError):
    """A column, a row or a file does not hold what was expected."""


class ModelError(ZooLabError, ValueError):
    """The Keras model cannot be trained or moved as it is."""


class TrainingError(ZooLabError, RuntimeError):
    """A run failed; the model holds the weights of the last finished iteration.

    `report` is what is known of it, part by part, None where the message says it all; `run` is the id of the run.
    """

    def __init__(self, message: str = "", report: ErrorReport | None = None) -> None:
        super().__init__(message)
        self.report = report
        self.run = ""


class NumericsError(TrainingError, ArithmeticError):
    """The loss is NaN or infinite; the message names the iteration and the batch."""


class WorkerError(TrainingError):
    """User code or data failed inside a Spark task.

    `remote_traceback` holds the whole traceback of the worker as text; the message holds only
    the frames of the user's own code.
    """

    def __init__(self, message: str, remote_traceback: str = "", report: ErrorReport | None = None) -> None:
        super().__init__(message, report)
        self.remote_traceback = remote_traceback

    @classmethod
    def of(cls, report: ErrorReport) -> WorkerError:
        """Return the error that says what a report does."""
        return cls(report.text, report.traceback, report)


class MissingExtraError(ZooLabError, ImportError):
    """An optional package is needed that is not installed."""
