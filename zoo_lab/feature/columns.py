"""Turns Arrow columns into numpy arrays of the shape that a model takes. Runs inside Spark executors.

Numbers and booleans give (rows,), arrays (rows, length, …), ML vectors (rows, size), images (rows, height,
width, channels), strings (rows,) of bytes. Decimal and double become float32, integers keep their type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from zoo_lab.feature.place import Place

VECTOR_FIELDS = {"type", "size", "indices", "values"}
IMAGE_FIELDS = {"origin", "height", "width", "nChannels", "mode", "data"}
_PIXELS = {0: np.dtype(np.uint8), 5: np.dtype(np.float32)}
"""OpenCV's types of pixels, the last three bits of an image's mode; the others tell the channels."""
_DEPTHS = 8
_SPARSE, _DENSE = 0, 1
# Shards hold every value of a vector, zeros too: 16 MB a row as float32.
MOST_SPARSE_VALUES = 1 << 22
_ONE_LENGTH = (
    "Pad or cut the arrays to one length n first, such as F.slice(F.concat(a, F.array_repeat(F.lit(0.0), n)), 1, n)."
)
_TOO_WIDE = (
    "Shards hold the zeros of sparse vectors too. Hash into fewer first, such as with HashingTF(numFeatures=65536), or "
    "select features, or train on the indices with an Embedding layer."
)
_NOT_AN_IMAGE = (
    "A file that is no image gives such a row: read with option dropInvalid, "
    'spark.read.format("image").option("dropInvalid", True).'
)


def column_values(column: pa.Array, place: Place) -> np.ndarray:
    """Return an Arrow column as an array whose first axis is the row.

    Raises `DataError` naming the column, the row and the repair for nulls and for rows of different sizes.
    """
    expect_no_nulls(column, place)
    kind = column.type
    if pa.types.is_struct(kind):
        names = {field.name for field in kind}
        return _images(column, place) if names == IMAGE_FIELDS else _vectors(column, place)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(column, place)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_binary()).to_numpy(zero_copy_only=False)
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    values = column.to_numpy(zero_copy_only=False)
    return values.astype(np.float32) if values.dtype == np.float64 else values


def values_per_row(column: pa.Array) -> int:
    """Return how many values the widest sparse vector of an Arrow column turns into, 0 for a column of anything else.

    Those alone can take far more memory as an array than they do in Arrow.
    """
    if not pa.types.is_struct(column.type) or {field.name for field in column.type} != VECTOR_FIELDS:
        return 0
    sizes = _children(column)["size"].fill_null(0).to_numpy()
    return int(sizes.max(initial=0))


def expect_no_nulls(column: pa.Array, place: Place) -> None:
    """Raise `DataError` naming the column and the first row that is null."""
    if column.null_count:
        item = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        inside = " in every place of the array" if place.items_per_row > 1 else ""
        raise place.error(item, f"a value{inside}", "null", _null_repair(place, column.type))


def _null_repair(place: Place, kind: pa.DataType) -> str:
    name = place.what.removeprefix("column ")
    if place.items_per_row > 1:
        return f"Fill the gaps first, such as F.transform({name}, lambda v: F.coalesce(v, F.lit(0)))."
    filler = "''" if pa.types.is_string(kind) else "0"
    fill = "" if pa.types.is_nested(kind) else f"Fill such rows, df.fillna({{{name}: {filler}}}), or "
    drop = f"drop them, df.dropna(subset=[{name}])"
    return f"{fill}{drop if fill else drop.capitalize()}; see them with df.where(F.col({name}).isNull())."


def _lists(column: pa.ListArray, place: Place) -> np.ndarray:
    lengths = np.diff(column.offsets.to_numpy())
    length = _same(lengths, place, "{} values as in the row before", _ONE_LENGTH)
    items = column_values(column.flatten(), place.inside(length))
    return items.reshape(len(column), length, *items.shape[1:])


def _vectors(column: pa.StructArray, place: Place) -> np.ndarray:
    parts = _children(column)
    dense = parts["type"].to_numpy() == _DENSE
    lengths = np.diff(parts["values"].offsets.to_numpy())
    sizes = np.where(dense, lengths, parts["size"].fill_null(0).to_numpy())
    size = _same(sizes, place, "a vector of size {} as in the row before", "Make the vectors with one VectorAssembler.")
    if size > MOST_SPARSE_VALUES and not dense.all():
        raise place.error(int(np.argmin(dense)), f"at most {MOST_SPARSE_VALUES:,} values", f"{size:,}", _TOO_WIDE)
    values = parts["values"].flatten().to_numpy().astype(np.float32)
    if dense.all():
        return values.reshape(len(column), size)
    positions = np.empty(len(values), np.int64)
    in_dense = np.repeat(dense, lengths)
    positions[in_dense] = np.tile(np.arange(size), int(dense.sum()))
    positions[~in_dense] = parts["indices"].flatten().to_numpy()
    array = np.zeros((len(column), size), np.float32)
    array[np.repeat(np.arange(len(column)), lengths), positions] = values
    return array


def _images(column: pa.StructArray, place: Place) -> np.ndarray:
    parts = _children(column)
    for name in ("mode", "height", "width", "nChannels", "data"):
        if parts[name].null_count:
            item = int(np.argmax(parts[name].is_null().to_numpy(zero_copy_only=False)))
            raise place.error(item, "an image", f"null in its field {name!r}", _NOT_AN_IMAGE)
    sizes = np.stack([parts[name].to_numpy() for name in ("height", "width", "nChannels")], axis=1)
    modes, offsets, data = parts["mode"].to_numpy(), *_bytes(parts["data"])
    _expect_image_modes(modes, sizes, np.diff(offsets), place)
    codes = (sizes.astype(np.int64) * [1 << 40, 1 << 16, 1 << 8]).sum(axis=1) + modes
    different = np.flatnonzero(codes != codes[0])
    if len(different):
        repair = "Resize the images to one size (and drop an alpha channel) first."
        first, other = (f"{_by(sizes[row])} of {_PIXELS[modes[row] % _DEPTHS]}" for row in (0, int(different[0])))
        raise place.error(int(different[0]), f"{first} as in the row before", other, repair)
    pixels = _PIXELS[modes[0] % _DEPTHS] if len(modes) else _PIXELS[0]
    return data.view(pixels).reshape(len(column), *map(int, sizes[0]))


def _expect_image_modes(modes: np.ndarray, sizes: np.ndarray, lengths: np.ndarray, place: Place) -> None:
    widths = np.array([_PIXELS[mode % _DEPTHS].itemsize if mode % _DEPTHS in _PIXELS else 0 for mode in modes.tolist()])
    wrong = (modes // _DEPTHS + 1 != sizes[:, 2]) | (sizes.astype(np.int64).prod(axis=1) * widths != lengths)
    for bad in np.flatnonzero(wrong | (widths == 0))[:1]:
        received = f"mode {modes[bad]} with {lengths[bad]} bytes for height × width × channels {_by(sizes[bad])}"
        expected = "an image of 8-bit or float channels (mode 0, 16 or 24; 5, 21 or 29)"
        raise place.error(int(bad), expected, received, _NOT_AN_IMAGE)


def _bytes(data: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return where each row's bytes start (and the last ends) and the bytes of all rows."""
    data = data.cast(pa.large_binary())
    _validity, offsets, values = data.buffers()
    ends = np.frombuffer(offsets, np.int64, len(data) + 1, data.offset * 8)
    everything = np.frombuffer(values, np.uint8) if values is not None else np.empty(0, np.uint8)
    return ends, everything[ends[0] : ends[-1]]


def _children(column: pa.StructArray) -> dict[str, Any]:
    return {field.name: child for field, child in zip(column.type, column.flatten(), strict=True)}


def _same(sizes: np.ndarray, place: Place, expected: str, repair: str) -> int:
    different = np.flatnonzero(sizes != sizes[0]) if len(sizes) else sizes
    if len(different):
        item = int(different[0])
        raise place.error(item, expected.format(sizes[0]), str(sizes[item]), repair)
    return int(sizes[0]) if len(sizes) else 0


def _by(size: np.ndarray) -> str:
    return " × ".join(map(str, size.tolist()))
