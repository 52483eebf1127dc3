"""When a run ends: triggers that hold from some moment, such as "after 5 iterations or once the loss is below 0.1"."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from numbers import Real
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.triggers import Moment, Trigger


class End(Trigger):
    """A condition that needs no memory."""

    @abstractmethod
    def due(self, memory: None, moment: Moment) -> bool:
        """Tell whether the condition holds at `moment`."""

    def start(self) -> None:
        """Nothing to remember."""

    def after(self, memory: None, moment: Moment, fired: bool) -> None:
        """Nothing to remember."""


@dataclass(frozen=True)
class MaxEpoch(End):
    """Holds from the end of epoch number `n` on.

    Args:
        n: number of epochs.

    Source: `MaxEpoch` of BigDL.

    Example:
        >>> MaxEpoch(2).watch().fires(Moment(iteration=8, epoch=1, ends_epoch=True, seconds=1.0))
        True
    """

    n: int

    def __post_init__(self) -> None:
        _expect_count("MaxEpoch", self.n)

    def due(self, memory: None, moment: Moment) -> bool:
        """Tell whether so many epochs are done."""
        return moment.epoch + moment.ends_epoch >= self.n


@dataclass(frozen=True)
class MaxIteration(End):
    """Holds once `n` iterations are done.

    Args:
        n: number of iterations.

    Source: `MaxIteration` of BigDL.

    Example:
        >>> MaxIteration(5).watch().fires(Moment(iteration=5, epoch=0, ends_epoch=False, seconds=1.0))
        True
    """

    n: int

    def __post_init__(self) -> None:
        _expect_count("MaxIteration", self.n)

    def due(self, memory: None, moment: Moment) -> bool:
        """Tell whether so many iterations are done."""
        return moment.iteration >= self.n


@dataclass(frozen=True)
class MinLoss(End):
    """Holds at an epoch's end whose loss is below `least`.

    Args:
        least: the loss, a mean over the epoch.

    Source: `MinLoss` of BigDL, which looks at single batches.

    Example:
        >>> MinLoss(0.1).watch().fires(Moment(iteration=4, epoch=0, ends_epoch=True, seconds=1.0, logs={"loss": 0.05}))
        True
    """

    least: float

    def __post_init__(self) -> None:
        _expect_number("MinLoss", "least", self.least)

    def due(self, memory: None, moment: Moment) -> bool:
        """Tell whether an epoch with such a loss ends here."""
        return moment.ends_epoch and moment.logs["loss"] < self.least


@dataclass(frozen=True)
class MaxScore(End):
    """Holds at an epoch's end whose score is above `most`.

    Args:
        most: the score.
        name: a metric as the epoch's logs name it; "" for the first of the validation data beside its loss.

    Errors:
        ArgumentError: at an epoch's end, when its logs have no such metric; the message names those they have.

    Source: `MaxScore` of BigDL.

    Example:
        >>> logs = {"loss": 0.3, "val_loss": 0.4, "val_accuracy": 0.95}
        >>> MaxScore(0.9).watch().fires(Moment(iteration=4, epoch=0, ends_epoch=True, seconds=1.0, logs=logs))
        True
    """

    most: float
    name: str = ""

    def __post_init__(self) -> None:
        _expect_number("MaxScore", "most", self.most)

    def due(self, memory: None, moment: Moment) -> bool:
        """Tell whether an epoch with such a score ends here."""
        if not moment.ends_epoch:
            return False
        scores = [name for name in moment.logs if name.startswith("val_") and name != "val_loss"]
        name = self.name or next(iter(scores), "")
        if name not in moment.logs:
            known = ", ".join(map(repr, moment.logs)) or "none"
            told = repr(name) if name else "of validation data"
            msg = f"{self!r}: expected a metric {told} at the end of epoch {moment.epoch + 1}; there are: {known}."
            raise ArgumentError(msg)
        return moment.logs[name] > self.most


def _expect_count(where: str, n: Any) -> None:
    checks = Checks(where)
    checks.positive_int("n", n)
    checks.done()


def _expect_number(where: str, name: str, value: Any) -> None:
    number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not number:
        msg = f"{where}: Expected {name} to be a finite number; received {value!r}."
        raise ArgumentError(msg)
