"""Rows that fail: "raise" names the first, "null" keeps order and number and gives each its reason."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, WorkerError

BAD = 7.0


@keras.saving.register_keras_serializable(package="tests")
class Refusing(keras.layers.Layer):
    """Fails on every row that holds a 7, as a model's own assertion would."""

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf

        refused = tf.debugging.assert_none_equal(inputs, BAD, message="no sevens")
        with tf.control_dependencies([refused]):
            return tf.identity(inputs)


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(5)
    return keras.Sequential([keras.Input((2,)), Refusing(), keras.layers.Dense(3)])


def numbers(rows: int, bad: tuple[int, ...]) -> np.ndarray:
    x = np.random.default_rng(4).normal(size=(rows, 2)).astype(np.float32)
    x[list(bad), 0] = BAD
    return x


def expected(model: Any, x: np.ndarray, good: list[int]) -> np.ndarray:
    return model.predict(x[good], verbose=0)


def test_a_data_frame_keeps_its_rows_and_tells_the_reasons(context: NNContext, model: Any) -> None:
    x = numbers(60, (3, 40))
    rows = [(row, [float(value) for value in x[row]]) for row in range(60)]
    rows[10] = (10, None)
    rows[11] = (11, [1.0])
    rows[12] = (12, [1.0, None])
    frame = context.spark.createDataFrame(rows, "id int, v array<float>").repartitionByRange(3, "id")
    frame = frame.union(frame.filter("id < 0"))  # and partitions without rows
    predicted = zoo_lab.predict(model, frame, feature_cols="v", batch_size=16, on_error="null")
    assert predicted.columns == ["id", "v", "prediction", "prediction_error"]
    found = predicted.collect()
    assert [row.id for row in found] == list(range(60))
    failed = {row.id: row.prediction_error for row in found if row.prediction_error is not None}
    assert sorted(failed) == [3, 10, 11, 12, 40]
    assert [row.id for row in found if row.prediction is None] == sorted(failed)
    assert "no sevens" in failed[3]
    assert failed[10] == "Column 'v': expected a value; received null."
    assert "null" in failed[12]
    assert "row 12 of partition 0" in failed[12]
    good = [row for row in range(60) if row not in failed]
    np.testing.assert_allclose([found[row].prediction for row in good], expected(model, x, good), atol=1e-6)


def test_a_filter_on_the_reason_finds_the_failing_rows_with_one_evaluation(context: NNContext, model: Any) -> None:
    frame = context.spark.createDataFrame([(1.0, 2.0), (None, 2.0)], "a double, b double")
    predicted = zoo_lab.predict(model, frame, feature_cols=["a", "b"], prediction_col="p", on_error="null")
    failed = predicted.filter("p_error is not null")
    assert failed._jdf.queryExecution().executedPlan().toString().count("ArrowEvalPython") == 1
    assert [row.a for row in failed.collect()] == [None]


def test_a_data_frame_of_failing_rows_only_gives_nulls_only(context: NNContext, model: Any) -> None:
    frame = context.spark.createDataFrame([(None,), (None,)], "v array<float>").coalesce(1)
    predicted = zoo_lab.predict(model, frame, feature_cols="v", on_error="null")
    assert [row.prediction for row in predicted.collect()] == [None, None]


def test_the_column_of_reasons_must_be_free(context: NNContext, model: Any) -> None:
    frame = context.spark.createDataFrame([([1.0, 2.0], "x")], "v array<float>, prediction_error string")
    with pytest.raises(ArgumentError, match="Expected no column 'prediction_error'"):
        zoo_lab.predict(model, frame, feature_cols="v", on_error="null")


def test_an_rdd_gives_pairs_of_output_and_reason(context: NNContext, model: Any) -> None:
    x = numbers(30, (0, 21))
    records = [*x]
    records[5] = None
    records[6] = "six"
    rdd = context.sc.parallelize(records, 3).union(context.sc.emptyRDD())
    found = zoo_lab.predict(model, rdd, batch_size=8, on_error="null").collect()
    failed = {row: why for row, (_, why) in enumerate(found) if why is not None}
    assert sorted(failed) == [0, 5, 6, 21]
    assert "no sevens" in failed[21]
    assert "record" in failed[5]
    assert all((output is None) == (row in failed) for row, (output, _) in enumerate(found))
    good = [row for row in range(30) if row not in failed]
    np.testing.assert_allclose([found[row][0] for row in good], expected(model, x, good), atol=1e-6)


def test_arrays_come_with_their_reasons(context: NNContext, model: Any) -> None:
    x = numbers(50, (2, 49))
    outputs, reasons = zoo_lab.predict(model, x, batch_size=8, context=context, on_error="null")
    assert [row for row in range(50) if reasons[row] is not None] == [2, 49]
    assert np.isnan(outputs[[2, 49]]).all()
    good = [row for row in range(50) if row not in (2, 49)]
    np.testing.assert_allclose(outputs[good], expected(model, x, good), atol=1e-6)
    fine, none = zoo_lab.predict(model, x[3:10], context=context, on_error="null")
    np.testing.assert_allclose(fine, expected(model, x, list(range(3, 10))), atol=1e-6)
    assert none.tolist() == [None] * 7


def test_arrays_of_failing_rows_only_are_an_error(context: NNContext, model: Any) -> None:
    with pytest.raises(DataError, match="all 2 fail.*no sevens"):
        zoo_lab.predict(model, np.full((2, 2), BAD, np.float32), context=context, on_error="null")


def test_raise_ends_with_the_error_of_the_row(context: NNContext, model: Any) -> None:
    x = numbers(20, (11,))
    with pytest.raises(WorkerError, match="no sevens"):
        zoo_lab.predict(model, x, context=context)
    with pytest.raises(Exception, match="no sevens"):
        zoo_lab.predict(model, context.sc.parallelize([*x], 2)).collect()
    with pytest.raises(ArgumentError, match="on_error"):
        zoo_lab.predict(model, x, on_error="skip")
