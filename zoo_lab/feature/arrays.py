"""Checks and converts numpy data on its way into shards. Runs inside Spark executors."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.structure import Nest


def lists_as_arrays(nest: Nest) -> Nest:
    """Return `nest` with every list of numbers, strings or such lists as one leaf, as an object or number array.

    A list with an array or a dict among its items is several inputs and stays a list.
    """
    if isinstance(nest, Mapping):
        return {key: lists_as_arrays(item) for key, item in nest.items()}
    if not isinstance(nest, (list, tuple)):
        return nest
    if any(isinstance(item, Mapping) or not isinstance(item, (list, tuple)) and np.ndim(item) for item in nest):
        return [lists_as_arrays(item) for item in nest]
    return _as_leaf(nest)


def _as_leaf(values: Any) -> np.ndarray:
    """Return a list as an array; as one of objects where `as_field` is to say what is wrong with it."""
    with contextlib.suppress(ValueError):  # rows of different lengths
        array = np.asarray(values)
        if array.dtype.kind not in "US" or all(isinstance(item, (str, bytes)) for item in values):
            return array
    array = np.empty(len(values), dtype=object)
    for row, item in enumerate(values):
        array[row] = item
    return array


def as_field(where: str, values: Any) -> np.ndarray:
    """Return `values` as an array that a model takes: float64 becomes float32 (as Keras does), text stays text.

    Raises `DataError` naming `where` for ragged, complex or otherwise unusable values.
    """
    array = values if isinstance(values, np.ndarray) else _as_array(values)
    if array.ndim == 0:
        msg = f"{where}: expected one value a row; received the single value {array!r}."
        raise DataError(msg)
    if array.dtype.kind == "O" and not all(isinstance(item, (str, bytes)) for item in array.flat):
        array = _from_objects(where, array)
    if array.dtype.kind in "OUS" and array.ndim != 1:
        msg = f"{where}: expected one string a row, shape (n,); received shape {array.shape}."
        raise DataError(msg)
    if array.dtype.kind not in "fiubOUS":
        msg = f"{where}: expected numbers, booleans or strings; received dtype {array.dtype}. Convert the values first."
        raise DataError(msg)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _as_array(values: Any) -> np.ndarray:
    return _as_leaf(values) if isinstance(values, (list, tuple)) else np.asarray(values)


def _from_objects(where: str, array: np.ndarray) -> np.ndarray:
    for row, item in enumerate(array.flat):
        if item is None:
            msg = f"{where}, row {row}: expected a value; received None. Fill or drop such rows first."
            raise DataError(msg)
    texts = [isinstance(item, (str, bytes)) for item in array.flat]
    if any(texts):  # numpy would turn the others into text
        row = texts.index(False)
        msg = f"{where}, row {row}: expected strings only, as in row {texts.index(True)}; received "
        msg += f"{array.flat[row]!r}. Make all rows strings, or all numbers, first."
        raise DataError(msg)
    try:
        stacked = np.stack([np.asarray(item) for item in array.flat]) if array.ndim == 1 else np.array(array.tolist())
    except ValueError as error:
        raise _ragged(where) from error
    if stacked.dtype.kind == "O":
        raise _ragged(where)
    return stacked


def _ragged(where: str) -> DataError:
    msg = f"{where}: expected rows of one shape; received rows of different shapes. Pad, crop or resize them first."
    return DataError(msg)
