"""NNEstimator and NNModel behave as Spark ML's own: params, copies, pipelines, and a model that stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from pyspark.ml import Pipeline
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.tuning import ParamGridBuilder, TrainValidationSplit

from tests.feature.image.photographs import photograph
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature import ChainedPreprocessing, Scale, SeqToTensor
from zoo_lab.feature.image import ImageBrightness, ImageMatToTensor, ImageSet, RowToImageFeature
from zoo_lab.nnframes import FeatureLabelPreprocessing, NNClassifierModel, NNEstimator, NNModel
from zoo_lab.train import EveryEpoch, MaxEpoch, MaxIteration, MinLoss, TrainSummary, ValidationSummary


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
    with pytest.raises(ArgumentError, match=r"model to be a keras\.Model"):
        NNEstimator("model", "mse")
    with pytest.raises(ArgumentError, match="criterion to be a Keras loss or one of"):
        NNEstimator(linear(), "mean_squarred")
    with pytest.raises(ArgumentError, match="NNModel: Expected model"):
        NNModel(None)


def test_five_iterations_are_written_down_measured_and_saved(line: Any, tmp_path: Path) -> None:
    """REFERENCE case 33: the predecessor leaves the first validation out and has 4 rows of MAE."""
    estimator = NNEstimator(linear(), "MSECriterion").setBatchSize(120).setEndWhen(MaxIteration(5)).setSeed(1)
    estimator.setLearningRate(0.2).setLearningRateDecay(0.5)
    estimator.setTrainSummary(TrainSummary(str(tmp_path / "logs"), "line"))
    estimator.setValidationSummary(ValidationSummary(str(tmp_path / "logs"), "line"))
    estimator.setValidation(EveryEpoch(), line, ["MAE"]).setCheckpoint(str(tmp_path / "checkpoints"))
    trained = estimator.fit(line)
    rates = estimator.getTrainSummary().read_scalar("LearningRate")
    assert rates[:, 0].tolist() == [1, 2, 3, 4, 5]
    # float32 in the file
    np.testing.assert_allclose(rates[:, 1], [0.2 / (1 + 0.5 * step) for step in range(5)], rtol=1e-6)
    losses = estimator.getTrainSummary().read_scalar("Loss")
    np.testing.assert_allclose(losses[:, 1], trained.history["loss"], rtol=1e-5)
    measured = estimator.getValidationSummary().read_scalar("MAE")
    np.testing.assert_allclose(measured[:, 1], trained.history["val_MAE"], rtol=1e-6)
    assert len(measured) == 5
    errors = [abs(row.label - row.prediction) for row in trained.transform(line).collect()]
    assert np.mean(errors) == pytest.approx(trained.history["val_MAE"][-1], rel=1e-4)
    [folder] = (tmp_path / "checkpoints").iterdir()
    assert [saved.name for saved in folder.iterdir()] == ["iteration-000000005"]


def test_it_ends_when_its_trigger_says_so(line: Any) -> None:
    estimator = NNEstimator(linear(), "mse").setLearningRate(0.2).setBatchSize(30).setSeed(1)
    losses = estimator.setEndWhen(MinLoss(0.05) | MaxEpoch(30)).fit(line).history["loss"]
    assert len(losses) < 30
    assert losses[-1] < 0.05 <= min(losses[:-1])
    with pytest.raises(ArgumentError, match="endWhen or maxEpoch; received both"):
        estimator.setMaxEpoch(3).fit(line)


def test_clipping_to_zero_leaves_every_weight_as_it_was(line: Any) -> None:
    """REFERENCE case 5."""
    model = linear()
    estimator = NNEstimator(model, "mse").setMaxEpoch(1).setConstantGradientClipping(0, 0)
    for one, other in zip(model.get_weights(), estimator.fit(line).model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_several_inputs_several_outputs_weights_and_marked_rows(line: Any) -> None:
    keras.utils.set_random_seed(1)
    one, two = keras.Input((2,), name="one"), keras.Input((1,), name="two")
    both = keras.layers.Concatenate()([one, two])
    model = keras.Model({"one": one, "two": two}, {"sum": keras.layers.Dense(1)(both), "b": keras.layers.Dense(1)(two)})
    frame = line.selectExpr("*", "id % 4 = 0 as held", "if(id % 2 = 0, 1.0, 0.5) as weight")
    estimator = NNEstimator(model, {"sum": "mse", "b": "mse"}).setLearningRate(0.2).setBatchSize(30).setMaxEpoch(15)
    estimator.setFeaturesCol({"one": "features", "two": "b"}).setLabelCol({"sum": "label", "b": "b"})
    estimator.setWeightCol("weight").setValidationIndicatorCol("held").setSeed(1)
    trained = estimator.fit(frame)
    assert trained.history["val_loss"][-1] < 0.01
    for row in trained.transform(frame).collect():
        assert abs(row.prediction["sum"] - row.label) < 0.3
        assert abs(row.prediction["b"] - row.b) < 0.3


def test_sizes_cut_a_column_into_inputs_and_steps_prepare_features_and_labels(line: Any) -> None:
    first, second = keras.Input((1,)), keras.Input((1, 1))
    output = keras.layers.Subtract()([first, keras.layers.Flatten()(second)])
    rows = NNModel(keras.Model([first, second], output), [[1], [1, 1]]).transform(line).collect()
    np.testing.assert_allclose([row.prediction for row in rows], [row.a - row.b for row in rows], atol=1e-6)

    estimator = NNEstimator(linear(), "mse", [2], Scale(10.0)).setLearningRate(0.2).setBatchSize(30).setMaxEpoch(20)
    pair = estimator.getSamplePreprocessing()
    assert repr(pair) == repr(FeatureLabelPreprocessing(SeqToTensor([2]), Scale(10.0)))
    assert repr(NNEstimator(linear(), "mse").setSamplePreprocessing(pair).getSamplePreprocessing()) == repr(pair)
    rows = estimator.setSeed(1).fit(line).transform(line).collect()
    np.testing.assert_allclose([row.prediction for row in rows], [10 * row.label for row in rows], atol=0.2)


def test_strings_go_to_a_model_that_takes_them(context: NNContext) -> None:
    words = keras.layers.TextVectorization(output_mode="count", vocabulary=["good", "bad"])
    model = keras.Sequential([keras.Input((), dtype="string"), words])
    frame = context.spark.createDataFrame([("good good film",), ("bad",)], "review string")
    rows = NNModel(model).setFeaturesCol("review").transform(frame).collect()
    assert [row.prediction for row in rows] == [[1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]


def test_a_list_of_param_maps_gives_as_many_models(line: Any) -> None:
    estimator = NNEstimator(linear(), "mse").setBatchSize(120).setMaxEpoch(1).setSeed(1)
    one, other = estimator.fit(line, [{estimator.maxEpoch: 2}, {estimator.optimMethod: "adam"}])
    assert (len(one.history["loss"]), len(other.history["loss"])) == (2, 1)
    assert one.history["loss"][0] == other.history["loss"][0]


def test_it_is_tuned_by_a_train_validation_split(line: Any) -> None:
    estimator = NNEstimator(linear(), "mse").setBatchSize(30).setMaxEpoch(4).setSeed(1)
    grid = ParamGridBuilder().addGrid(estimator.learningRate, [0.2, 0.0001]).build()
    tuned = TrainValidationSplit(estimator=estimator, estimatorParamMaps=grid, evaluator=RegressionEvaluator(), seed=1)
    best = tuned.fit(line)
    assert best.validationMetrics[0] < 0.5 * best.validationMetrics[1]
    assert largest_error(best.transform(line)) < 1.0


def test_features_are_preprocessed_once_or_in_each_epoch_anew(context: NNContext) -> None:
    pictures = photograph()[: 8 * 6, :12].reshape(6, 8, 12, 3)
    rows = ImageSet.from_arrays(list(pictures), labels=[0.0] * 6, sc=context).to_dataframe(label_type="double")
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((8, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    chain = ChainedPreprocessing([RowToImageFeature(), ImageBrightness(-40, 40), ImageMatToTensor(format="NHWC")])
    estimator = NNEstimator(model, "mse", chain).setOptimMethod(keras.optimizers.SGD(1e-20)).setSeed(4)
    estimator.setFeaturesCol("image").setBatchSize(6).setMaxEpoch(3)
    assert len(set(estimator.fit(rows).history["loss"])) == 1
    fresh = estimator.setCachingSample(False).fit(rows).history["loss"]
    assert len(set(fresh)) == 3
    assert estimator.fit(rows).history["loss"] == fresh
    without_chance = estimator.setFeaturePreprocessing(
        ChainedPreprocessing([RowToImageFeature(), ImageMatToTensor(format="NHWC")])
    )
    losses = without_chance.fit(rows).history["loss"]
    assert losses == pytest.approx(without_chance.setCachingSample(True).fit(rows).history["loss"], rel=1e-6)


def test_several_inputs_can_only_be_preprocessed_once(line: Any) -> None:
    estimator = NNEstimator(linear(), "mse", [Scale(2), Scale(3)]).setFeaturesCol(["a", "b"]).setCachingSample(False)
    with pytest.raises(ArgumentError, match=r"Expected one step or chain with cachingSample=False; received 2"):
        estimator.fit(line)


def test_rows_that_fail_are_told_and_the_others_are_predicted(context: NNContext) -> None:
    schema = "id int, features array<float>"
    frame = context.spark.createDataFrame([(0, [1.0, 2.0]), (1, None), (2, [3.0]), (3, [4.0, 5.0])], schema)
    model = NNModel(linear()).setOnError("null")
    found = model.transform(frame).orderBy("id").collect()
    expected = model.model.predict(np.array([[1, 2], [4, 5]], np.float32), verbose=0)[:, 0]
    assert [found[0].prediction, found[3].prediction] == pytest.approx(expected.tolist(), rel=1e-6)
    assert [row.prediction is None for row in found] == [False, True, True, False]
    assert ["received null" in found[1].prediction_error, found[0].prediction_error] == [True, None]
    classes = NNClassifierModel(linear()).setOnError("null").setPredictionCol("class")
    told = classes.transform(frame).orderBy("id").collect()
    guesses = [None if row.prediction is None else float(row.prediction > 0.5) for row in found]
    assert [row["class"] for row in told] == guesses
    assert [row.rawPrediction is None for row in told] == [False, True, True, False]
    assert [row.class_error is None for row in told] == [True, False, False, True]
