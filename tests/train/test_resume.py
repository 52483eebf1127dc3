"""A run goes on from a checkpoint to the bit, whatever the strategy, and refuses another run's."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.train.battery import STRATEGIES
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, table
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.core.events import CheckpointSaved, IterationDone, Notice
from zoo_lab.train import BestMetric, Checkpoints, EveryEpoch, EveryIterations

X, Y = table(200)
USUAL = {"batch_size": 20, "epochs": 3, "seed": 5}


def adam():
    return dense(keras.optimizers.Adam(1e-3), metrics=["accuracy"])


def with_dropout():
    inside = [keras.layers.Dense(8, "relu"), keras.layers.BatchNormalization(), keras.layers.Dropout(0.3)]
    last = keras.layers.Dense(CLASSES, "softmax")
    return compiled(keras.Sequential([keras.layers.Input((FEATURES,)), *inside, last]), keras.optimizers.Nadam(1e-3))


def saved(path):
    return sorted(folder.name for folder in path.iterdir())


def same_optimizer(one, other):
    pairs = zip(one.optimizer.variables, other.optimizer.variables, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("sync", STRATEGIES)
@pytest.mark.parametrize("iteration", [14, 20])
def test_a_resumed_run_ends_bit_equal_with_the_whole_history(train, tmp_path, sync, iteration):
    whole, again = twin(adam)
    place = tmp_path / "saved"
    checkpoint = Checkpoints(place, every=EveryIterations(7) | EveryEpoch(), keep=None)
    run = train(whole, (X, Y), sync=sync, checkpoint=checkpoint, **USUAL)
    resumed = train(again, (X, Y), sync=sync, resume=place / f"iteration-{iteration:09d}", batch_size=20, epochs=3)
    assert largest_difference(whole, again) == 0
    assert same_optimizer(whole, again)
    assert resumed.history == run.history
    assert (resumed.state, resumed.iterations, resumed.plan.seed) == ("finished", 30, 5)
    losses = [[event.loss for event in r.events if isinstance(event, IterationDone)] for r in (run, resumed)]
    assert losses[0] == losses[1]


def test_dropout_statistics_and_groups_go_on_too(train, tmp_path):
    whole, again = twin(with_dropout)
    place = tmp_path / "saved"
    train(
        whole, (X, Y), checkpoint=Checkpoints(place, every=EveryIterations(13), keep=1), iterations_per_job=4, **USUAL
    )
    assert saved(place) == ["iteration-000000026"]
    train(again, (X, Y), resume=place, iterations_per_job=9, batch_size=20, epochs=3)
    assert largest_difference(whole, again) == 0


def test_compressed_gradients_go_on_too(train, tmp_path):
    whole, again = twin(adam)
    place = tmp_path / "saved"
    wire = {"sync": "sliced", "compression": "bf16"}
    train(whole, (X, Y), checkpoint=Checkpoints(place, every=EveryIterations(16)), **wire, **USUAL)
    train(again, (X, Y), resume=place, batch_size=20, epochs=3, **wire)
    assert largest_difference(whole, again) == 0


def test_an_optimizer_that_works_on_the_driver_goes_on_too(train, tmp_path):
    whole, again = twin(lambda: dense(keras.optimizers.Adam(1e-3, clipnorm=0.5)))
    place = tmp_path / "saved"
    train(whole, (X, Y), checkpoint=Checkpoints(place, every=EveryIterations(13), keep=1), **USUAL)
    train(again, (X, Y), resume=place, batch_size=20, epochs=3)
    assert largest_difference(whole, again) == 0
    assert same_optimizer(whole, again)


def test_metrics_with_a_value_for_each_class_and_16_bit_weights_are_saved(train, tmp_path):
    def build():
        f1 = keras.metrics.F1Score(average=None)
        layers = [keras.layers.Input((FEATURES,)), keras.layers.Dense(CLASSES, "softmax", dtype="bfloat16")]
        return compiled(keras.Sequential(layers), keras.optimizers.Adam(), "categorical_crossentropy", metrics=[f1])

    whole, again = twin(build)
    y = keras.utils.to_categorical(Y, CLASSES)
    run = train(whole, (X, y), checkpoint=tmp_path / "saved", **{**USUAL, "epochs": 2})
    assert not [event for event in run.events if isinstance(event, Notice)]
    train(again, (X, y), resume=tmp_path / "saved" / "iteration-000000010", batch_size=20, epochs=2)
    assert largest_difference(whole, again) == 0


def test_more_epochs_may_follow(train, tmp_path):
    longer, shorter = twin(adam)
    place = tmp_path / "saved"
    whole = train(longer, (X, Y), batch_size=20, epochs=4, seed=5)
    train(shorter, (X, Y), batch_size=20, epochs=2, seed=5, checkpoint=place)
    rest = train(shorter, (X, Y), batch_size=20, epochs=4, resume=place)
    assert largest_difference(longer, shorter) == 0
    assert rest.history == whole.history


def test_each_epoch_is_saved_by_default_and_three_are_kept(train, tmp_path):
    run = train(adam(), (X, Y), batch_size=50, epochs=5, checkpoint=tmp_path / "saved")
    assert saved(tmp_path / "saved") == [f"iteration-{iteration:09d}" for iteration in (12, 16, 20)]
    told = [event for event in run.events if isinstance(event, CheckpointSaved)]
    assert [event.iteration for event in told] == [4, 8, 12, 16, 20]


def test_the_best_epoch_is_saved(train, tmp_path):
    run = train(
        adam(),
        (X, Y),
        batch_size=50,
        epochs=3,
        validation_data=(X, Y),
        checkpoint=Checkpoints(tmp_path / "saved", every=BestMetric("val_loss"), keep=1),
    )
    best = int(np.argmin(run.history["val_loss"]))
    assert saved(tmp_path / "saved") == [f"iteration-{4 * (best + 1):09d}"]


def test_a_place_that_refuses_is_told_and_training_goes_on(train, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    run = train(adam(), (X, Y), batch_size=50, epochs=2, checkpoint=tmp_path / "file" / "below")
    notices = [event.text for event in run.events if isinstance(event, Notice)]
    assert run.state == "finished"
    assert len(notices) == 2
    assert "Training goes on." in notices[0]


def test_another_run_is_refused_with_all_differences(train, tmp_path):
    train(adam(), (X, Y), batch_size=50, checkpoint=tmp_path / "saved")
    with pytest.raises(ArgumentError) as caught:
        train(dense(keras.optimizers.SGD()), (X[:100], Y[:100]), batch_size=25, resume=tmp_path / "saved")
    for text in ("rows=200", "received 100", "batch_size=50", "another, or one with other settings"):
        assert text in str(caught.value)
    with pytest.raises(ArgumentError, match="Expected seed="):
        train(adam(), (X, Y), batch_size=50, seed=123456, resume=tmp_path / "saved")


def test_a_new_run_does_not_mix_its_checkpoints_with_an_older_ones(train, tmp_path):
    train(adam(), (X, Y), batch_size=50, checkpoint=tmp_path / "saved")
    with pytest.raises(ArgumentError, match=r"holds the checkpoints of another run.*resume="):
        train(adam(), (X, Y), batch_size=50, checkpoint=tmp_path / "saved")
    train(adam(), (X, Y), batch_size=50, epochs=2, checkpoint=tmp_path / "saved", resume=tmp_path / "saved")


def test_nothing_to_resume_from_is_told(train, tmp_path):
    with pytest.raises(DataError, match="Expected an intact checkpoint"):
        train(adam(), (X, Y), resume=tmp_path)
