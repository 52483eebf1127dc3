"""Evaluation past rows that fail: the numbers are Keras' over the others, and each that fails has its reason."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, WorkerError
from zoo_lab.feature import FeatureSet, Preprocessing

CLASSES = 3


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(6)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(CLASSES)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def data(rows: int, bad: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and classes; a class of 7 makes the loss fail."""
    random = np.random.default_rng(3)
    y = random.integers(CLASSES, size=rows)
    y[list(bad)] = 7
    return random.normal(size=(rows, 2)).astype(np.float32), y


def expected(model: Any, x: np.ndarray, y: np.ndarray, bad: tuple[int, ...]) -> dict[str, float]:
    return model.evaluate(np.delete(x, bad, 0), np.delete(y, bad), verbose=0, return_dict=True)


def test_rows_on_which_the_loss_fails_are_left_out_and_told(context: NNContext, model: Any) -> None:
    bad = (0, 17, 18, 99)
    x, y = data(100, bad)
    results, reasons = zoo_lab.evaluate(model, (x, y), batch_size=16, context=context, on_error="null")
    assert results == pytest.approx(expected(model, x, y, bad), rel=1e-5)
    assert [reason.split(":")[0] for reason in reasons] == [f"Row {row} (counted from 0)" for row in bad]
    assert all("Received a label value of 7" in reason for reason in reasons)


def test_without_failing_rows_the_numbers_are_those_of_a_strict_evaluation(context: NNContext, model: Any) -> None:
    pinned = FeatureSet.from_numpy(*data(50), context=context)
    results, reasons = zoo_lab.evaluate(model, pinned, batch_size=16, on_error="null")
    assert (results, reasons) == (zoo_lab.evaluate(model, pinned, batch_size=16), [])
    pinned.unpersist()


def test_rows_of_a_data_frame_that_cannot_be_read_are_left_out_too(context: NNContext, model: Any) -> None:
    x, y = data(40, (21,))
    rows: list[Any] = [([float(value) for value in row], int(label)) for row, label in zip(x, y, strict=True)]
    rows[5], rows[30] = (None, 1), ([1.0], 1)
    frame = context.spark.createDataFrame(rows, "v array<float>, y int").coalesce(1)
    results, reasons = zoo_lab.evaluate(model, frame, feature_cols="v", label_cols="y", on_error="null")
    assert results == pytest.approx(expected(model, x, y, (5, 21, 30)), rel=1e-5)
    assert reasons[0].startswith("Column 'v', row 5 of partition 0 (counted from 0): expected a value; received null.")
    assert "row 30 of partition 0" in reasons[1] and "shape (1,)" in reasons[1]
    assert "Received a label value of 7" in reasons[2]


class Refuse(Preprocessing):
    """Fails on rows that hold a number."""

    def __init__(self, number: float) -> None:
        self.number = number

    def __call__(self, value: Any) -> Any:
        if self.number in value:
            raise ValueError("not this one")
        return value


def test_rows_on_which_the_chain_fails_are_left_out(context: NNContext, model: Any) -> None:
    x, y = data(20)
    pinned = FeatureSet.from_numpy(x, y, context=context)
    results, reasons = zoo_lab.evaluate(model, pinned.transform(Refuse(x[4, 0])), on_error="null")
    pinned.unpersist()
    assert results == pytest.approx(expected(model, x, y, (4,)), rel=1e-5)
    assert [reason.split(":")[0] for reason in reasons] == ["Row 4 (counted from 0)"]
    assert "not this one" in reasons[0]


def test_where_all_rows_fail_the_first_is_named(context: NNContext, model: Any) -> None:
    x, y = data(6, tuple(range(6)))
    with pytest.raises(DataError, match=r"expected a row that works; all 6 fail. The first: Row 0"):
        zoo_lab.evaluate(model, (x, y), context=context, on_error="null")


def test_a_strict_evaluation_ends_with_the_failing_row(context: NNContext, model: Any) -> None:
    with pytest.raises(WorkerError, match="Received a label value of 7"):
        zoo_lab.evaluate(model, data(6, (3,)), context=context)


def test_a_policy_that_is_none_is_refused(model: Any) -> None:
    with pytest.raises(ArgumentError, match="on_error"):
        zoo_lab.evaluate(model, data(6), on_error="skip")
