"""NNEstimator and NNModel behave as Spark ML's own: params, copies, pipelines, and a model that stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from pyspark.ml import Pipeline
from pyspark.ml.feature import VectorAssembler

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError
from zoo_lab.nnframes import NNEstimator, NNModel


@pytest.fixture(autouse=True)
def _runs_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def line(context: NNContext, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rows of y = 2a - b + 0.5, as columns a, b, features (an array), label and id."""
    import pandas

    x = np.random.default_rng(0).uniform(-1, 1, (120, 2)).astype(np.float32)
    frame = pandas.DataFrame({"id": range(120), "a": x[:, 0], "b": x[:, 1], "features": list(x)})
    frame["label"] = 2 * frame.a - frame.b + 0.5
    path = tmp_path_factory.mktemp("line") / "line.parquet"
    frame.to_parquet(path)
    return context.spark.read.parquet(str(path)).repartition(3)


def linear(inputs: int = 2) -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(1)])


def largest_error(predicted: Any) -> float:
    return max(abs(row.label - row.prediction) for row in predicted.collect())


def test_it_learns_a_line_and_leaves_its_own_model_alone(line: Any) -> None:
    model = linear()
    before = model.get_weights()
    estimator = NNEstimator(model, "mse").setOptimMethod(keras.optimizers.SGD(0.2))
    estimator.setBatchSize(16).setMaxEpoch(20).setSeed(3)
    trained = estimator.fit(line)
    assert isinstance(trained, NNModel)
    assert trained.uid == estimator.uid
    assert len(trained.history["loss"]) == 20
    predicted = trained.transform(line)
    assert predicted.columns == [*line.columns, "prediction"]
    assert largest_error(predicted) < 0.01
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_each_fit_starts_anew_and_the_same_seed_gives_the_same_model(line: Any) -> None:
    model = linear()
    model.compile("adam", "mse")
    estimator = NNEstimator(model).setBatchSize(16).setMaxEpoch(1).setSeed(3)
    one, other = (estimator.fit(line).model.get_weights() for _ in range(2))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first, second)


def test_params_given_to_fit_win_for_that_fit_alone(line: Any) -> None:
    estimator = NNEstimator(linear(), "mse").setMaxEpoch(1).setBatchSize(60)
    trained = estimator.fit(line, {estimator.maxEpoch: 2, estimator.predictionCol: "guess"})
    assert len(trained.history["loss"]) == 2
    assert "guess" in trained.transform(line).columns
    assert (estimator.getMaxEpoch(), estimator.getPredictionCol()) == (1, "prediction")


def test_it_is_a_stage_of_a_pipeline(line: Any) -> None:
    assembler = VectorAssembler(inputCols=["a", "b"], outputCol="vector")
    estimator = NNEstimator(linear(), "mse").setLearningRate(0.2).setFeaturesCol("vector")
    fitted = Pipeline(stages=[assembler, estimator.setMaxEpoch(15).setBatchSize(16)]).fit(line)
    assert largest_error(fitted.transform(line)) < 0.1


def test_setters_and_getters_and_defaults() -> None:
    estimator = NNEstimator(linear(), "mse")
    assert (estimator.getFeaturesCol(), estimator.getLabelCol(), estimator.getPredictionCol()) == (
        "features",
        "label",
        "prediction",
    )
    assert (estimator.getBatchSize(), estimator.getMaxEpoch(), estimator.getSeed()) == (32, 50, None)
    assert estimator.setLabelCol("target").getLabelCol() == "target"
    assert estimator.setPredictionCol("guess").getPredictionCol() == "guess"
    explained = estimator.explainParams()
    assert "maxEpoch: passes over the data. (default: 50)" in explained
    assert "labelCol" in explained


def test_a_copy_keeps_the_params_and_shares_nothing_that_is_set() -> None:
    estimator = NNEstimator(linear(), "mse").setMaxEpoch(3)
    copy = estimator.copy({estimator.batchSize: 5})
    assert (copy.getMaxEpoch(), copy.getBatchSize(), estimator.getBatchSize()) == (3, 5, 32)
    copy.setMaxEpoch(9)
    assert estimator.getMaxEpoch() == 3


def test_a_model_of_elsewhere_transforms(line: Any) -> None:
    model = linear()
    predicted = NNModel(model).setPredictionCol("guess").setBatchSize(7).transform(line)
    rows = sorted(predicted.collect(), key=lambda row: row.id)
    expected = model.predict(np.array([row.features for row in rows], np.float32), verbose=0)[:, 0]
    np.testing.assert_allclose([row.guess for row in rows], expected, atol=1e-6)


@pytest.mark.parametrize("value", [0, -1, 2.5, "many", True])
def test_params_are_typed(value: Any) -> None:
    with pytest.raises((ArgumentError, TypeError), match="maxEpoch"):
        NNEstimator(linear(), "mse").setMaxEpoch(value)


def test_what_cannot_be_trained_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError, match="a criterion, or a compiled model"):
        NNEstimator(linear())
    with pytest.raises(ArgumentError, match="model to be a keras.Model"):
        NNEstimator("model", "mse")
    with pytest.raises(ArgumentError, match="criterion to be a Keras loss or one of"):
        NNEstimator(linear(), "mean_squarred")
    with pytest.raises(ArgumentError, match="NNModel: Expected model"):
        NNModel(None)
