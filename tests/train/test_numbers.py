"""Weights, losses and metrics of Spark runs against single-process Keras on the same batches, over 50 steps each."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

import zoo_lab
from tests.train.battery import STRATEGIES, check_sync
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, images, table, tokens

both = pytest.mark.parametrize("sync", STRATEGIES)


def convolution():
    return compiled(
        keras.Sequential(
            [
                layers.Input((8, 8, 3)),
                layers.Conv2D(6, 3, activation="relu"),
                layers.BatchNormalization(synchronized=True),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(CLASSES),
                layers.BatchNormalization(synchronized=True, momentum=0.9),
                layers.Softmax(),
            ]
        ),
        metrics=["accuracy"],
    )


def words():
    return compiled(
        keras.Sequential(
            [
                layers.Input((6,), dtype="int32"),
                layers.Embedding(30, 8, mask_zero=True),
                layers.LSTM(8),
                layers.Dense(CLASSES, "softmax"),
            ]
        ),
        keras.optimizers.RMSprop(1e-3),
    )


@both
@pytest.mark.parametrize("partitions", [1, 2, 3, 5])
def test_momentum_gives_keras_weights_however_the_data_is_cut(train, sync, partitions):
    x, y = table()
    check_sync(train, sync, lambda: dense(metrics=["accuracy"]), x, y, partitions=partitions)


@both
def test_adam_gives_keras_weights(train, sync):
    check_sync(train, sync, lambda: dense(keras.optimizers.Adam(1e-3)), *table())


@both
def test_rmsprop_gives_keras_weights(train, sync):
    check_sync(train, sync, lambda: dense(keras.optimizers.RMSprop(1e-3, centered=True, momentum=0.5)), *table())


@both
def test_convolution_with_synchronized_statistics_gives_keras_weights(train, sync):
    check_sync(train, sync, convolution, *images(), batch_size=17, epochs=8)


@both
def test_embedding_with_repeated_words_and_mask_gives_keras_weights(train, sync):
    check_sync(train, sync, words, *tokens())


@pytest.mark.parametrize("batch_size", [1, 7, 500])
def test_any_batch_size_gives_keras_weights(train, batch_size):
    x, y = table(53)
    check_sync(train, "shared", dense, x, y, batch_size=batch_size, epochs=55 if batch_size == 500 else 1 + batch_size)


def test_more_partitions_than_rows_leave_some_empty_and_change_nothing(train):
    x, y = table(3)
    check_sync(train, "collect", dense, x, y, partitions=5, batch_size=2, epochs=25)


def test_data_in_its_own_order_is_batched_in_that_order(train):
    x, y = table(40)
    model, reference = twin(dense)
    train(model, (x, y), batch_size=16, epochs=2, shuffle=False)
    reference.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    assert largest_difference(model, reference) < 1e-6


@both
def test_the_same_seed_twice_is_bit_equal_also_with_dropout(train, sync):
    def build():
        inside = [
            layers.Dense(16, "relu"),
            layers.Dropout(0.5),
            layers.GaussianNoise(0.1),
            layers.Dense(CLASSES, "softmax"),
        ]
        return compiled(keras.Sequential([layers.Input((FEATURES,)), *inside]), keras.optimizers.Adam())

    x, y = table(100)
    first, second = twin(build)
    one = train(first, (x, y), batch_size=16, epochs=3, seed=3, sync=sync)
    two = train(second, (x, y), batch_size=16, epochs=3, seed=3, sync=sync)
    assert one.history == two.history
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_seed_gives_another_run(train):
    x, y = table(100)
    first, second = twin(dense)
    train(first, (x, y), seed=3)
    train(second, (x, y), seed=4)
    assert largest_difference(first, second) > 1e-4


def test_the_drawn_seed_is_noted_and_repeats_the_run(train):
    x, y = table(100)
    first, second = twin(dense)
    run = train(first, (x, y))
    train(second, (x, y), seed=run.plan.seed)
    assert largest_difference(first, second) == 0


def test_unsynchronized_statistics_are_the_weighted_mean_of_the_workers(train):
    def build():
        return compiled(
            keras.Sequential(
                [layers.Input((FEATURES,)), layers.BatchNormalization(momentum=0.5), layers.Dense(CLASSES, "softmax")]
            )
        )

    x, y = table(15)
    model, _ = twin(build)
    train(model, (x, y), batch_size=15, seed=1, shuffle=False)
    parts = x[:8], x[8:]
    mean = sum(len(part) / 15 * part.mean(0) for part in parts)
    variance = sum(len(part) / 15 * part.var(0) for part in parts)
    normalization = model.layers[0]
    np.testing.assert_allclose(normalization.moving_mean, 0.5 * mean, atol=1e-6)
    np.testing.assert_allclose(normalization.moving_variance, 0.5 + 0.5 * variance, atol=1e-6)


def test_frozen_layers_stay_bit_equal_and_the_rest_as_in_keras(train):
    def build():
        model = keras.Sequential(
            [
                layers.Input((FEATURES,)),
                layers.Dense(16, "relu", trainable=False),
                layers.BatchNormalization(trainable=False),
                layers.Dense(CLASSES, "softmax"),
            ]
        )
        return compiled(model)

    model, _ = twin(build)
    before = [weight.copy() for weight in model.layers[0].get_weights() + model.layers[1].get_weights()]
    train(model, table(100))
    after = model.layers[0].get_weights() + model.layers[1].get_weights()
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    check_sync(train, "shared", build, *table())


def test_layers_frozen_after_a_first_run_stay_as_they_are(train):
    model = dense(keras.optimizers.Adam())
    train(model, table(40))
    model.layers[0].trainable = False
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
    frozen, free = (layer.get_weights()[0].copy() for layer in model.layers)
    train(model, table(40))
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], frozen)
    assert not np.array_equal(model.layers[1].get_weights()[0], free)


def test_a_second_fit_goes_on_with_weights_and_optimizer_as_in_keras(train):
    model, reference = twin(lambda: dense(keras.optimizers.Adam()))
    x, y = table(64)
    for _ in range(2):
        train(model, (x, y), batch_size=16, epochs=2, shuffle=False)
        reference.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    assert largest_difference(model, reference) < 1e-6
    assert int(model.optimizer.iterations) == 16


def test_evaluate_equals_keras(context):
    x, y = table()
    model = dense(metrics=["accuracy"], weighted_metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2)])
    expected = model.evaluate(x, y, return_dict=True, verbose=0)
    assert zoo_lab.evaluate(model, (x, y), context=context) == pytest.approx(expected, abs=1e-6)
