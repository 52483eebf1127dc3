"""Every setting of Keras' optimizers applies to the summed gradient as to the gradient of one process."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from keras.optimizers import SGD, Adam, AdamW

from tests.train.battery import check_sync
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, table, tokens

OPTIMIZERS = {
    "adamw, weight decay and clipnorm": lambda: AdamW(1e-3, weight_decay=0.1, clipnorm=0.1),
    "global clipnorm and a schedule": lambda: SGD(
        keras.optimizers.schedules.CosineDecay(0.1, 40), momentum=0.9, nesterov=True, global_clipnorm=0.5
    ),
    "clipvalue and amsgrad": lambda: Adam(1e-3, amsgrad=True, clipvalue=0.01),
    "moving averages, taken over now and then": lambda: SGD(
        0.05, momentum=0.9, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7
    ),
    "moving averages, taken over at the end": lambda: Adam(1e-3, use_ema=True, ema_momentum=0.9),
    "accumulated gradients": lambda: SGD(0.05, momentum=0.9, gradient_accumulation_steps=3),
    "loss scaling": lambda: keras.optimizers.LossScaleOptimizer(Adam(1e-3), initial_scale=8.0, dynamic_growth_steps=5),
}


# Those that workers apply to slices of the weights; a fast rate, so that 51 steps move the weights by much more than 1e-5.
SLICED = {
    "sgd, nesterov": lambda: SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: Adam(1e-3),
    "adamw": lambda: AdamW(1e-3, weight_decay=0.1),
    "nadam": lambda: keras.optimizers.Nadam(1e-3),
    "adamax": lambda: keras.optimizers.Adamax(1e-3),
    "rmsprop": lambda: keras.optimizers.RMSprop(1e-3, momentum=0.5, centered=True),
    "adagrad": lambda: keras.optimizers.Adagrad(0.01),
    "adadelta": lambda: keras.optimizers.Adadelta(0.5),
    "ftrl": lambda: keras.optimizers.Ftrl(0.05),
    "lion": lambda: keras.optimizers.Lion(1e-4),
}


@pytest.mark.parametrize("sync", ["shared", "sliced"])
@pytest.mark.parametrize("kind", SLICED)
def test_workers_update_their_slices_as_keras_does(train, kind, sync):
    run = check_sync(train, sync, lambda: dense(SLICED[kind]()), *table())
    assert "the driver updates" not in run.plan.why


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_optimizer_steps_as_in_keras(train, kind):
    check_sync(train, "shared", lambda: dense(OPTIMIZERS[kind]()), *table())


def test_the_schedule_has_advanced_by_the_number_of_iterations(train):
    model = dense(SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)))
    run = train(model, table(50), batch_size=10, epochs=2)
    assert int(model.optimizer.iterations) == run.iterations == 10
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 * 0.5**10)


def test_an_embedding_with_adam_and_clipping_steps_as_in_keras(train):
    def build():
        inside = [layers.Input((6,), dtype="int32"), layers.Embedding(30, 4), layers.Flatten()]
        return compiled(keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")]), Adam(1e-3, global_clipnorm=1.0))

    check_sync(train, "collect", build, *tokens())


def test_constraints_hold_after_every_step(train):
    def build():
        bounded = layers.Dense(
            CLASSES, "softmax", kernel_constraint="non_neg", bias_constraint=keras.constraints.MaxNorm(0.1)
        )
        return compiled(keras.Sequential([layers.Input((FEATURES,)), bounded]))

    check_sync(train, "shared", build, *table())


def test_half_precision_computes_half_and_keeps_float32_weights(train):
    """Tolerance: bfloat16 keeps 8 bits, so a sum in another order differs by about 1e-2 of its value."""

    def build():
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            return dense(Adam(1e-3))
        finally:
            keras.config.set_dtype_policy("float32")

    run = check_sync(train, "shared", build, *table(), tolerance=2e-2)
    assert run.model.layers[0].compute_dtype == "bfloat16"
    assert {weight.dtype.name for weight in run.model.get_weights()} == {"float32"}


def test_a_float64_model_trains_in_float64(train):
    def build():
        inside = [layers.Dense(8, "relu", dtype="float64"), layers.Dense(CLASSES, "softmax", dtype="float64")]
        return compiled(
            keras.Sequential([layers.Input((FEATURES,), dtype="float64"), *inside]), SGD(0.05, momentum=0.9)
        )

    run = check_sync(train, "collect", build, *table())
    assert {weight.dtype.name for weight in run.model.get_weights()} == {"float64"}


def test_a_float64_session_trains_in_float64(train):
    keras.config.set_floatx("float64")
    try:
        check_sync(train, "shared", dense, *table())
    finally:
        keras.config.set_floatx("float32")


def test_compiled_variants_of_keras_train_alike(train):
    x, y = table(100)
    model, reference = twin(dense)
    train(model, (x, y), batch_size=16, seed=2)
    for variant in ({"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 3}):
        other, _ = twin(lambda variant=variant: dense(**variant))
        train(other, (x, y), batch_size=16, seed=2)
        np.testing.assert_allclose(largest_difference(model, other), 0, atol=1e-6, err_msg=str(variant))
    assert largest_difference(model, reference) > 0
