"""Steps give new values, chain in order, travel by pickle and name the row that does not fit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from pyspark.ml.linalg import Vectors

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing, Scale, SeqToTensor, preprocess

STEPS = [SeqToTensor(), SeqToTensor([2, 2]), Scale(0.5, 1), ChainedPreprocessing([SeqToTensor([4, 1]), Scale(2)])]


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_steps_travel_repeat_and_leave_their_input_alone(step: Preprocessing) -> None:
    value = np.arange(4, dtype=np.float32)
    first = step(value)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(step))(value), first)
    np.testing.assert_array_equal(step(value), first)
    first += 1
    np.testing.assert_array_equal(value, np.arange(4))
    assert first.dtype == np.float32


def test_a_chain_runs_in_order() -> None:
    assert ChainedPreprocessing([Scale(2), Scale(1, 3)])(1.0) == 5
    assert ChainedPreprocessing([Scale(1, 3), Scale(2)])(1.0) == 8


@pytest.mark.parametrize("value", [[1, 2, 3, 4], (1, 2, 3, 4), Vectors.dense(1, 2, 3, 4), np.arange(1, 5)], ids=str)
def test_lists_vectors_and_arrays_get_a_shape(value: Any) -> None:
    assert SeqToTensor([2, 2])(value).tolist() == [[1, 2], [3, 4]]


def test_a_number_stays_a_number() -> None:
    assert SeqToTensor()(3).shape == ()


def test_rows_are_stacked() -> None:
    assert preprocess(np.ones((5, 4)), SeqToTensor([2, 2])).shape == (5, 2, 2)
    assert len(preprocess([], Scale())) == 0


def test_the_row_with_another_shape_is_named() -> None:
    with pytest.raises(DataError, match=r"row 1: expected shape \(2,\) as in row 0; received \(3,\)"):
        preprocess([[1, 2], [1, 2, 3]], SeqToTensor())
    with pytest.raises(DataError, match="expected 4 items"):
        SeqToTensor([2, 2])([1, 2, 3])


def test_wrong_steps_are_told_at_once() -> None:
    with pytest.raises(ArgumentError, match="at least one step"):
        ChainedPreprocessing([])
    with pytest.raises(ArgumentError, match="step 1 to be a Preprocessing; received function"):
        ChainedPreprocessing([Scale(), lambda value: value])
    with pytest.raises(ArgumentError, match=r"size\[1\]"):
        SeqToTensor([2, 0])


def test_a_chain_runs_on_the_workers(context: NNContext) -> None:
    chain = ChainedPreprocessing([SeqToTensor([2, 1]), Scale(10)])
    rows = context.sc.parallelize([[1, 2], [3, 4]], 2).map(chain).collect()
    assert np.array(rows).tolist() == [[[10], [20]], [[30], [40]]]
