"""Arrays pinned as a FeatureSet come back in the model's structure."""

from __future__ import annotations

import numpy as np
import pytest

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.featureset import FeatureSet


def test_arrays_come_back_in_their_structure(context: NNContext) -> None:
    x = {"wide": np.arange(12.0).reshape(6, 2), "deep": [np.arange(6), ["a", "b", "c", "d", "e", "é"]]}
    y, weight = (np.arange(6), np.ones(6)), np.arange(6) / 2
    data = FeatureSet.from_numpy(x, y, sample_weight=weight, context=context, partitions=4)
    head_x, head_y, weight = data.head(4)
    np.testing.assert_array_equal(head_x["wide"], x["wide"][:4])
    assert head_x["deep"][0].tolist() == [0, 1, 2, 3]
    assert head_x["deep"][1].tolist() == [b"a", b"b", b"c", b"d"]
    assert [values.tolist() for values in head_y] == [[0, 1, 2, 3], [1, 1, 1, 1]]
    assert weight.tolist() == [0, 0.5, 1, 1.5]
    assert (len(data), data.rows, data.context) == (6, 6, context)


def test_a_list_of_numbers_is_one_array(context: NNContext) -> None:
    x, y, weight = FeatureSet.from_numpy([[1, 2], [3, 4]], [0, 1], sample_weight=(1.0, 2.0), context=context).head()
    assert (x.tolist(), y.tolist(), weight.tolist()) == ([[1, 2], [3, 4]], [0, 1], [1, 2])


def test_one_shard_a_slot_by_default(context: NNContext) -> None:
    assert len(FeatureSet.from_numpy(np.zeros((10, 2)), context=context).store.handles) == context.slots


def test_what_it_holds_is_told(context: NNContext) -> None:
    data = FeatureSet.from_numpy(np.zeros((2000, 3)), np.zeros(2000, int), context=context, partitions=2)
    assert repr(data) == "FeatureSet(2,000 rows in 2 shards; x0: float32[3], y0: int64[])"


def test_everything_that_is_wrong_is_told_at_once(context: NNContext) -> None:
    with pytest.raises(ArgumentError) as caught:
        FeatureSet.from_numpy([np.zeros(3), [[1], [2, 3]]], ["a", "b"], context=context, partitions=0)
    for part in ("partitions", "x1: expected rows of one shape", "y0: expected numbers; received", "number of rows"):
        assert part in str(caught.value)


def test_no_rows_are_an_error(context: NNContext) -> None:
    with pytest.raises(ArgumentError, match="at least one row"):
        FeatureSet.from_numpy(np.zeros((0, 3)), context=context)
