"""A model as a function of SQL: in queries, and in streams whose every row comes out exactly once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.infer import InferenceModel

_PATIENCE = 60.0


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(6)
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")], name="classes")


@pytest.fixture(scope="module")
def linear() -> Any:
    """Twice the first number plus the second."""
    layer = keras.layers.Dense(1, use_bias=False)
    made = keras.Sequential([keras.Input((2,)), layer])
    layer.set_weights([np.array([[2.0], [1.0]], np.float32)])
    return made


def test_a_registered_function_classifies_images_in_sql(context: NNContext) -> None:
    images = np.random.default_rng(2).integers(0, 256, (6, 4, 5, 3), np.uint8)
    inputs = keras.Input((4, 5, 3))
    outputs = keras.layers.Dense(3, "softmax")(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs)))
    classifier = keras.Model(inputs, outputs)
    words = ["cat", "dog", "owl"]
    rows = [(number, ("", 4, 5, 3, 16, bytearray(image.tobytes()))) for number, image in enumerate(images)]
    struct = "struct<origin:string,height:int,width:int,nChannels:int,mode:int,data:binary>"
    context.spark.createDataFrame(rows, f"id int, image {struct}").createOrReplaceTempView("pictures")
    context.spark.udf.register("classify", InferenceModel(classifier).as_udf(labels=words, context=context))
    context.spark.udf.register("scores", InferenceModel(classifier).as_udf(context=context))
    found = context.spark.sql(
        "SELECT id, classify(image) word, scores(image) scores FROM pictures ORDER BY id"
    ).collect()
    expected = classifier.predict(images, verbose=0)
    assert [row.word for row in found] == [words[best] for best in expected.argmax(axis=1)]
    np.testing.assert_allclose([row.scores for row in found], expected, atol=1e-6)


def test_columns_of_numbers_are_stacked_for_one_input(context: NNContext, linear: Any) -> None:
    double = InferenceModel(linear).as_udf(context=context)
    frame = context.spark.range(5).selectExpr("id", "cast(id as double) / 4 as half")
    found = frame.select(double("id", "half").alias("y")).collect()
    assert [row.y for row in found] == pytest.approx([2 * number + number / 4 for number in range(5)])


def test_a_column_for_each_of_several_inputs(context: NNContext) -> None:
    one, other = keras.Input((2,), name="one"), keras.Input((), name="other")
    model = keras.Model({"one": one, "other": other}, keras.ops.sum(one, axis=1) * other)
    score = InferenceModel(model).as_udf(context=context)
    frame = context.spark.range(4).selectExpr("array(id, 1) a", "id b")
    assert [row[0] for row in frame.select(score("a", "b")).collect()] == [0.0, 2.0, 6.0, 12.0]
    with pytest.raises(Exception, match="Expected 2 arguments, one for each input of the model; received 1"):
        frame.select(score("a")).collect()


def test_a_row_that_fails_ends_the_query_or_is_null_or_has_a_reason(context: NNContext, model: Any) -> None:
    served = InferenceModel(model)
    frame = context.spark.createDataFrame([([0.5, 1.0],), (None,), ([1.0],)], "v array<float>").coalesce(1)
    with pytest.raises(Exception, match="row 1 of partition 0.*received null"):
        frame.select(served.as_udf(context=context)("v")).collect()
    nulls = [row[0] for row in frame.select(served.as_udf(context=context, on_error="null")("v")).collect()]
    assert [value is None for value in nulls] == [False, True, True]
    np.testing.assert_allclose(nulls[0], model.predict(np.array([[0.5, 1.0]], np.float32), verbose=0)[0], atol=1e-6)
    told = frame.select(served.as_udf(context=context, on_error="reason")("v").alias("p")).select("p.*").collect()
    assert [row.error is None for row in told] == [True, False, False]
    assert "received null" in told[1].error


def test_wrong_functions_are_told_all_at_once(context: NNContext, model: Any) -> None:
    with pytest.raises(ArgumentError) as raised:
        InferenceModel(model).as_udf(labels=["a", "b"], batch_size=0, on_error="skip", context=context)
    assert all(text in str(raised.value) for text in ("Expected 3 labels", "batch_size", "on_error"))
    with pytest.raises(ModelError, match="tells them only when it runs"):
        InferenceModel(_called(Own())).as_udf(context=context)


def test_a_file_stream_gives_each_row_once_also_after_a_restart(context: NNContext, model: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(3).normal(size=(80, 2)).astype(np.float32)
    source, sink = tmp_path / "source", tmp_path / "sink"
    context.spark.udf.register("probabilities", InferenceModel(model).as_udf(context=context))

    def add(first: int, last: int) -> None:
        rows = [(row, x[row].tolist()) for row in range(first, last)]
        context.spark.createDataFrame(rows, "id int, v array<float>").coalesce(1).write.mode("append").parquet(
            str(source)
        )

    def start() -> Any:
        stream = context.spark.readStream.schema("id int, v array<float>").option("maxFilesPerTrigger", 1)
        stream.parquet(str(source)).createOrReplaceTempView("arriving")
        predicted = context.spark.sql("SELECT id, probabilities(v) AS p FROM arriving")
        writer = predicted.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "checkpoint"))
        return writer.trigger(processingTime="0 seconds").start(str(sink))

    add(0, 20)
    query = start()
    wait(query, lambda: context.spark.read.parquet(str(sink)).count() == 20)
    add(20, 40)
    add(40, 60)
    query.stop()  # wherever it is: nothing, one or both of the new files are done
    add(60, 80)
    query = start()
    wait(query, lambda: context.spark.read.parquet(str(sink)).count() >= 80)
    query.stop()
    rows = sorted(context.spark.read.parquet(str(sink)).collect(), key=lambda row: row.id)
    assert [row.id for row in rows] == list(range(80))
    np.testing.assert_allclose([row.p for row in rows], model.predict(x, verbose=0), atol=1e-6)


def test_a_rate_stream_goes_on_after_its_last_row(context: NNContext, linear: Any, tmp_path: Path) -> None:
    sink = tmp_path / "sink"
    weigh = InferenceModel(linear).as_udf(context=context)

    def start() -> Any:
        rate = context.spark.readStream.format("rate").option("rowsPerSecond", 200).load()
        weighed = rate.select("value", weigh("value", "value").alias("y"))
        writer = weighed.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "checkpoint"))
        return writer.trigger(processingTime="0 seconds").start(str(sink))

    def count() -> int:
        return context.spark.read.schema("value long, y double").parquet(str(sink)).count() if sink.exists() else 0

    query = start()
    wait(query, lambda: count() > 0)
    query.stop()
    before = count()
    query = start()
    wait(query, lambda: count() > before)
    query.stop()
    rows = sorted(context.spark.read.parquet(str(sink)).collect(), key=lambda row: row.value)
    assert [row.value for row in rows] == list(range(len(rows)))
    # float32 holds whole numbers exactly up to 16 million
    assert [row.y for row in rows] == [3.0 * row.value for row in rows]


def wait(query: Any, done: Any) -> None:
    """Wait until something holds that the running query brings about."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        assert query.isActive, query.exception()
        assert time.monotonic() < deadline, query.lastProgress
        try:
            if done():
                return
        except Exception as error:  # noqa: BLE001 - the sink is not there yet
            if "PATH_NOT_FOUND" not in str(error) and "UNABLE_TO_INFER_SCHEMA" not in str(error):
                raise
        time.sleep(0.1)


def _called(model: Any) -> Any:
    model(np.zeros((1, 2)))
    return model


class Own(keras.Model):
    """A model without a graph."""

    def call(self, inputs: Any) -> Any:
        return inputs
