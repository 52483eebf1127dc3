"""A growing table of float columns: one compact array a name, never a list of dicts."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping


class Columns:
    """Rows of named numbers, appended one at a time.

    Args:
        names: columns that exist from the start. Others come with the first row that names them; what
            a row does not name is NaN.

    Example:
        >>> table = Columns(["loss"])
        >>> table.append({"loss": 0.5, "accuracy": 0.8})
        >>> list(table["accuracy"]), len(table)
        ([0.8], 1)
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._columns: dict[str, array[float]] = {name: array("d") for name in names}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> array[float]:
        return self._columns[name]

    @property
    def names(self) -> list[str]:
        """The columns, in the order in which they came."""
        return list(self._columns)

    def append(self, row: Mapping[str, float]) -> None:
        """Add one row; values that are not numbers count as missing."""
        for name in row:
            if name not in self._columns:
                self._columns[name] = array("d", [math.nan]) * self._rows
        for name, column in self._columns.items():
            column.append(as_float(row.get(name)))
        self._rows += 1

    def last(self) -> dict[str, float]:
        """Return the newest row without its missing values; {} where there is none."""
        if not self._rows:
            return {}
        newest = {name: column[-1] for name, column in self._columns.items()}
        return {name: value for name, value in newest.items() if not math.isnan(value)}


def as_float(value: object) -> float:
    """Return `value` as a float, NaN where it is none (Keras logs may hold anything)."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def finite(number: float | None) -> float | None:
    """Return `number`, or None where JSON has no word for it."""
    return number if number is not None and math.isfinite(number) else None
