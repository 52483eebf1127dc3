"""Every stage of zoo_lab.nnframes goes through the battery, and none is forgotten."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import keras
import pytest
from pyspark.ml.param import Params

from tests.nnframes.battery import STAGES, check_estimator, network
from zoo_lab import nnframes
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.feature.preprocessing import Preprocessing
from zoo_lab.net import GraphNet
from zoo_lab.nnframes import NNEstimator, NNModel


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_treats_its_parameters_as_spark_ml_does(context: NNContext, tmp_path: Path, name: str) -> None:
    check_estimator(STAGES[name](), tmp_path)


def test_every_stage_is_in_the_battery() -> None:
    offered = [getattr(nnframes, name) for name in nnframes.__all__]
    stages = {one.__name__ for one in offered if isinstance(one, type) and issubclass(one, Params)}
    assert stages == set(STAGES)


@pytest.mark.parametrize("name", nnframes.__all__)
def test_a_public_name_is_documented(name: str) -> None:
    thing = getattr(nnframes, name)
    text = inspect.getdoc(thing) or ""
    public = [member for key, member in vars(thing).items() if key[0] != "_" and callable(member)]
    assert [member for member in public if not inspect.getdoc(member)] == []
    if name not in ("NNImageReader",):
        assert "Example" in text
        arguments = [one for one in inspect.signature(thing).parameters if one != "self"]
        assert [one for one in arguments if one not in text] == []


class Doubled(Preprocessing):
    """A user's own step."""

    def __call__(self, value: Any) -> Any:
        return value * 2


def test_a_step_of_ones_own_is_kept_and_copied_but_refused_by_save(context: NNContext, tmp_path: Path) -> None:
    step = Doubled()
    stage = NNModel(network(), step)
    assert stage.copy().getFeaturePreprocessing() is step
    with pytest.raises(ArgumentError, match=r"featurePreprocessing: .*Doubled, which can be used but not be saved"):
        stage.save(str(tmp_path / "model"))
    assert not (tmp_path / "model").exists()


def test_a_model_that_could_not_be_loaded_is_refused_by_save(context: NNContext, tmp_path: Path) -> None:
    own = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    with pytest.raises(ModelError, match="could not be loaded again"):
        NNModel(own).save(str(tmp_path / "model"))


def test_nothing_is_made_of_a_class_that_a_changed_file_names(context: NNContext, tmp_path: Path) -> None:
    path = tmp_path / "model"
    NNModel(network(), [2]).save(str(path))
    [part] = (path / "metadata").glob("part-*")
    text = part.read_text()
    assert '"class":"SeqToTensor"' in text
    part.write_text(text.replace('"SeqToTensor"', '"Popen"'))
    for checksum in (path / "metadata").glob(".part-*.crc"):
        checksum.unlink()
    with pytest.raises(ValueError, match="received 'Popen'"):
        NNModel.load(str(path))


def test_a_compiled_model_keeps_its_loss_metrics_and_optimizer(context: NNContext, tmp_path: Path) -> None:
    model = network()
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    path = str(tmp_path / "estimator")
    NNEstimator(model).setMaxEpoch(3).save(path)
    loaded = NNEstimator.load(path)
    assert loaded.getMaxEpoch() == 3
    before, after = (json.dumps(one.get_compile_config()) for one in (model, loaded.model))
    assert before == after


def test_a_net_from_elsewhere_is_saved_and_loaded_as_one(context: NNContext, tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    NNModel(GraphNet.of(network()), history={"loss": [0.5, float("nan")]}).save(path)
    loaded = NNModel.load(path)
    assert isinstance(loaded.model, GraphNet)
    assert (loaded.history["loss"][0], str(loaded.history["loss"][1])) == (0.5, "nan")
