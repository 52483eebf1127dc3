"""Arrow columns become the arrays that they stand for; what cannot is told with row and repair."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from zoo_lab.core.errors import DataError
from zoo_lab.feature.columns import column_values
from zoo_lab.feature.place import Place

_PLACE = Place("column 'c'", partition=3, first_row=100)
_VECTOR = pa.struct(
    [("type", pa.int8()), ("size", pa.int32()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))]
)
_IMAGE = pa.struct(
    [
        ("origin", pa.string()),
        *((name, pa.int32()) for name in ("height", "width", "nChannels", "mode")),
        ("data", pa.binary()),
    ]
)


def _dense(*values: float) -> dict[str, Any]:
    return {"type": 1, "size": None, "indices": None, "values": list(values)}


def _sparse(size: int, entries: dict[int, float]) -> dict[str, Any]:
    return {"type": 0, "size": size, "indices": list(entries), "values": list(entries.values())}


def _image(pixels: np.ndarray, mode: int | None = None) -> dict[str, Any]:
    height, width, channels = pixels.shape
    known = {1: 0, 3: 16, 4: 24}[channels] if mode is None else mode
    return dict(origin="", height=height, width=width, nChannels=channels, mode=known, data=pixels.tobytes())


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        (pa.int8(), [1, -2], "int8"),
        (pa.int16(), [1, -2], "int16"),
        (pa.int32(), [1, -2], "int32"),
        (pa.int64(), [1, 1 << 40], "int64"),
        (pa.float32(), [1.5, float("inf")], "float32"),
        (pa.float64(), [1.5, 1 / 3], "float32"),
        (pa.decimal128(10, 2), [Decimal("1.25"), Decimal("-3")], "float32"),
        (pa.bool_(), [True, False], "bool"),
        (pa.list_(pa.int32()), [[1, 2], [3, 4]], "int32"),
        (pa.list_(pa.list_(pa.float64())), [[[1, 2, 3]], [[4, 5, 6]]], "float32"),
        (pa.list_(pa.decimal128(5, 1)), [[Decimal("1.5")], [Decimal("2.5")]], "float32"),
        (pa.list_(pa.bool_()), [[True, False], [False, True]], "bool"),
        (pa.large_list(pa.int16()), [[1], [2]], "int16"),
        (pa.list_(pa.float32()), [[], []], "float32"),
    ],
)
def test_numbers_and_arrays_of_numbers(kind: pa.DataType, values: list[Any], dtype: str) -> None:
    expected = np.array([np.array(value, dtype="float64") for value in values]).astype(dtype)
    for column in (pa.array(values, kind), pa.array([values[1], *values, values[0]], kind).slice(1, 2)):
        result = column_values(column, _PLACE)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, expected)


def test_nan_is_a_value() -> None:
    assert np.isnan(column_values(pa.array([1.0, float("nan")]), _PLACE)).tolist() == [False, True]


def test_strings_of_any_language_keep_their_bytes() -> None:
    texts = ["", "naïve", "日本語", "🦓"]
    for kind in (pa.string(), pa.large_string()):
        assert [text.decode() for text in column_values(pa.array(texts, kind), _PLACE)] == texts


def test_dense_sparse_and_mixed_vectors() -> None:
    rows = [_dense(1, 2, 3), _sparse(3, {1: 5.0}), _sparse(3, {}), _dense(7, 8, 9), _sparse(3, {0: 1.0, 2: 2.0})]
    expected = np.array([[1, 2, 3], [0, 5, 0], [0, 0, 0], [7, 8, 9], [1, 0, 2]], "float32")
    for start in range(5):
        for stop in range(start + 1, 6):
            result = column_values(pa.array(rows, _VECTOR).slice(start, stop - start), _PLACE)
            assert result.dtype == np.float32
            np.testing.assert_array_equal(result, expected[start:stop])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_keep_their_bytes_and_their_order_of_channels(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 6, channels)).astype("uint8")
    column = pa.array([_image(image) for image in pixels], _IMAGE)
    np.testing.assert_array_equal(column_values(column, _PLACE), pixels)
    np.testing.assert_array_equal(column_values(column.slice(1, 2), _PLACE), pixels[1:3])


@pytest.mark.parametrize(
    ("column", "row", "told"),
    [
        (pa.array([1, None]), 101, ["null", "df.fillna({'c': 0})", "df.dropna(subset=['c'])"]),
        (pa.array(["a", "b", None]), 102, ["null", "df.fillna({'c': ''})"]),
        (pa.array([[1], None], pa.list_(pa.int8())), 101, ["null", "Drop them, df.dropna(subset=['c'])"]),
        (pa.array([[1, 2], [3, None]]), 101, ["null", "F.coalesce"]),
        (pa.array([[1, 2], [3, 4], [5]]), 102, ["expected 2 values", "received 1", "Pad or cut"]),
        (pa.array([[[1], [2]], [[3], [4]], [[5], [6, 7]]]), 102, ["expected 1 values", "received 2"]),
        (pa.array([_dense(1, 2), _dense(1, 2, 3)], _VECTOR), 101, ["vector of size 2", "received 3"]),
        (pa.array([_dense(1, 2), _sparse(3, {})], _VECTOR), 101, ["vector of size 2", "received 3"]),
        (pa.array([_dense(1), None], _VECTOR), 101, ["null", "Drop them"]),
        (
            pa.array([_image(np.zeros((2, 2, 3), "uint8")), _image(np.zeros((2, 3, 3), "uint8"))], _IMAGE),
            101,
            ["expected 2 × 2 × 3", "received 2 × 3 × 3", "Resize"],
        ),
        (pa.array([_image(np.zeros((2, 2, 3), "uint8"), mode=21)], _IMAGE), 100, ["8-bit", "mode 21"]),
        (
            pa.array([dict(origin="x", height=-1, width=-1, nChannels=-1, mode=-1, data=b"")], _IMAGE),
            100,
            ["mode -1 with 0 bytes", "dropInvalid"],
        ),
        (pa.array([dict(origin="x")], _IMAGE), 100, ["null in its field 'mode'", "dropInvalid"]),
    ],
)
def test_a_bad_row_is_told_with_its_number_and_the_repair(column: pa.Array, row: int, told: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        column_values(column, _PLACE)
    message = str(caught.value)
    assert message.startswith(f"Column 'c', row {row} of partition 3 (counted from 0): expected ")
    for part in told:
        assert part in message
