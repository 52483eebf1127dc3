"""Summaries write what TensorBoard reads, and read it again."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import EpochDone, IterationDone, RunStarted, RunStopped
from zoo_lab.train import EveryEpoch, EveryIterations, TrainSummary, ValidationSummary
from zoo_lab.train import summary as module


def compiled(rate: Any) -> Any:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def tell(summary: Any, model: Any, iterations: int = 6, begin: float = 0.0) -> None:
    """Tell a summary of a run with epochs of two iterations, each of 10 rows in half a second."""
    listen = summary.listener(model)
    for number in range(1, iterations + 1):
        where = {"run": "r", "time": begin + number, "iteration": number, "epoch": (number - 1) // 2}
        listen(IterationDone(**where, step=1, loss=1.0 / number, rows=10, seconds=0.5))
        if number % 2 == 0:
            logs = {"loss": 9.0, "val_loss": 0.5 / number, "val_MAE": 0.25, "val_all": [1.0, 2.0]}
            listen(EpochDone(**where, logs=logs, seconds=1.0))
    listen(RunStopped(run="r", reason="finished", iterations=iterations, seconds=3.0))


def test_each_iteration_is_a_row_of_step_value_and_time(tmp_path: Path) -> None:
    summary = TrainSummary(str(tmp_path), "one")
    tell(summary, compiled(keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 1.0)))
    steps = np.arange(1, 7)
    expected = {"Loss": 1 / steps, "Throughput": 20.0 + 0 * steps, "LearningRate": 0.1 / steps}
    assert summary.tags() == sorted(expected)
    for tag, values in expected.items():
        # float32 in the file
        np.testing.assert_allclose(summary.read_scalar(tag), np.stack([steps, values, steps], 1), rtol=1e-6)
    assert summary.read_scalar("Accuracy").shape == (0, 3)


def test_validations_are_rows_at_the_iteration_that_they_follow(tmp_path: Path) -> None:
    summary = ValidationSummary(str(tmp_path), "one")
    tell(summary, compiled(0.1))
    assert summary.tags() == ["Loss", "MAE"]
    assert summary.read_scalar("Loss")[:, :2].tolist() == [[2, 0.25], [4, 0.125], [6, pytest.approx(0.5 / 6)]]


def test_a_trigger_thins_a_tag_and_runs_follow_each_other(tmp_path: Path) -> None:
    summary = TrainSummary(str(tmp_path), "one").set_summary_trigger("Loss", EveryIterations(3))
    tell(summary, compiled(0.5))
    tell(summary, compiled(0.25), iterations=2, begin=100.0)
    assert summary.read_scalar("Loss")[:, 0].tolist() == [3, 6]
    assert summary.read_scalar("LearningRate")[:, 1].tolist() == [0.5] * 6 + [0.25] * 2


def test_what_a_resumed_run_tells_again_is_not_written_again(tmp_path: Path) -> None:
    summary = TrainSummary(str(tmp_path), "one")
    listen = summary.listener(compiled(0.5))
    plan = dict.fromkeys(("parameters", "rows", "batch_size", "epochs", "steps_per_epoch", "workers", "seed"), 1)
    listen(RunStarted(run="r", time=50.0, name="", model="", sync="shared", **plan))
    for number, time in ((1, 9.0), (2, 10.0), (3, 51.0)):
        listen(IterationDone(run="r", time=time, iteration=number, epoch=0, step=1, loss=1.0, rows=1, seconds=1.0))
    listen(RunStopped(run="r", reason="finished", iterations=3, seconds=3.0))
    assert summary.read_scalar("Loss")[:, 0].tolist() == [3]


def test_tensorboard_reads_them(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tell(TrainSummary(str(tmp_path), "one"), compiled(0.5))
    read = reader.EventAccumulator(str(tmp_path / "one" / "train")).Reload()
    assert [scalar.step for scalar in read.Scalars("Loss")] == [1, 2, 3, 4, 5, 6]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="2 arguments are wrong"):
        TrainSummary("", "../elsewhere")
    with pytest.raises(ArgumentError, match="name to be one of 'Loss'"):
        TrainSummary("logs", "one").set_summary_trigger("Parameters", EveryIterations(2))
    with pytest.raises(ArgumentError, match="trigger to be EveryIterations"):
        TrainSummary("logs", "one").set_summary_trigger("Loss", EveryEpoch())


def test_examples() -> None:
    assert doctest.testmod(module).failed == 0
