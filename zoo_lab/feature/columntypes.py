"""Says which Spark types can be trained on, and for the others what to turn them into. Used on the driver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zoo_lab.feature.columns import IMAGE_FIELDS, VECTOR_FIELDS

_NUMBERS = {
    "byte": "int8",
    "short": "int16",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float32",
    "decimal": "float32",
    "boolean": "bool",
}
_REPAIRS = {
    "binary": "Decode it first: images with spark.read.format('image'), text with F.decode({0}, 'utf-8').",
    "date": "Turn it into numbers first, such as F.unix_date({0}), F.dayofweek({0}) or F.month({0}).",
    "timestamp": "Turn it into numbers first, such as F.unix_timestamp({0}) or F.hour({0}).",
    "timestamp_ntz": "Turn it into numbers first, such as F.hour({0}) or F.unix_timestamp({0}).",
    "struct": "Select its fields as columns of their own first, such as F.col({0}).getField(…).",
    "map": "Select its values as columns of their own first, such as F.col({0}).getItem(…).",
    "void": "It has no value but null: leave the column out, or cast it to a type with values.",
}


@dataclass(frozen=True)
class ColumnKind:
    """What a column holds.

    Attributes:
        name: "number", "array", "vector", "image" or "string"; "" if it cannot be used.
        spark_type: Spark's name of the type.
        dtype: numpy type of a number as it is kept.
        problem: what is wrong with the type and what to do, "" if nothing.
    """

    name: str
    spark_type: str
    dtype: str = ""
    problem: str = ""


def column_kinds(fields: Iterable[Any]) -> dict[str, ColumnKind]:
    """Return what each column of a Spark schema (an iterable of `StructField`) holds."""
    kinds: dict[str, ColumnKind] = {}
    for field in fields:
        told = field.dataType.simpleString()
        twice = f"there are several columns {field.name!r}. Rename or drop all but one first."
        kinds[field.name] = (
            ColumnKind("", told, problem=twice) if field.name in kinds else _kind(field.name, field.dataType)
        )
    return kinds


def _kind(column: str, data_type: Any) -> ColumnKind:
    name, told = data_type.typeName(), data_type.simpleString()
    if name in _NUMBERS:
        return ColumnKind("number", told, _NUMBERS[name])
    if name in ("string", "char", "varchar"):
        return ColumnKind("string", told)
    if name == "array" and _innermost(data_type) in _NUMBERS:
        return ColumnKind("array", told)
    members = _members(data_type)
    if members == VECTOR_FIELDS:
        return ColumnKind("vector", told)
    if members == IMAGE_FIELDS:
        return ColumnKind("image", told)
    return ColumnKind("", told, problem=_problem(column, name, told))


def _innermost(data_type: Any) -> str:
    while data_type.typeName() == "array":
        data_type = data_type.elementType
    return data_type.typeName()


def _members(data_type: Any) -> set[str]:
    from pyspark.sql.types import UserDefinedType

    if isinstance(data_type, UserDefinedType):
        data_type = data_type.sqlType()
    return set(data_type.names) if data_type.typeName() == "struct" else set()


def _problem(column: str, name: str, told: str) -> str:
    expected = "expected numbers, booleans, strings, arrays of numbers, ML vectors or images"
    repair = _REPAIRS.get(name, "Turn it into numbers or arrays of numbers first.").format(repr(column))
    shown = told if len(told) <= 80 else told[:77] + "..."
    return f"{expected}; received {shown}. {repair}"
