"""The compiled model is taken as it is: structures, losses, weights of samples and classes, metrics, own code."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import zoo_lab
from tests.train.battery import STRATEGIES, check_sync
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, ROWS, compiled, dense, images, table, tokens

X, Y = table()
WEIGHT = np.random.default_rng(4).uniform(0, 2, ROWS).astype("float32")
ONE_HOT = np.eye(CLASSES, dtype="float32")[Y]
NUMBER = X[:, :1] * 2 + 1


@keras.saving.register_keras_serializable("tests")
class Scale(layers.Layer):
    """A registered layer."""

    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1],), initializer="ones", name="factor")

    def call(self, inputs):
        return inputs * self.factor


class Gate(layers.Layer):
    """A layer of this file, not registered, with an argument."""

    def __init__(self, strength, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength

    def call(self, inputs, training=False):
        return inputs * self.strength if training else inputs

    def get_config(self):
        return {**super().get_config(), "strength": self.strength}


class Mean(keras.metrics.Metric):
    """A metric of this file that adds up."""

    def __init__(self, name="mean_target", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")
        self.count = self.add_variable(shape=(), initializer="zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = keras.ops.cast(y_true, "float32")
        self.total.assign_add(keras.ops.sum(y_true))
        self.count.assign_add(keras.ops.cast(keras.ops.size(y_true), "float32"))

    def result(self):
        return self.total / self.count


def focal(y_true, y_pred):
    """A loss of this file."""
    picked = keras.ops.sum(y_pred * keras.ops.one_hot(y_true, CLASSES), -1)
    return -((1 - picked) ** 2) * keras.ops.log(picked + 1e-7)


class Own(keras.Model):
    """A whole model of this file."""

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = layers.Dense(units, "relu", kernel_regularizer="l2")
        self.drop = layers.Dropout(0.0)
        self.outer = layers.Dense(CLASSES, "softmax")

    def call(self, inputs, training=False):
        hidden = self.drop(self.inner(inputs), training=training)
        self.add_loss(0.01 * keras.ops.mean(keras.ops.square(hidden)))
        return self.outer(hidden)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def two_by_two(as_dict):
    wide, deep = layers.Input((FEATURES,), name="wide"), layers.Input((6,), dtype="int32", name="deep")
    joined = layers.Concatenate()([layers.Dense(8, "relu")(wide), layers.Flatten()(layers.Embedding(30, 4)(deep))])
    kind, size = layers.Dense(CLASSES, "softmax", name="kind")(joined), layers.Dense(1, name="size")(joined)
    inputs = {"wide": wide, "deep": deep} if as_dict else [wide, deep]
    return keras.Model(inputs, {"kind": kind, "size": size} if as_dict else [kind, size])


def test_dicts_of_inputs_and_outputs_with_weighted_losses(train):
    def build():
        return compiled(
            two_by_two(True),
            loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
            loss_weights={"kind": 0.7, "size": 0.2},
            metrics={"kind": ["accuracy"], "size": ["mae"]},
        )

    check_sync(train, "shared", build, {"wide": X, "deep": tokens()[0]}, {"kind": Y, "size": NUMBER})


def test_lists_of_inputs_and_outputs_with_a_weight_for_each(train):
    def build():
        losses = ["sparse_categorical_crossentropy", keras.losses.Huber()]
        return compiled(two_by_two(False), loss=losses, weighted_metrics=[["accuracy"], ["mae"]])

    check_sync(train, "collect", build, [X, tokens()[0]], [Y, NUMBER], weight=[WEIGHT, WEIGHT[::-1].copy()])


@pytest.mark.parametrize("sync", STRATEGIES)
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_reductions_with_sample_weights(train, sync, reduction):
    def build():
        return dense(keras.optimizers.SGD(1e-3), loss=keras.losses.SparseCategoricalCrossentropy(reduction=reduction))

    check_sync(train, sync, build, X, Y, weight=WEIGHT)


def test_metrics_add_up_to_those_of_keras(train):
    def build():
        metrics = keras.metrics
        inside = [layers.Input((FEATURES,)), layers.Dense(CLASSES, "softmax")]
        return compiled(
            keras.Sequential(inside),
            loss="categorical_crossentropy",
            metrics=["accuracy", metrics.AUC(name="auc"), metrics.OneHotMeanIoU(CLASSES, name="iou")],
            weighted_metrics=[
                metrics.Precision(name="precision"),
                metrics.RootMeanSquaredError(name="error"),
                metrics.F1Score(name="f1_score"),
                metrics.R2Score(name="r2"),
            ],
        )

    run = check_sync(train, "shared", build, X, ONE_HOT, weight=WEIGHT)
    assert np.shape(run.history["f1_score"]) == (3, CLASSES)


@pytest.mark.parametrize("labels", ["numbers", "one-hot"])
def test_class_weights_count_as_in_keras(train, labels):
    loss = "sparse_categorical_crossentropy" if labels == "numbers" else "categorical_crossentropy"
    y = Y if labels == "numbers" else ONE_HOT
    check_sync(
        train, "shared", lambda: dense(loss=loss, weighted_metrics=["accuracy"]), X, y, class_weight={0: 3.0, 2: 0.5}
    )


def test_a_whole_model_of_the_users_with_added_losses_and_regularizers(train):
    check_sync(train, "shared", own, X, Y)


def own():
    model = compiled(Own(), metrics=[Mean()])
    model(X[:1])
    return model


def test_layers_losses_and_metrics_of_the_users(train):
    def build():
        inside = [
            layers.Input((FEATURES,)),
            Scale(),
            Gate(0.9),
            layers.Dense(CLASSES, "softmax", activity_regularizer="l2"),
        ]
        return compiled(keras.Sequential(inside), loss=focal, metrics=[Mean()])

    check_sync(train, "collect", build, X, Y)


def test_a_masked_loss_divides_by_the_mask_of_the_whole_batch(train):
    def build():
        inside = [
            layers.Input((6,), dtype="int32"),
            layers.Embedding(30, 4, mask_zero=True),
            layers.Dense(30, "softmax"),
        ]
        return compiled(keras.Sequential(inside))

    x, _ = tokens()
    check_sync(train, "shared", build, x, x)


def test_images_of_bytes_are_scaled_by_the_model(train):
    x, y = images(60)
    x = (x * 50 + 128).clip(0, 255).astype("uint8")

    def build():
        inside = [layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, strides=2), layers.Flatten()]
        return compiled(keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")]))

    check_sync(train, "shared", build, x, y, epochs=5, batch_size=6)


def test_augmentation_repeats_with_its_seed_and_rests_in_evaluation(train, context):
    x, y = images(40)

    def build():
        inside = [layers.Input((8, 8, 3)), layers.RandomFlip(), layers.RandomRotation(0.2), layers.Flatten()]
        return compiled(keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")]))

    first, second = twin(build)
    for model in (first, second):
        train(model, (x, y), seed=1, batch_size=10)
    assert largest_difference(first, second) == 0
    assert zoo_lab.evaluate(first, (x, y), context=context)["loss"] == pytest.approx(
        first.evaluate(x, y, verbose=0), rel=1e-6
    )


@pytest.mark.parametrize("known", ["given", "adapted"])
def test_strings_go_into_models_that_take_them(train, known):
    texts = np.array(["red ship", "blue sea", "red sea", "green ship é"] * 20)

    def build():
        words = ["red", "blue", "green", "sea", "ship", "é"]
        reader = layers.TextVectorization(output_sequence_length=3, vocabulary=words if known == "given" else None)
        if known == "adapted":
            reader.adapt(texts)
        text = layers.Input((), dtype="string")
        pooled = layers.GlobalAveragePooling1D()(layers.Embedding(10, 4)(reader(text)))
        return compiled(keras.Model(text, layers.Dense(CLASSES, "softmax")(pooled)), metrics=["accuracy"])

    model, reference = twin(build)
    y = np.array([0, 1, 2, 3] * 20)
    train(model, (texts, y), shuffle=False, batch_size=7)
    reference.fit(tf.constant(texts), y, shuffle=False, batch_size=7, verbose=0)
    assert largest_difference(model, reference) < 1e-6


def test_an_adapted_normalization_normalizes_on_the_workers_too(train):
    def build():
        normalization = layers.Normalization()
        normalization.adapt(X * 5 + 3)
        return compiled(keras.Sequential([layers.Input((FEATURES,)), normalization, layers.Dense(CLASSES, "softmax")]))

    check_sync(train, "shared", build, X * 5 + 3, Y)


def test_a_model_that_was_never_called_is_built_on_the_first_rows(train):
    model = compiled(keras.Sequential([layers.Dense(CLASSES, "softmax")]))
    run = train(model, (X, Y))
    assert model.built
    assert len(run.history["loss"]) == 1
