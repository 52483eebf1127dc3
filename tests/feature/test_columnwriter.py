"""Arrow batches become blocks of bounded size, also where sparse vectors make many bytes of few."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from zoo_lab.core.errors import DataError
from zoo_lab.feature.columnplan import FieldPlan
from zoo_lab.feature.columns import MOST_SPARSE_VALUES
from zoo_lab.feature.columnwriter import BLOCK_BYTES, ColumnWriter

_VECTOR = pa.struct(
    [("type", pa.int8()), ("size", pa.int32()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))]
)
_WRITER = ColumnWriter(None, (FieldPlan("v", ("v",)), FieldPlan("n", ("n",))), ["v", "n"])


def batch(size: int, rows: int) -> pa.RecordBatch:
    vectors = [{"type": 0, "size": size, "indices": [row, size - 1], "values": [1.0, row]} for row in range(rows)]
    return pa.RecordBatch.from_arrays([pa.array(vectors, _VECTOR), pa.array(np.arange(rows))], ["v", "n"])


def test_a_batch_of_wide_sparse_vectors_comes_in_parts_of_a_few_megabytes() -> None:
    size, rows = 1 << 18, 40  # 42 MB as arrays
    blocks = list(_WRITER.blocks(0, [batch(size, 3), batch(size, rows)]))
    assert all(block["v"].nbytes <= BLOCK_BYTES for block in blocks)
    assert [len(block["v"]) for block in blocks] == [3, 16, 16, 8]
    assert np.concatenate([block["n"] for block in blocks]).tolist() == [*range(3), *range(rows)]
    last = blocks[-1]["v"][-1]
    assert np.flatnonzero(last).tolist() == [rows - 1, size - 1]
    assert last[[rows - 1, size - 1]].tolist() == [1.0, rows - 1]


def test_other_batches_and_empty_ones_stay_as_they_are() -> None:
    assert [len(block["v"]) for block in _WRITER.blocks(0, [batch(4, 3), batch(4, 0), batch(4, 2)])] == [3, 2]


def test_vectors_too_wide_to_be_kept_with_their_zeros_are_refused_with_a_repair() -> None:
    with pytest.raises(DataError, match=r"row 0 of partition 5.*at most 4,194,304 values.*4,194,305.*HashingTF"):
        list(_WRITER.blocks(5, [batch(MOST_SPARSE_VALUES + 1, 2)]))
