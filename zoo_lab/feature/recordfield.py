"""Turns the values that many records have in one place into one array. Runs inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.feature.place import Place
from zoo_lab.feature.recordnests import plain_value

_STRING = "string"


@dataclass(frozen=True)
class RecordField:
    """Type and shape that a value has in the first record, and so must have in every other.

    Attributes:
        dtype: the numpy type, or "string".
        shape: shape of one value.
    """

    dtype: str
    shape: tuple[int, ...] = ()

    @classmethod
    def like(cls, value: Any, place: Place, *, may_be_text: bool) -> RecordField:
        """Return the field whose first value is `value`; float64 becomes float32, as Keras does."""
        if isinstance(value, (str, bytes)):
            if not may_be_text:
                raise place.error(0, "a number", repr(value), "Number the classes from 0 first.")
            return cls(_STRING)
        array = _number_array(value, place, 0)
        wide = array.dtype.kind == "f" and array.dtype.itemsize >= 8
        return cls("float32" if wide else array.dtype.name, array.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of one value (a guess for strings)."""
        return 100 if self.dtype == _STRING else int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize

    def array(self, values: list[Any], place: Place) -> np.ndarray:
        """Return the values of consecutive records as one array, shape (len(values), *shape).

        Raises `DataError` naming the record for a value of another type or shape than the first.
        """
        if self.dtype == _STRING:
            return _texts(values, place)
        stacked = self._stack(values)
        if stacked is None:
            stacked = np.stack([self._checked(value, place, row) for row, value in enumerate(values)])
        return stacked

    def _stack(self, values: list[Any]) -> np.ndarray | None:
        """Return the values as one array, None where that needs a closer look."""
        try:
            # many small arrays: concatenating them is several times faster than numpy.asarray of the list
            whole = {type(value) for value in values} == {np.ndarray} and self.shape
            stacked = np.concatenate(values) if whole else np.asarray(values)
            if whole and {value.shape for value in values} != {self.shape}:
                return None
            stacked = stacked.reshape(len(values), *self.shape) if whole else stacked
        except (ValueError, TypeError):
            return None
        return self._cast(stacked) if stacked.shape == (len(values), *self.shape) else None

    def _checked(self, value: Any, place: Place, row: int) -> np.ndarray:
        array = _number_array(value, place, row)
        if array.shape != self.shape:
            expected = f"shape {self.shape} as in the first record"
            raise place.error(row, expected, f"shape {array.shape}", "Pad, crop or resize the values first.")
        cast = self._cast(array)
        if cast is None:
            repair = f"Convert the values of every record to one type first, such as numpy.{_wider(self.dtype, array)}."
            received = f"{shown(value)} of type {array.dtype}"
            raise place.error(row, f"{self.dtype} as in the first record", received, repair)
        return cast

    def _cast(self, array: np.ndarray) -> np.ndarray | None:
        """Return the array in the field's type, None where values would be lost."""
        if array.dtype == self.dtype:
            return array
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            return None
        cast = array.astype(self.dtype)
        return cast if cast.dtype.kind == "f" or np.array_equal(cast, array) else None


def _number_array(value: Any, place: Place, row: int) -> np.ndarray:
    if value is None:
        raise place.error(row, "a value", "None", "Fill or drop such records first.")
    try:
        array = np.asarray(plain_value(value))
    except ValueError as error:
        repair = "Pad or cut them to one length first."
        raise place.error(row, "an array", "lists of different lengths", repair) from error
    if array.dtype.kind not in "fiub":
        repair = "Convert the value to numbers, booleans or one string first."
        raise place.error(row, "numbers", f"{shown(value)} of type {type(value).__name__}", repair)
    return array


def _texts(values: list[Any], place: Place) -> np.ndarray:
    for row, value in enumerate(values):
        if not isinstance(value, (str, bytes)):
            raise place.error(row, "a string as in the first record", shown(value), "Fill or drop such records first.")
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts


def _wider(dtype: str, array: np.ndarray) -> str:
    wide = np.result_type(dtype, array.dtype)
    return "float32" if wide.kind == "f" else wide.name


def shown(value: Any) -> str:
    """Return a value as short text for messages."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
