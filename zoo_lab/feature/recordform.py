"""What the records of a data set look like, learnt from one of them: how they nest, and their types and shapes (E)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo_lab.feature.place import Place
from zoo_lab.feature.recordfield import RecordField, shown
from zoo_lab.feature.recordnests import record_parts, record_structure
from zoo_lab.feature.structure import Nest, Structure, leaves

_RECORD = "a record (x, y) or (x, y, sample_weight)"


@dataclass(frozen=True)
class RecordForm:
    """How the values of a record nest, and what type and shape each has.

    Attributes:
        structure: field names in the place of the values.
        fields: by name.
    """

    structure: Structure
    fields: Mapping[str, RecordField]

    @classmethod
    def of(cls, record: Any, place: Place) -> RecordForm:
        """Return the form of a record.

        Args:
            record: x, (x, y) or (x, y, sample_weight).
            place: of the record, for messages.

        Raises `DataError` for a record without a value for x, or with values that are neither numbers nor text.
        """
        try:
            structure = record_structure(record)
        except TypeError as error:
            raise place.error(0, _RECORD, str(error), "") from error
        if structure.x is None:
            raise place.error(0, f"{_RECORD} with a value for x", shown(record), "Fill or drop such records first.")
        inputs = leaves(structure.x)
        columns = _columns(structure, [record], structure.fields(), place)
        fields = {
            name: RecordField.like(items[0], _of_value(place, name), may_be_text=name in inputs)
            for name, items in columns.items()
        }
        return cls(structure, fields)

    @property
    def nbytes(self) -> int:
        """Bytes of one record (a guess for strings)."""
        return sum(field.nbytes for field in self.fields.values())

    def arrays(self, records: Sequence[Any], place: Place) -> dict[str, np.ndarray]:
        """Return the values of consecutive records, an array for each field.

        Raises `DataError` naming the value, its record and the repair where one has another form.
        """
        columns = _columns(self.structure, records, self.fields, place)
        return {name: field.array(columns[name], _of_value(place, name)) for name, field in self.fields.items()}


def _columns(structure: Structure, records: Sequence[Any], names: Iterable[str], place: Place) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for item, record in enumerate(records):
        x, y, weight = record_parts(record)
        try:
            _collect("x", structure.x, x, columns)
            _collect("y", structure.y, y, columns)
            _collect("sample_weight", structure.weight, weight, columns)
        except _Differs as differs:
            repair = "Give every record the same form first."
            raise _of_value(place, differs.path).error(item, differs.expected, _told(differs.value), repair) from None
    return columns


def _of_value(place: Place, name: str) -> Place:
    return replace(place, what=f"value {name}")


class _Differs(Exception):
    def __init__(self, path: str, expected: str, value: Any) -> None:
        super().__init__()
        self.path = path
        self.expected = f"{expected} as in the first record"
        self.value = value


def _collect(path: str, nest: Nest, value: Any, columns: dict[str, list[Any]]) -> None:
    if isinstance(nest, str):
        columns[nest].append(value)
    elif isinstance(nest, dict):
        if not isinstance(value, Mapping) or value.keys() != nest.keys():
            raise _Differs(path, f"a dict with the keys {list(nest)}", value)
        for key, item in nest.items():
            _collect(f"{path}[{key!r}]", item, value[key], columns)
    elif isinstance(nest, list):
        if not isinstance(value, (list, tuple)) or len(value) != len(nest):
            raise _Differs(path, f"a list of {len(nest)} values", value)
        for position, item in enumerate(nest):
            _collect(f"{path}[{position}]", item, value[position], columns)
    elif value is not None:
        raise _Differs(path, "no value", value)


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a dict with the keys {list(value)}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"
