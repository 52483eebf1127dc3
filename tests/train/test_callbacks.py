"""Keras callbacks run on the driver, with the live model."""

from __future__ import annotations

import csv

import keras
import numpy as np
import pytest
from keras.callbacks import (
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
    TensorBoard,
)

import zoo_lab
from tests.train.battery import STRATEGIES
from tests.train.keras_reference import largest_difference, train_alone, twin
from tests.train.models import dense, linear, table

X, Y = table(100)


def test_stopping_early_restores_the_best_weights(train):
    class Kept(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept.append((logs["val_loss"], self.model.get_weights()))

    kept = []
    model = linear()
    model.optimizer.learning_rate = 5.0
    stopping = EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
    run = train(model, (X, Y), validation_data=(X, Y), epochs=60, callbacks=[Kept(), stopping], seed=1)
    assert run.state == "early"
    assert 1 < len(run.history["loss"]) < 60
    best = min(kept, key=lambda pair: pair[0])[1]
    for a, b in zip(best, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("sync", STRATEGIES)
def test_a_callback_that_sets_weights_in_batch_hooks_is_obeyed(train, sync):
    class Halve(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.layers[0].bias.assign(self.model.layers[0].bias * 0.5)

        def on_train_batch_end(self, batch, logs=None):
            self.model.layers[0].kernel.assign(self.model.layers[0].kernel * 0.9)

    model, reference = twin(linear)
    train(model, (X, Y), batch_size=16, epochs=2, seed=5, callbacks=[Halve()], sync=sync)
    train_alone(reference, X, Y, batch_size=16, epochs=2, seed=5, callbacks=[Halve()])
    assert largest_difference(model, reference) < 1e-6


def test_a_lambda_callback_that_sets_weights_is_obeyed(train):
    def halving(model):
        return LambdaCallback(
            on_train_batch_end=lambda batch, logs: model.layers[0].kernel.assign(model.layers[0].kernel * 0.5)
        )

    model, reference = twin(linear)
    train(model, (X, Y), batch_size=16, epochs=2, seed=5, callbacks=[halving(model)])
    train_alone(reference, X, Y, batch_size=16, epochs=2, seed=5, callbacks=[halving(reference)])
    assert largest_difference(model, reference) < 1e-6


def test_learning_rates_follow_schedulers_and_plateaus(train):
    def callbacks():
        return [
            LearningRateScheduler(lambda epoch, rate: 0.5 * rate),
            ReduceLROnPlateau(monitor="loss", min_delta=10.0, patience=1, factor=0.1),
        ]

    model, reference = twin(linear)
    run = train(model, (X, Y), batch_size=16, epochs=4, seed=5, callbacks=callbacks())
    history = train_alone(reference, X, Y, batch_size=16, epochs=4, seed=5, callbacks=callbacks())
    assert largest_difference(model, reference) < 1e-6
    assert run.history["learning_rate"] == pytest.approx(history["learning_rate"])


def test_swapped_moving_averages_are_evaluated_and_training_goes_on_without_them(train):
    def build():
        return dense(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))

    model, reference = twin(build)
    run = train(model, (X, Y), batch_size=16, epochs=3, seed=5, validation_data=(X, Y), callbacks=[SwapEMAWeights()])
    history = train_alone(
        reference, X, Y, batch_size=16, epochs=3, seed=5, validation_data=(X, Y), callbacks=[SwapEMAWeights()]
    )
    assert largest_difference(model, reference) < 1e-6
    assert run.history["val_loss"] == pytest.approx(history["val_loss"], rel=1e-5)


def test_files_of_callbacks_appear(train, tmp_path):
    model = dense(metrics=["accuracy"])
    callbacks = [
        ModelCheckpoint(tmp_path / "best.keras", monitor="val_loss", save_best_only=True),
        ModelCheckpoint(tmp_path / "step.weights.h5", save_freq=3, save_weights_only=True),
        CSVLogger(tmp_path / "log.csv"),
        TensorBoard(tmp_path / "board", update_freq=2, histogram_freq=1),
    ]
    run = train(model, (X, Y), epochs=2, validation_data=(X, Y), callbacks=callbacks)
    with (tmp_path / "log.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [float(row["val_accuracy"]) for row in rows] == pytest.approx(run.history["val_accuracy"])
    saved = keras.saving.load_model(tmp_path / "best.keras")
    best = min(run.history["val_loss"])
    assert saved.evaluate(X, Y, verbose=0)[0] == pytest.approx(best, rel=1e-5)
    assert (tmp_path / "step.weights.h5").stat().st_size > 0
    assert list((tmp_path / "board" / "train").glob("events*"))
    assert list((tmp_path / "board" / "validation").glob("events*"))


def test_hooks_come_in_keras_order_with_keras_logs(train):
    class Hooks(keras.callbacks.Callback):
        def __init__(self, heard):
            super().__init__()
            self.heard = heard

        def note(self, name, *values):
            logs = values[-1] or {}
            self.heard.append((name, *values[:-1], sorted(logs)))

        def on_train_begin(self, logs=None):
            self.note("train begin", dict(self.params), logs)

        def on_train_end(self, logs=None):
            self.note("train end", logs)

        def on_epoch_begin(self, epoch, logs=None):
            self.note("epoch begin", epoch, logs)

        def on_epoch_end(self, epoch, logs=None):
            self.note("epoch end", epoch, logs)

        def on_train_batch_begin(self, batch, logs=None):
            self.note("batch begin", batch, logs)

        def on_train_batch_end(self, batch, logs=None):
            self.note("batch end", batch, logs)

        def on_test_begin(self, logs=None):
            self.note("test begin", logs)

        def on_test_end(self, logs=None):
            self.note("test end", logs)

    ours, theirs = [], []
    model, reference = twin(linear)
    train(model, (X, Y), batch_size=40, epochs=2, seed=5, validation_data=(X, Y), callbacks=[Hooks(ours)])
    train_alone(reference, X, Y, batch_size=40, epochs=2, seed=5, validation_data=(X, Y), callbacks=[Hooks(theirs)])
    theirs[0][1]["verbose"] = ours[0][1]["verbose"]
    assert ours == theirs


def test_stopping_within_an_epoch_ends_the_run_after_that_batch(train):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = linear()
    run = train(model, (X, Y), batch_size=16, epochs=3, callbacks=[Stop()])
    assert (run.iterations, run.state, len(run.history["loss"])) == (2, "early", 1)


def test_history_has_keras_shape_also_on_the_model(train):
    x_validation, y_validation = table(30, seed=9)
    model, reference = twin(lambda: dense(metrics=["accuracy"]))
    run = train(model, (X, Y), epochs=3, seed=5, validation_data=(x_validation, y_validation))
    history = train_alone(
        reference, X, Y, batch_size=32, epochs=3, seed=5, validation_data=(x_validation, y_validation)
    )
    assert list(run.history) == list(history)
    for name, values in history.items():
        assert run.history[name] == pytest.approx(values, rel=1e-5), name
    assert model.history.history == run.history
    assert model.history.epoch == [0, 1, 2]
    assert isinstance(run, zoo_lab.Run)
