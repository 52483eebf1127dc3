"""Shard files give back what was written, whatever the types, blocks and row numbers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from zoo_lab.context.shardfile import STRING, FieldSpec, Shard, ShardHandle, ShardWriter
from zoo_lab.core.errors import DataError

_TYPES = ["bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"]
_TEXTS = ["", "plain", "naïve café", "日本語", "🦓 zoo", "with\0zero\0", "line\nbreak", "x" * 10_000, ""]


def _written(folder: Path, *blocks: dict[str, np.ndarray]) -> ShardHandle:
    writer = ShardWriter(folder, index=0)
    for block in blocks:
        writer.append(block)
    return writer.close()


def _texts(values: list[str | bytes]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize("dtype", _TYPES)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (4, 1, 2)])
def test_numbers_of_every_type_and_rank_come_back(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 100, (7, *shape)).astype(dtype)
    handle = _written(tmp_path, {"x": values[:2]}, {"x": values[2:2]}, {"x": values[2:]})
    assert (handle.rows, handle.fields) == (7, (FieldSpec("x", values.dtype.str, shape),))
    taken = Shard(handle).take("x", slice(None))
    assert taken.dtype == values.dtype
    np.testing.assert_array_equal(taken, values)


def test_taking_rows_agrees_with_numpy_indexing(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    numbers = random.normal(size=(len(_TEXTS), 3)).astype("float32")
    texts = _texts(_TEXTS)
    expected = _texts([text.encode() for text in _TEXTS])
    shard = Shard(_written(tmp_path, {"n": numbers[:4], "s": texts[:4]}, {"n": numbers[4:], "s": texts[4:]}))
    choices = [random.integers(-len(_TEXTS), len(_TEXTS), size) for size in (0, 1, 2, 5, 40)]
    slices = [slice(a, b, step) for a in (None, 0, 2, -3) for b in (None, 0, 5, 100) for step in (None, 2, -1)]
    for rows in [*choices, *slices]:
        np.testing.assert_array_equal(shard.take("n", rows), numbers[rows])
        assert shard.take("s", rows).tolist() == expected[rows].tolist()


def test_what_is_taken_is_a_copy_that_may_be_changed(tmp_path: Path) -> None:
    shard = Shard(_written(tmp_path, {"x": np.arange(4)}))
    for rows in (slice(None), np.array([0, 1, 2, 3])):
        shard.take("x", rows)[:] = -1
    assert shard.take("x", slice(None)).tolist() == [0, 1, 2, 3]


def test_row_numbers_outside_the_shard_are_refused(tmp_path: Path) -> None:
    shard = Shard(_written(tmp_path, {"x": np.arange(4), "s": _texts(list("abcd"))}))
    for field in ("x", "s"):
        with pytest.raises(IndexError):
            shard.take(field, np.array([4]))


def test_strings_and_bytes_of_numpy_types_are_strings_too(tmp_path: Path) -> None:
    handle = _written(tmp_path, {"u": np.array(["é", "bc"]), "s": np.array([b"\xff", b"yz"])})
    assert {spec.dtype for spec in handle.fields} == {STRING}
    assert Shard(handle).take("u", slice(None)).tolist() == ["é".encode(), b"bc"]
    assert Shard(handle).take("s", slice(None)).tolist() == [b"\xff", b"yz"]


def test_only_empty_strings_make_a_shard(tmp_path: Path) -> None:
    shard = Shard(_written(tmp_path, {"s": _texts(["", ""])}))
    assert shard.take("s", np.array([1, 0, 1])).tolist() == [b"", b"", b""]


def test_rows_of_size_zero_keep_their_shape(tmp_path: Path) -> None:
    shard = Shard(_written(tmp_path, {"x": np.empty((3, 0, 2), "float32")}))
    assert shard.take("x", np.array([0, 2])).shape == (2, 0, 2)


def test_a_shard_without_rows_opens(tmp_path: Path) -> None:
    assert Shard(_written(tmp_path)).handle.rows == 0
    shard = Shard(_written(tmp_path, {"x": np.empty((0, 2), "int8"), "s": _texts([])}))
    assert shard.take("x", slice(None)).shape == (0, 2)
    assert shard.take("s", slice(None)).tolist() == []


def test_field_names_may_be_any_text(tmp_path: Path) -> None:
    name = "../a/b: x['user'] · 例"
    assert Shard(_written(tmp_path, {name: np.arange(2)})).take(name, slice(None)).tolist() == [0, 1]


def test_an_array_in_any_memory_order_is_written_row_by_row(tmp_path: Path) -> None:
    values = np.asfortranarray(np.arange(24).reshape(4, 3, 2))[::-1]
    np.testing.assert_array_equal(Shard(_written(tmp_path, {"x": values})).take("x", slice(None)), values)


@pytest.mark.parametrize("other", [np.zeros((1, 3), "float32"), np.zeros((1, 2), "float64"), np.zeros(1, "float32")])
def test_a_block_unlike_the_first_is_refused_by_name(tmp_path: Path, other: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"Rows from 1 on in partition 0 .*'age'"):
        _written(tmp_path, {"age": np.zeros((1, 2), "float32")}, {"age": other})


def test_fields_of_different_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="same number of rows in every field"):
        _written(tmp_path, {"x": np.zeros(2), "y": np.zeros(3)})


def test_a_handle_is_a_small_record(tmp_path: Path) -> None:
    handle = _written(tmp_path, {"x": np.zeros((1000, 10))})
    assert pickle.loads(pickle.dumps(handle)) == handle
    assert len(pickle.dumps(handle)) < 1000
