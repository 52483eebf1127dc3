"""`zoo_lab.predict` on every kind of data gives the numbers of Keras' own predict, row for row."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.feature import Scale
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.infer.modelcopy import ModelParcel, copy_of


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(3)
    layers = [keras.Input((4,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(3, "softmax")]
    return keras.Sequential(layers)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(103, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def frame(context: NNContext, x: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The rows of `x` as a DataFrame with columns id, vector, a, b, c, d in seven partitions, some of them empty."""
    import pandas

    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    columns = {name: x[:, position] for position, name in enumerate("abcd")}
    pandas.DataFrame({"id": range(len(x)), "vector": list(x), **columns}).to_parquet(path)
    rows = context.spark.read.parquet(str(path))
    first, last = rows.filter("id < 50").repartition(3), rows.filter("id >= 50").repartition(3)
    yield first.union(rows.filter("id < 0")).union(last)


def by_id(predicted: Any, column: str = "prediction") -> np.ndarray:
    rows = sorted(predicted.select("id", column).collect(), key=lambda row: row.id)
    return np.array([row[column] for row in rows])


def assert_equal(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("batch_size", [7, 32, 500])
def test_arrays_keep_their_order_whatever_the_batch_size(
    context: NNContext, model: Any, x: np.ndarray, batch_size: int
) -> None:
    found = zoo_lab.predict(model, x, batch_size=batch_size, context=context)
    assert found.shape == (103, 3)
    assert_equal(found, model.predict(x, verbose=0))


def test_a_feature_set_in_many_shards_keeps_its_order_and_its_shards(
    context: NNContext, model: Any, x: np.ndarray
) -> None:
    pinned = FeatureSet.from_numpy(x, np.zeros(103), context=context, partitions=5)
    for _ in range(2):
        assert_equal(zoo_lab.predict(model, pinned, batch_size=10), model.predict(x, verbose=0))
    pinned.unpersist()


def test_fewer_rows_than_workers_are_fine(context: NNContext, model: Any, x: np.ndarray) -> None:
    assert_equal(zoo_lab.predict(model, x[:1], context=context), model.predict(x[:1], verbose=0))


def test_the_targets_of_a_tuple_are_left_out(context: NNContext, model: Any, x: np.ndarray) -> None:
    assert_equal(zoo_lab.predict(model, (x, np.zeros(103)), context=context), model.predict(x, verbose=0))


def test_several_inputs_and_outputs_come_as_keras_gives_them(context: NNContext, x: np.ndarray) -> None:
    one, other = keras.Input((4,), name="one"), keras.Input((), dtype="int32", name="other")
    joined = keras.layers.Concatenate()([one, keras.layers.Embedding(9, 2)(other)])
    outputs = {"sum": keras.layers.Dense(1)(joined), "pair": keras.layers.Dense(2)(joined)}
    two = keras.Model({"one": one, "other": other}, outputs)
    data = {"one": x, "other": np.arange(103) % 9}
    found, expected = zoo_lab.predict(two, data, context=context), two.predict(data, verbose=0)
    assert list(found) == list(expected)
    for name in expected:
        assert_equal(found[name], expected[name])


def test_a_subclassed_model_that_was_never_compiled_predicts(context: NNContext, x: np.ndarray) -> None:
    own = OwnModel(units=2)
    found = zoo_lab.predict(own, x, context=context)
    expected = own.predict(x, verbose=0)
    assert isinstance(found, list)
    assert [part.shape for part in found] == [(103, 2), (103,)]
    for one, other in zip(found, expected, strict=True):
        assert_equal(one, other)


def test_a_compiled_model_predicts_without_its_loss(context: NNContext, x: np.ndarray) -> None:
    own = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    own.compile("sgd", loss=_unused_loss)
    assert_equal(zoo_lab.predict(own, x, context=context), own.predict(x, verbose=0))


def test_what_layers_learned_beside_their_weights_reaches_the_workers(context: NNContext, x: np.ndarray) -> None:
    normalization, bins = keras.layers.Normalization(), keras.layers.Discretization(num_bins=4)
    normalization.adapt(3 * x + 1)
    bins.adapt(x)
    inputs = keras.Input((4,))
    both = keras.Model(inputs, [normalization(inputs), bins(inputs)])
    for found, expected in zip(zoo_lab.predict(both, x, context=context), both.predict(x, verbose=0), strict=True):
        assert_equal(found, expected)


def test_a_data_frame_gets_a_column_and_keeps_the_others(model: Any, frame: Any, x: np.ndarray) -> None:
    predicted = zoo_lab.predict(model, frame, feature_cols="vector", batch_size=8)
    assert predicted.columns == [*frame.columns, "prediction"]
    assert predicted.schema["prediction"].dataType.simpleString() == "array<float>"
    assert predicted.select(*frame.columns).exceptAll(frame).count() == 0
    assert_equal(by_id(predicted), model.predict(x, verbose=0))


def test_scalar_columns_are_stacked_and_one_output_a_row_is_a_number(frame: Any, x: np.ndarray) -> None:
    single = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    predicted = zoo_lab.predict(single, frame, feature_cols=["a", "b", "c", "d"], prediction_col="score")
    assert predicted.schema["score"].dataType.simpleString() == "double"
    assert_equal(by_id(predicted, "score"), single.predict(x, verbose=0)[:, 0])


def test_a_filter_on_the_prediction_leaves_one_evaluation_of_the_model(model: Any, frame: Any) -> None:
    predicted = zoo_lab.predict(model, frame, feature_cols="vector")
    likely = predicted.filter("prediction[0] > 0.5")
    plan = likely._jdf.queryExecution().executedPlan().toString()
    assert plan.count("ArrowEvalPython") == 1
    assert 0 < likely.count() < 103


def test_a_data_frame_without_rows_gives_none(model: Any, frame: Any) -> None:
    assert zoo_lab.predict(model, frame.filter("id < 0"), feature_cols="vector").collect() == []


def test_several_outputs_make_a_struct_also_for_a_model_without_a_graph(frame: Any, x: np.ndarray) -> None:
    own = OwnModel(units=2)
    expected = own.predict(x, verbose=0)
    predicted = zoo_lab.predict(own, frame, feature_cols="vector")
    kind = predicted.schema["prediction"].dataType.simpleString()
    assert kind == "struct<output_0:array<float>,output_1:double>"
    assert_equal(by_id(predicted.selectExpr("id", "prediction.output_1 prediction")), expected[1])


def test_strings_go_through_the_models_own_vocabulary(context: NNContext) -> None:
    lookup = keras.layers.StringLookup()
    lookup.adapt(np.array(["red", "green", "green"]))
    inputs = keras.Input((), dtype="string")
    words = keras.Model(inputs, lookup(inputs))
    colour = "element_at(array('green', 'red', 'blue'), cast(id % 3 + 1 as int)) s"
    colours = context.spark.range(6).selectExpr("id", colour)
    predicted = zoo_lab.predict(words, colours, feature_cols="s")
    assert predicted.schema["prediction"].dataType.simpleString() == "bigint"
    assert by_id(predicted).tolist() == [1, 2, 0, 1, 2, 0]


def test_an_image_sized_output_stays_nested(context: NNContext) -> None:
    inputs = keras.Input((4, 6, 1))
    convolution = keras.Model(inputs, keras.layers.Conv2D(2, 3, padding="same")(inputs))
    images = np.random.default_rng(1).normal(size=(5, 4, 6, 1)).astype(np.float32)
    rows = context.spark.createDataFrame(list(enumerate(images.tolist())), "id int, image array<array<array<float>>>")
    predicted = zoo_lab.predict(convolution, rows, feature_cols="image")
    assert predicted.schema["prediction"].dataType.simpleString() == "array<array<array<float>>>"
    np.testing.assert_allclose(by_id(predicted), convolution.predict(images, verbose=0), atol=1e-5)


def test_a_stream_gets_its_predictions_as_it_flows(context: NNContext, model: Any) -> None:
    spark = context.spark
    numbers = spark.readStream.format("rate").option("rowsPerSecond", 50).load()
    vectors = numbers.selectExpr("value", "array(value / 100, 0D, 0D, 0D) vector")
    predicted = zoo_lab.predict(model, vectors, feature_cols="vector")
    query = predicted.writeStream.format("memory").queryName("predicted").trigger(processingTime="0 seconds").start()
    try:
        while not query.recentProgress or spark.table("predicted").count() == 0:
            assert query.isActive, query.exception()
            query.awaitTermination(1)
    finally:
        query.stop()
    row = spark.table("predicted").first()
    expected = model.predict(np.array([[row["value"] / 100, 0, 0, 0]], np.float32), verbose=0)[0]
    np.testing.assert_allclose(row["prediction"], expected, atol=1e-5)


def test_an_rdd_keeps_its_partitions_and_its_order(context: NNContext, model: Any, x: np.ndarray) -> None:
    rdd = context.sc.parallelize([*x], 4).union(context.sc.emptyRDD())
    predicted = zoo_lab.predict(model, rdd, batch_size=9)
    assert predicted.getNumPartitions() == rdd.getNumPartitions()
    assert_equal(np.array(predicted.collect()), model.predict(x, verbose=0))


def test_weights_that_change_later_do_not_change_a_lazy_prediction(context: NNContext, x: np.ndarray) -> None:
    single = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    expected = single.predict(x, verbose=0)
    predicted = zoo_lab.predict(single, context.sc.parallelize([*x], 2))
    single.set_weights([weight * 0 for weight in single.get_weights()])
    assert_equal(np.array(predicted.collect()), expected)


def test_workers_load_a_model_once_for_all_partitions(context: NNContext, model: Any) -> None:
    parcel = context.sc.broadcast(ModelParcel.of(model, 1))
    rdd = context.sc.parallelize(range(12), 12).mapPartitions(functools.partial(_copy_in_this_process, parcel))
    found = {*rdd.collect(), *rdd.collect()}
    assert len(found) == len({process for process, _copy in found})


def test_the_same_model_is_the_same_for_workers_until_its_weights_change(model: Any) -> None:
    key = ModelParcel.of(model, 1).key
    assert ModelParcel.of(model, 1).key == key
    other = keras.models.clone_model(model)
    other.set_weights([weight + 1 for weight in model.get_weights()])
    assert ModelParcel.of(other, 1).key != key


def test_new_weights_reach_workers_that_know_the_model(context: NNContext, x: np.ndarray) -> None:
    single = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    for _ in range(3):
        assert_equal(zoo_lab.predict(single, x, context=context), single.predict(x, verbose=0))
        single.set_weights([weight + 1 for weight in single.get_weights()])


def test_wrong_arguments_are_told_all_at_once(context: NNContext, frame: Any) -> None:
    with pytest.raises(ArgumentError) as raised:
        zoo_lab.predict("model", np.zeros((2, 4)), batch_size=0, prediction_col="")
    assert all(text in str(raised.value) for text in ("keras.Model", "batch_size", "prediction_col"))


def test_wrong_columns_are_told_with_near_misses(model: Any, frame: Any) -> None:
    with pytest.raises(ArgumentError, match="predict: .*no column 'vektor'. Did you mean 'vector'"):
        zoo_lab.predict(model, frame, feature_cols="vektor")
    with pytest.raises(ArgumentError, match="Name the columns to predict from"):
        zoo_lab.predict(model, frame)
    with pytest.raises(ArgumentError, match="Expected no column 'id'"):
        zoo_lab.predict(model, frame, feature_cols="vector", prediction_col="id")
    with pytest.raises(ArgumentError, match="a DataFrame with preprocessing; received ndarray"):
        zoo_lab.predict(model, np.zeros((2, 4)), preprocessing=Scale(2))


def test_a_model_without_weights_is_refused_where_every_worker_would_draw_its_own(frame: Any) -> None:
    empty = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(ModelError, match="is not built"):
        zoo_lab.predict(empty, frame, feature_cols="vector")


def test_a_null_is_told_with_column_row_and_repair(context: NNContext, model: Any) -> None:
    rows = context.spark.createDataFrame([([1.0, 2.0, 3.0, 4.0],), (None,)], "vector array<double>").coalesce(1)
    with pytest.raises(Exception, match="Column 'vector', row 1 of partition 0.*received null"):
        zoo_lab.predict(model, rows, feature_cols="vector").collect()


def _copy_in_this_process(parcel: Any, rows: Any) -> Iterator[tuple[int, int]]:
    for _ in rows:
        pass
    yield os.getpid(), id(copy_of(parcel))


def _unused_loss(y: Any, y_pred: Any) -> Any:
    raise NotImplementedError


class OwnModel(keras.Model):
    """Gives a list: some units, and the row's mean."""

    def __init__(self, units: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.units = units
        self.dense = keras.layers.Dense(units)

    def call(self, inputs: Any) -> list[Any]:
        return [self.dense(inputs), keras.ops.mean(inputs, axis=-1)]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
