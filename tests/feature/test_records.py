"""Records become blocks of fields in the structure of the first; each that differs is told by value and row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.ml.linalg import Vectors
from pyspark.sql import Row

from zoo_lab.core.errors import DataError
from zoo_lab.feature.records import RecordReader
from zoo_lab.feature.structure import Structure


def _read(records: list[Any]) -> tuple[Structure | None, dict[str, np.ndarray]]:
    reader = RecordReader(partition=2)
    blocks = list(reader.blocks(iter(records)))
    return reader.structure, {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _arrays(count: int, shape: tuple[int, ...] = (3,), dtype: str = "float32") -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 100, (count, *shape)).astype(dtype))


def test_no_records_make_no_blocks() -> None:
    reader = RecordReader(0)
    assert list(reader.blocks(iter([]))) == []
    assert reader.structure is None


def test_pairs_of_array_and_number() -> None:
    xs = _arrays(20_000)
    structure, fields = _read([(x, label % 3) for label, x in enumerate(xs)])
    assert structure == Structure("x", "y")
    np.testing.assert_array_equal(fields["x"], xs)
    assert fields["y"].tolist() == [label % 3 for label in range(20_000)]
    assert (fields["x"].dtype, fields["y"].dtype) == (np.float32, np.int64)


def test_a_large_record_is_a_block_of_its_own() -> None:
    blocks = list(RecordReader(0).blocks((np.zeros(5 << 20, "float32"), 0) for _ in range(3)))
    assert [block["x"].shape for block in blocks] == [(1, 5 << 20)] * 3


@pytest.mark.parametrize(
    ("record", "structure"),
    [
        (np.zeros(2), Structure("x")),
        (1.5, Structure("x")),
        ([1.0, 2.0], Structure("x")),
        ([[1, 2], [3, 4]], Structure("x")),
        ([np.zeros(2), np.zeros(3)], Structure(["x[0]", "x[1]"])),
        (((np.zeros(2), 1), 0), Structure(["x[0]", "x[1]"], "y")),
        (({"user": 1, "item": 2}, 0), Structure({"user": "x['user']", "item": "x['item']"}, "y")),
        (({"a": [np.zeros(1), "text"]}, [1.0, 0.0]), Structure({"a": ["x['a'][0]", "x['a'][1]"]}, "y")),
        ((np.zeros(2), 1, 0.5), Structure("x", "y", "sample_weight")),
        ((np.zeros(2), None), Structure("x")),
        (([1, 2], [np.zeros(1), np.zeros(2)], [1.0, 2.0]), Structure("x", ["y[0]", "y[1]"], "sample_weight")),
        (("text", 1), Structure("x", "y")),
        ((Vectors.dense([1, 2]), 1), Structure("x", "y")),
        (([Vectors.dense([1]), Vectors.sparse(2, {})], 1), Structure(["x[0]", "x[1]"], "y")),
    ],
)
def test_the_structure_is_that_of_the_first_record(record: Any, structure: Structure) -> None:
    found, fields = _read([record] * 3)
    assert found == structure
    assert list(fields) == structure.fields()
    assert {len(values) for values in fields.values()} == {3}


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([True, False], "bool"),
        ([1.5, 2], "float32"),
        ([np.float64(1.5), 2], "float32"),
        ([np.int32(1), 2], "int32"),
        ([np.uint8(200), np.uint8(3)], "uint8"),
        ([[1, 2], (3, 4)], "int64"),
        ([np.zeros((2, 2), "int8"), np.ones((2, 2), "int8")], "int8"),
        ([np.zeros(2, "float16"), np.ones(2, "float64")], "float16"),
        ([np.array(5), 6], "int64"),
        ([np.zeros(0), np.zeros(0)], "float32"),
        ([1.0, float("nan")], "float32"),
    ],
)
def test_the_type_is_that_of_the_first_record(values: list[Any], dtype: str) -> None:
    result = _read([(value, 0) for value in values])[1]["x"]
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, np.array([np.asarray(value) for value in values]).astype(dtype))


def test_vectors_of_both_kinds_are_arrays() -> None:
    result = _read([(Vectors.dense([1, 0, 2]), 0), (Vectors.sparse(3, {1: 5.0}), 1)])[1]["x"]
    assert result.dtype == np.float32
    assert result.tolist() == [[1, 0, 2], [0, 5, 0]]


def test_strings_keep_their_text() -> None:
    assert _read([({"t": "é", "n": 1}, 0), ({"t": b"b", "n": 2}, 0)])[1]["x['t']"].tolist() == ["é", b"b"]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ((np.zeros(3), 0), (np.zeros(2), 0), ["Value x, row 5", "shape (3,) as in", "received shape (2,)", "Pad"]),
        (([1, 2], 0), ([1, 2, 3], 0), ["Value x, row 5", "shape (2,)", "received shape (3,)"]),
        (([[1], [2]], 0), ([[1], [2, 3]], 0), ["Value x, row 5", "lists of different lengths"]),
        ((1, 0), (None, 0), ["Value x, row 5", "received None", "Fill or drop"]),
        ((1, 0), ("a", 0), ["Value x, row 5", "expected numbers; received 'a' of type str"]),
        ((1, 0), (Decimal(1), 0), ["Value x, row 5", "received Decimal('1')"]),
        ((1, 0), (1, 0.5), ["Value y, row 5", "expected int64 as in the first record; received 0.5", "numpy.float32"]),
        ((np.uint8(1), 0), (300, 0), ["Value x, row 5", "expected uint8", "300", "numpy.int64"]),
        (("a", 0), (None, 0), ["Value x, row 5", "expected a string", "received None"]),
        (({"a": 1}, 0), ({"b": 1}, 0), ["Value x, row 5", "keys ['a']", "keys ['b']", "same form"]),
        (({"a": 1}, 0), (7, 0), ["Value x, row 5", "keys ['a']", "received a int"]),
        (([np.zeros(1), "a"], 0), ([np.zeros(1)], 0), ["Value x, row 5", "a list of 2 values", "received a list of 1"]),
        ((1, 0), (1, 0, 2.0), ["Value sample_weight, row 5", "expected no value", "received a float"]),
        ((1, 0), (1, None), ["Value y, row 5", "received None"]),
    ],
)
def test_a_record_that_differs_is_told_by_value_and_row(good: Any, bad: Any, told: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        _read([good] * 5 + [bad, good])
    message = str(caught.value)
    assert "of partition 2" in message
    for part in told:
        assert part in message


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ((1, "setosa"), "Value y, row 0 of partition 2 (counted from 0): expected a number; received 'setosa'."),
        ((None, 0), "with a value for x; received (None, "),
        ((None, None), "with a value for x; received (None, "),
        ((object(), 1), "expected numbers; received <object object"),
        (Row(a=1, b=2), "FeatureSet.from_dataframe(df"),
        ((1 + 2j, 1), "expected numbers; received (1+2j)"),
    ],
)
def test_a_first_record_that_cannot_be_used_is_told(record: Any, told: str) -> None:
    with pytest.raises(DataError) as caught:
        _read([record])
    assert told in str(caught.value)
