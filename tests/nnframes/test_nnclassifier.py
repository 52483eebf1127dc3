"""NNClassifier and its model as Spark ML's own classifiers: class numbers, thresholds, tuning, saving."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas
import pytest
from pyspark.ml import Pipeline
from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.tuning import CrossValidator, CrossValidatorModel, ParamGridBuilder

from tests.nnframes.battery import network
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.nnframes import NNClassifier, NNClassifierModel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _runs_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def wine(context: NNContext) -> Any:
    """178 wines: 13 measurements c0 … c12, and the cultivar as label; 71 are of the most frequent of three."""
    mlxtend = pytest.importorskip("mlxtend")
    path = Path(mlxtend.__file__).parent / "data" / "data" / "wine.csv"
    frame = pandas.read_csv(path, header=None, names=[*(f"c{column}" for column in range(13)), "label"])
    assert frame.label.value_counts().max() == 71
    return context.spark.createDataFrame(frame).repartition(2).cache()


@pytest.fixture(scope="module")
def points(context: NNContext) -> Any:
    """Points in two well separated clouds; the label tells which."""
    generator = np.random.default_rng(0)
    labels = np.arange(80) % 2
    x = generator.normal(size=(80, 2)) * 0.3 + np.where(labels[:, None], 1.0, -1.0)
    return context.spark.createDataFrame(pandas.DataFrame({"features": x.tolist(), "label": labels.astype(float)}))


LOAD = """
import sys
import pandas
import zoo_lab
from pyspark.ml.tuning import CrossValidatorModel
context = zoo_lab.init_nncontext(master="local[1]", memory="1g")
model = CrossValidatorModel.load(sys.argv[1])
predicted = model.transform(context.spark.read.parquet(sys.argv[2])).toPandas().sort_values(["c0", "c12"])
predicted["raw"] = [vector.toArray().tolist() for vector in predicted.rawPrediction]
predicted[["prediction", "raw"]].to_json(sys.argv[3], orient="split", double_precision=15)
context.stop()
"""


@pytest.fixture(scope="module")
def tuned(wine: Any, tmp_path_factory: pytest.TempPathFactory) -> CrossValidatorModel:
    """A pipeline with a network in it, tuned over two folds and two learning rates."""
    folder = tmp_path_factory.mktemp("tuned")
    before = Path.cwd()
    os.chdir(folder)
    try:
        classifier = NNClassifier(network(3, "softmax", inputs=13), "CrossEntropyCriterion").setOptimMethod("adam")
        classifier.setFeaturesCol("scaled").setBatchSize(16).setMaxEpoch(4).setSeed(1)
        stages = [
            VectorAssembler(inputCols=[f"c{column}" for column in range(13)], outputCol="vector"),
            StandardScaler(inputCol="vector", outputCol="scaled", withMean=True),
            classifier,
        ]
        grid = ParamGridBuilder().addGrid(classifier.learningRate, [0.0001, 0.05]).build()
        evaluator = MulticlassClassificationEvaluator(metricName="accuracy")
        search = CrossValidator(
            estimator=Pipeline(stages=stages),
            estimatorParamMaps=grid,
            evaluator=evaluator,
            numFolds=2,
            seed=1,
            parallelism=2,
        )
        return search.fit(wine)
    finally:
        os.chdir(before)


def test_cross_validation_finds_the_better_rate_and_beats_the_majority_class(tuned: Any, wine: Any) -> None:
    """71 of 178 are of one class: 0.40. A network on scaled measurements must be 0.4 above that on unseen wines."""
    assert tuned.avgMetrics[1] > 71 / 178 + 0.4
    assert tuned.avgMetrics[1] > tuned.avgMetrics[0]
    assert float(tuned.bestModel.stages[-1].model.optimizer.learning_rate) == pytest.approx(0.05)
    predicted = tuned.transform(wine)
    assert dict(predicted.dtypes)["prediction"] == "double"
    assert {row.prediction for row in predicted.collect()} == {0.0, 1.0, 2.0}


@pytest.mark.slow
def test_a_saved_search_predicts_the_same_in_a_new_process(tuned: Any, wine: Any, tmp_path: Path) -> None:
    tuned.write().overwrite().save(str(tmp_path / "model"))
    wine.write.parquet(str(tmp_path / "wine"))
    command = [sys.executable, "-c", LOAD, *(str(tmp_path / name) for name in ("model", "wine", "result.json"))]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    there = json.loads((tmp_path / "result.json").read_text())["data"]
    here = sorted(tuned.transform(wine).collect(), key=lambda row: (row.c0, row.c12))
    assert [prediction for prediction, _ in there] == [row.prediction for row in here]
    # the same weights and operations; only the batches' borders differ
    np.testing.assert_allclose([raw for _, raw in there], [row.rawPrediction.toArray() for row in here], atol=1e-6)


def test_it_predicts_every_training_label(points: Any) -> None:
    """REFERENCE case 33; the model ends in a sigmoid, so there is one output for two classes."""
    classifier = (
        NNClassifier(network(1, "sigmoid"), "BCECriterion").setLearningRate(1.0).setBatchSize(20).setMaxEpoch(8)
    )
    trained = classifier.setSeed(1).setThreshold(0.4).fit(points)
    assert isinstance(trained, NNClassifierModel)
    assert (trained.uid, trained.getThreshold()) == (classifier.uid, 0.4)
    predicted = trained.transform(points).cache()
    assert predicted.columns == ["features", "label", "rawPrediction", "prediction"]
    assert [row for row in predicted.collect() if row.prediction != row.label] == []
    assert BinaryClassificationEvaluator().evaluate(predicted) == 1.0


def test_the_threshold_decides(points: Any) -> None:
    """The predecessor's was hard-coded as 0.5."""
    model = network(1, "sigmoid")
    rows = points.collect()
    p = model.predict(np.array([row.features for row in rows], np.float32), verbose=0)[:, 0]
    chosen = float(np.sort(p)[60] + np.sort(p)[61]) / 2
    for threshold, expected in ((0.5, p > 0.5), (chosen, p > chosen)):
        found = NNClassifierModel(model).setThreshold(threshold).transform(points).collect()
        assert [row.prediction for row in found] == expected.astype(float).tolist()
        np.testing.assert_allclose([row.rawPrediction.toArray() for row in found], np.stack([1 - p, p], 1), atol=1e-6)
    two = network(2, "softmax")
    q = two.predict(np.array([row.features for row in rows], np.float32), verbose=0)
    plain, strict = (NNClassifierModel(two), NNClassifierModel(two).setThreshold(0.9).setRawPredictionCol(""))
    assert [row.prediction for row in plain.transform(points).collect()] == q.argmax(axis=1).tolist()
    assert [row.prediction for row in strict.transform(points).collect()] == (q[:, 1] > 0.9).astype(float).tolist()
    with pytest.raises(ArgumentError, match="no threshold with 3 classes"):
        NNClassifierModel(network(3)).setThreshold(0.9).transform(points)


