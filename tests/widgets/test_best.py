from __future__ import annotations

import math

import pytest

from zoo_lab.core.events import EpochDone
from zoo_lab.widgets.best import best, less_is_better
from zoo_lab.widgets.curves import Curves


def curves_of(*logs):
    curves = Curves("r")
    for epoch, values in enumerate(logs):
        curves.add(EpochDone(run="r", epoch=epoch, iteration=epoch + 1, logs=values, seconds=1.0))
    return curves


def test_there_is_none_before_the_first_epoch_has_ended():
    assert best(Curves("r")) is None
    assert best(curves_of({"loss": math.nan})) is None


def test_the_loss_that_was_least_is_the_best_where_there_is_no_metric():
    found = best(curves_of({"val_loss": 0.5}, {"val_loss": 0.25}, {"val_loss": math.nan}, {"val_loss": 0.3}))
    assert found == {"name": "val_loss", "value": 0.25, "epoch": 2}


def test_a_validation_metric_goes_before_the_loss_and_the_first_of_equal_epochs_wins(recorded):
    curves = Curves("run-1")
    for event in recorded(epochs=2, steps=2)[:4]:
        curves.add(event)
    for epoch, accuracy in enumerate((0.5, 0.75, 0.75)):
        logs = {"loss": 1.0, "accuracy": 0.9, "val_loss": 1.0, "val_accuracy": accuracy}
        curves.add(EpochDone(run="run-1", epoch=epoch, iteration=2, logs=logs, seconds=1.0))
    assert best(curves) == {"name": "val_accuracy", "value": 0.75, "epoch": 2}


@pytest.mark.parametrize("name", ["loss", "val_mean_absolute_error", "root_mean_squared_error", "mae", "perplexity"])
def test_of_errors_less_is_better(name):
    assert less_is_better(name)


@pytest.mark.parametrize("name", ["accuracy", "val_auc", "top_3_accuracy", "f1_score"])
def test_of_scores_more_is_better(name):
    assert not less_is_better(name)
