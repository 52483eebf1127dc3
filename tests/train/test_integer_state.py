"""State that is not floating point: counters advance, frozen integer weights arrive."""

from __future__ import annotations

import keras
import pytest

from tests.train.battery import STRATEGIES, check_sync
from tests.train.models import CLASSES, FEATURES, compiled, table


class Warmed(keras.layers.Layer):
    """Scale by how often it was called in training, up to ten times, and by a fixed table of bytes."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False)
        self.bytes = self.add_weight(shape=shape[-1:], dtype="uint8", initializer="ones", trainable=False)

    def call(self, inputs, training=False):
        if training:
            self.calls.assign(self.calls + 1)
        strength = keras.ops.cast(keras.ops.minimum(self.calls, 10), inputs.dtype) / 10.0
        return inputs * strength * keras.ops.cast(self.bytes, inputs.dtype)


def warmed():
    model = keras.Sequential([keras.Input((FEATURES,)), Warmed(), keras.layers.Dense(CLASSES, activation="softmax")])
    model.layers[0].bytes.assign([3] * FEATURES)
    return compiled(model)


@pytest.mark.parametrize("sync", STRATEGIES)
def test_a_layers_counter_advances_and_its_bytes_arrive(train, sync):
    run = check_sync(train, sync, warmed, *table())
    assert int(run.model.layers[0].calls.numpy()) == run.iterations