def test_a_stream_is_classified_as_it_comes(context: NNContext, points: Any, tmp_path: Path) -> None:
    points.write.parquet(str(tmp_path / "points"))
    stream = context.spark.readStream.schema(points.schema).parquet(str(tmp_path / "points"))
    model = NNClassifierModel(network(2, "softmax"))
    query = (
        model.transform(stream).writeStream.format("memory").queryName("classified").trigger(availableNow=True).start()
    )
    query.awaitTermination()
    found = sorted((row.features, row.prediction) for row in context.spark.table("classified").collect())
    assert found == sorted((row.features, row.prediction) for row in model.transform(points).collect())


@pytest.mark.parametrize(("change", "received"), [("label + 1", "2.0"), ("label / 2", "0.5"), ("-label", "-1.0")])
def test_labels_that_are_no_class_numbers_from_0_are_refused(points: Any, change: str, received: str) -> None:
    frame = points.selectExpr("features", f"double({change}) as label")
    with pytest.raises(DataError, match=f"class number from 0 to 1; received {received}. Classes count from 0"):
        NNClassifier(network(2), "CrossEntropyCriterion").setMaxEpoch(1).fit(frame)


def test_what_gives_no_classes_is_refused(points: Any) -> None:
    with pytest.raises(ArgumentError, match=r"no column 'label'; the DataFrame has one\. Drop it, or set"):
        NNClassifierModel(network(2)).setPredictionCol("label").transform(points)
    square = keras.Sequential([keras.Input((2,)), keras.layers.Reshape((2, 1))])
    with pytest.raises(ModelError, match="one number, or one for each class"):
        NNClassifierModel(square).transform(points)
