"""The errors of zoo_lab: one root, and each child is also the builtin that people catch.

A message says what was expected, what came, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


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
    """A run failed; the model holds the weights of the last finished iteration."""


class NumericsError(TrainingError, ArithmeticError):
    """The loss is NaN or infinite; the message names the iteration and the batch."""


class WorkerError(TrainingError):
    """User code or data failed inside a Spark task.

    `remote_traceback` holds the whole traceback of the worker as text; the message holds only
    the frames of the user's own code.
    """

    def __init__(self, message: str, remote_traceback: str = "") -> None:
        super().__init__(message)
        self.remote_traceback = remote_traceback


class MissingExtraError(ZooLabError, ImportError):
    """An optional package is needed that is not installed."""
