"""What `adapt` found and what was frozen goes with a packed model."""

from __future__ import annotations

import pickle
from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.keras.shipping import pack, unpack

NUMBERS = np.random.default_rng(0).normal(3, 2, (50, 4)).astype(np.float32)
WORDS = np.array(["red green", "green blue", "green"])


def travelled(model: Any) -> Any:
    """Return the model as a worker gets it, weights apart."""
    copy, _ = unpack(pickle.loads(pickle.dumps(pack(model))))
    copy.set_weights(model.get_weights())
    return copy


def adapted(layer: Any, data: Any) -> Any:
    layer.adapt(data)
    inputs = keras.Input((4,)) if data.dtype.kind == "f" else keras.Input((), dtype="string")
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize(
    ("layer", "data"),
    [
        (lambda: keras.layers.Normalization(), NUMBERS),
        (lambda: keras.layers.Discretization(num_bins=5), NUMBERS),
        (lambda: keras.layers.StringLookup(), WORDS),
        (lambda: keras.layers.StringLookup(output_mode="one_hot"), WORDS),
        (lambda: keras.layers.TextVectorization(output_sequence_length=3), WORDS),
        (lambda: keras.layers.TextVectorization(output_mode="tf_idf"), WORDS),
    ],
    ids=["Normalization", "Discretization", "StringLookup", "one_hot", "TextVectorization", "tf_idf"],
)
def test_adapted_layers_give_the_same_after_the_journey(layer: Any, data: Any) -> None:
    model = adapted(layer(), data)
    inputs = keras.ops.convert_to_tensor(data)
    np.testing.assert_allclose(np.asarray(travelled(model)(inputs)), np.asarray(model(inputs)), atol=1e-6)


def test_what_an_inner_layer_of_a_subclassed_model_learned_travels_too() -> None:
    model = Scaled()
    model.scale.adapt(NUMBERS)
    expected = np.asarray(model(NUMBERS))
    np.testing.assert_allclose(np.asarray(travelled(model)(NUMBERS)), expected, atol=1e-6)


def test_frozen_layers_of_a_subclassed_model_arrive_frozen() -> None:
    model = Scaled()
    model.scale.adapt(NUMBERS)
    model(NUMBERS)
    model.dense.trainable = False
    copy = travelled(model)
    assert (copy.dense.trainable, copy.last.trainable) == (False, True)


def test_training_sees_the_normalized_inputs(context: NNContext) -> None:
    layer = keras.layers.Normalization()
    layer.adapt(NUMBERS)
    model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    targets = NUMBERS[:, :1]
    expected = model.evaluate(NUMBERS, targets, verbose=0)
    assert zoo_lab.evaluate(model, (NUMBERS, targets), context=context)["loss"] == pytest.approx(expected, rel=1e-5)
    run = zoo_lab.fit(model, (NUMBERS, targets), batch_size=50, context=context, display="none")
    assert run.history["loss"][0] == pytest.approx(expected, rel=1e-5)


class Scaled(keras.Model):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.scale = keras.layers.Normalization()
        self.dense = keras.layers.Dense(2)
        self.last = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.last(self.dense(self.scale(inputs)))
