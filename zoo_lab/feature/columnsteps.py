"""Puts each row's value of a column through a step or chain, before the rows are one array. Runs inside executors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from zoo_lab.core.errors import DataError
from zoo_lab.feature.columns import IMAGE_FIELDS, column_values, expect_no_nulls
from zoo_lab.feature.image.base import unwrapped
from zoo_lab.feature.image.row import RowToImageFeature, feature_of_row
from zoo_lab.feature.place import Place
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing

_REPAIR = "End the chain with a step that gives an array of one shape for every row."


def stepped_column(column: pa.Array, step: Preprocessing, place: Place) -> np.ndarray:
    """Return what a step makes of each value of an Arrow column, shape (rows, …).

    Raises `DataError` naming the column and the row for nulls and for results that do not make one array.
    """
    expect_no_nulls(column, place)
    return stepped(_values(column, step, place), step, place)


def stepped(values: Iterable[Any], step: Preprocessing, place: Place) -> np.ndarray:
    """Return what a step makes of each value, stacked; float64 becomes float32."""
    results = [_array(step, value, place, row) for row, value in enumerate(values)]
    for row, result in enumerate(results):
        if result.shape != results[0].shape:
            expected = f"shape {results[0].shape} as in the rows before"
            raise place.error(row, f"{expected} from {step!r}", f"shape {result.shape}", _REPAIR)
    return np.stack(results) if results else np.empty((0,), np.float32)


def _array(step: Preprocessing, value: Any, place: Place, row: int) -> np.ndarray:
    try:
        result = np.asarray(unwrapped(step(value), None))
    except DataError as error:
        raise place.error(row, f"a value for {step!r}", "one that it refuses", str(error)) from error
    if result.dtype.kind not in "fiub":
        raise place.error(row, f"numbers from {step!r}", str(result.dtype), _REPAIR)
    return result.astype(np.float32) if result.dtype == np.float64 else result


def _values(column: pa.Array, step: Preprocessing, place: Place) -> Iterator[Any]:
    kind = column.type
    if pa.types.is_struct(kind) and {field.name for field in kind} == IMAGE_FIELDS:
        takes_rows = isinstance(_first(step), RowToImageFeature)
        yield from (row if takes_rows else _image(row, place, n) for n, row in enumerate(column.to_pylist()))
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        yield from column.to_pylist()
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):  # row by row: they may differ in length
        for row in range(len(column)):
            yield column_values(column.slice(row, 1), replace(place, first_row=place.first_row + row))[0]
    else:
        yield from column_values(column, place)


def _image(row: Any, place: Place, number: int) -> Any:
    try:
        return feature_of_row(row)
    except DataError as error:
        raise place.error(number, "an image", "none", str(error)) from error


def _first(step: Preprocessing) -> Preprocessing:
    while isinstance(step, ChainedPreprocessing):
        step = step.transformers[0]
    return step
