"""Numpy data become fields that a model takes, or are refused with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo_lab.core.errors import DataError
from zoo_lab.feature.arrays import as_field, lists_as_arrays


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "float16", "float32"])
def test_a_type_that_models_take_stays(dtype: str) -> None:
    assert as_field("x", np.zeros((2, 3), dtype)).dtype == dtype


def test_float64_becomes_float32() -> None:
    assert as_field("x", [[1.5], [2.5]]).dtype == np.float32


def test_objects_that_are_numbers_or_rows_are_stacked() -> None:
    rows = np.empty(2, object)
    rows[:] = [np.arange(3), [4, 5, 6]]
    assert as_field("x", rows).tolist() == [[0, 1, 2], [4, 5, 6]]
    assert as_field("x", np.array([1, 2.5], object)).dtype == np.float32


def test_strings_are_one_a_row() -> None:
    assert as_field("x", ["a", "é"]).tolist() == ["a", "é"]
    with pytest.raises(DataError, match="one string a row"):
        as_field("x", [["a", "b"]])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (3, "x: expected one value a row"),
        ([[1], [2, 3]], "x: expected rows of one shape"),
        (np.array([1, None], object), "x, row 1: expected a value; received None"),
        (np.array([1j]), "received dtype complex128"),
        (np.array(["2024-01-01"], "datetime64[D]"), "received dtype datetime64"),
    ],
)
def test_what_no_model_takes_is_told(values: Any, told: str) -> None:
    with pytest.raises(DataError) as caught:
        as_field("x", values)
    assert told in str(caught.value)


def test_lists_of_values_are_arrays_and_lists_of_arrays_stay_lists() -> None:
    array = np.arange(2)
    assert lists_as_arrays([1, 2]).tolist() == [1, 2]
    assert lists_as_arrays(("a", "b")).tolist() == ["a", "b"]
    assert lists_as_arrays([[1, 2], [3, 4]]).shape == (2, 2)
    assert lists_as_arrays([[1], [2, 3]]).dtype == object
    assert lists_as_arrays(array) is array
    assert lists_as_arrays(None) is None
    several = lists_as_arrays({"k": [array, [1, 2]]})["k"]
    assert isinstance(several, list)
    assert several[1].tolist() == [1, 2]


@pytest.mark.parametrize("values", [["a", 1], [1, "a"], np.array(["a", 1], dtype=object), ["a", np.float32(2)]])
def test_text_among_numbers_is_refused_rather_than_made_of_them(values):
    with pytest.raises(DataError, match="x, row [01]: expected strings only, as in row [01]; received"):
        as_field("x", lists_as_arrays(values))


@pytest.mark.parametrize("values", [[[[1, 2], [3]], [[1], [2]]], [[1, 2], [3]], [[[1, 2], [3, 4]], [[1, 2]]]])
def test_lists_of_different_lengths_are_told_however_deep_they_are(values):
    with pytest.raises(DataError, match="x: expected rows of one shape"):
        as_field("x", lists_as_arrays(values))
