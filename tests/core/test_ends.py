"""End triggers hold from their moment on, alone and combined."""

from __future__ import annotations

import doctest
from typing import Any

import pytest

from zoo_lab.core import ends
from zoo_lab.core.ends import MaxEpoch, MaxIteration, MaxScore, MinLoss
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.triggers import Moment


def moment(iteration: int, steps: int = 4, **logs: float) -> Moment:
    epoch, step = divmod(iteration - 1, steps)
    return Moment(iteration, epoch, step == steps - 1, float(iteration), logs)


def first(trigger: Any, losses: Any = None, scores: Any = None) -> int | None:
    """Return the first of 20 iterations, in epochs of 4, at which a trigger fires."""
    watcher = trigger.watch()
    for iteration in range(1, 21):
        now = moment(iteration)
        if now.ends_epoch:
            number = iteration // 4 - 1
            logs = {"loss": (losses or [1.0] * 5)[number], "val_loss": 1.0, "val_auc": (scores or [0.0] * 5)[number]}
            now = moment(iteration, **logs)
        if watcher.fires(now):
            return iteration
    return None


def test_each_fires_first_at_its_moment() -> None:
    assert first(MaxEpoch(2)) == 8
    assert first(MaxIteration(6)) == 6
    assert first(MinLoss(0.5), losses=[0.9, 0.5, 0.4, 0.3, 0.2]) == 12
    assert first(MaxScore(0.8), scores=[0.1, 0.8, 0.9, 1.0, 1.0]) == 12
    assert first(MaxScore(0.8, "val_auc"), scores=[0.9] * 5) == 4
    assert first(MinLoss(0.5)) is None


def test_they_combine_with_or_and_and() -> None:
    losses = [0.9, 0.4, 0.3, 0.2, 0.1]
    assert first(MinLoss(0.5) | MaxEpoch(4), losses) == 8
    assert first(MinLoss(0.5) & MaxEpoch(4), losses) == 16
    assert first(MaxIteration(10) & MinLoss(0.5), losses) == 12


@pytest.mark.parametrize(
    "make", [lambda: MaxEpoch(0), lambda: MaxIteration(2.5), lambda: MinLoss("a"), lambda: MaxScore(float("nan"))]
)
def test_wrong_bounds_are_refused(make: Any) -> None:
    with pytest.raises(ArgumentError, match="received"):
        make()


def test_a_score_that_is_not_measured_is_named() -> None:
    with pytest.raises(
        ArgumentError, match=r"expected a metric of validation data at the end of epoch 1; there are: 'loss'"
    ):
        MaxScore(0.5).watch().fires(moment(4, loss=0.1))


def test_examples() -> None:
    assert doctest.testmod(ends).failed == 0
