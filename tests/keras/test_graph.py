"""Graph surgery shares layers, follows the graph and names what it cannot find."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.keras import freeze_up_to, new_graph, unfreeze


def lenet() -> Any:
    keras.utils.set_random_seed(5)
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(4, 3, activation="tanh", name="conv1"),
            keras.layers.MaxPooling2D(name="pool1"),
            keras.layers.Conv2D(6, 2, activation="tanh", name="conv2"),
            keras.layers.MaxPooling2D(name="pool2"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(8, activation="tanh", name="fc1"),
            keras.layers.Dense(3, activation="softmax", name="fc2"),
        ],
        name="lenet",
    )


def branched() -> Any:
    one, other = keras.Input((3,), name="one"), keras.Input((3,), name="other")
    left = keras.layers.Dense(4, name="left")(one)
    right = keras.layers.Dense(4, name="right")(other)
    joined = keras.layers.Add(name="joined")([left, right])
    return keras.Model([one, other], keras.layers.Dense(1, name="last")(joined), name="branched")


def images(rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=(rows, 12, 12, 1)).astype(np.float32), random.integers(0, 3, rows)


def changed_layers(model: Any, before: dict[str, list[np.ndarray]]) -> set[str]:
    return {
        layer.name
        for layer in model.layers
        if any((old != new).any() for old, new in zip(before[layer.name], layer.get_weights(), strict=True))
    }


def weights(model: Any) -> dict[str, list[np.ndarray]]:
    return {layer.name: layer.get_weights() for layer in model.layers}


def test_a_cut_model_ends_at_the_layer_and_shares_its_weights() -> None:
    model = lenet()
    features = new_graph(model, ["flatten"])
    assert features.output_shape == (None, 24)
    assert [layer.name for layer in features.layers][-1] == "flatten"
    x, _ = images(4)
    before = features.predict(x, verbose=0)
    model.get_layer("conv1").set_weights([0 * weight for weight in model.get_layer("conv1").get_weights()])
    assert (features.predict(x, verbose=0) != before).any()
    assert features.get_layer("conv1") is model.get_layer("conv1")


def test_several_names_give_several_outputs() -> None:
    both = new_graph(lenet(), ["pool1", "fc1"])
    assert [tuple(shape) for shape in both.output_shape] == [(None, 5, 5, 4), (None, 8)]


def test_inputs_that_the_cut_model_does_not_need_are_left_out() -> None:
    left = new_graph(branched(), "left")
    assert [tensor.name for tensor in left.inputs] == ["one"]
    assert left.predict(np.ones((2, 3)), verbose=0).shape == (2, 4)


def test_a_cut_model_can_be_cut_again() -> None:
    assert new_graph(new_graph(lenet(), "flatten"), "pool1").output_shape == (None, 5, 5, 4)


def test_freezing_follows_the_graph_and_not_the_order_of_layers() -> None:
    model = branched()
    freeze_up_to(model, "left")
    assert {layer.name for layer in model.layers if layer.weights and not layer.trainable} == {"left"}
    freeze_up_to(model, ["joined"])
    assert {layer.name for layer in model.layers if layer.weights and not layer.trainable} == {"left", "right"}


def test_layers_up_to_a_frozen_one_keep_their_weights_bit_for_bit_until_they_are_freed(context: NNContext) -> None:
    model, (x, y) = lenet(), images()
    freeze_up_to(model, ["pool2"])
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    before = weights(model)
    zoo_lab.fit(model, (x, y), batch_size=8, seed=1, context=context, display="none")
    assert changed_layers(model, before) == {"fc1", "fc2"}

    unfreeze(model)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    before = weights(model)
    zoo_lab.fit(model, (x, y), batch_size=8, seed=1, context=context, display="none")
    assert changed_layers(model, before) == {"conv1", "conv2", "fc1", "fc2"}


def test_single_layers_can_be_freed() -> None:
    model = lenet()
    freeze_up_to(model, "fc2")
    unfreeze(model, ["fc1"])
    assert [layer.name for layer in model.layers if layer.trainable and layer.weights] == ["fc1"]


@pytest.mark.parametrize("call", [new_graph, freeze_up_to, unfreeze])
def test_names_that_are_no_layers_are_told_with_near_misses(call: Any) -> None:
    with pytest.raises(ArgumentError) as raised:
        call(lenet(), ["pool3x", "fc11"])
    assert f"{call.__name__}: 2 arguments are wrong" in str(raised.value)
    assert "received 'fc11'. Did you mean 'fc1'?" in str(raised.value)


def test_a_layer_of_an_inner_model_is_told_with_the_model_it_lies_in() -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="deep")], name="inner")
    outer = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1)])
    with pytest.raises(ArgumentError, match=r"lies in its layer 'inner'\. Call new_graph\(model\.get_layer\('inner'\)"):
        new_graph(outer, "deep")
    assert new_graph(inner, "deep").output_shape == (None, 2)


def test_a_layer_used_twice_has_no_single_output() -> None:
    shared = keras.layers.Dense(2, name="shared")
    one, other = keras.Input((3,)), keras.Input((3,))
    twins = keras.Model([one, other], keras.layers.Add()([shared(one), shared(other)]))
    with pytest.raises(ModelError, match="'shared' has 2 there"):
        new_graph(twins, "shared")


def test_a_layer_used_in_another_model_too_is_no_obstacle() -> None:
    model = lenet()
    keras.Sequential([keras.Input((12, 12, 1)), model.get_layer("conv1")])
    assert new_graph(model, "conv1").output_shape == (None, 10, 10, 4)


def test_a_model_without_a_graph_is_refused() -> None:
    with pytest.raises(ModelError, match="graph of layers"):
        new_graph(keras.Sequential([keras.layers.Dense(1, name="only")]), "only")
