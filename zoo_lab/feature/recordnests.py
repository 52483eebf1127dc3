"""Finds out from one (x, y, sample_weight) record how its values nest. Runs inside Spark executors."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.feature.structure import Nest, Structure


def record_parts(record: Any) -> tuple[Any, Any, Any]:
    """Return a record as (x, y, sample_weight); a record that is no tuple of two or three is only x."""
    if isinstance(record, tuple):
        if len(record) == 2:
            return record[0], record[1], None
        if len(record) == 3:
            return record
    return record, None, None


def record_structure(record: Any) -> Structure:
    """Return how the values of a record nest; each field is named by its path, such as "x['user']".

    A dict, and a list or tuple with an array, a dict or a string among its items, is several values; a list of
    numbers (or of lists of numbers) is one array. Raises `TypeError` for rows of a DataFrame.
    """
    if isinstance(record, _loaded("pyspark.sql.types", "Row")):
        msg = "a Row of a DataFrame. Use FeatureSet.from_dataframe(df, feature_cols, label_cols), or map it to (x, y)"
        raise TypeError(msg)
    x, y, weight = record_parts(record)
    return Structure(_paths("x", x), _paths("y", y), _paths("sample_weight", weight))


def plain_value(value: Any) -> Any:
    """Return an ML vector as an array and every other value as it is."""
    vectors = (*_loaded("pyspark.ml.linalg", "Vector"), *_loaded("pyspark.mllib.linalg", "Vector"))
    return value.toArray() if isinstance(value, vectors) else value


def _paths(path: str, value: Any) -> Nest:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: _paths(f"{path}[{key!r}]", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(map(_is_whole, value)):
        return [_paths(f"{path}[{position}]", item) for position, item in enumerate(value)]
    return path


def _is_whole(item: Any) -> bool:
    item = plain_value(item)
    return isinstance(item, (Mapping, str, bytes)) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _loaded(module: str, name: str) -> tuple[type, ...]:
    """Return the class if its module is loaded: where it is not, no value can be of that class."""
    return (getattr(sys.modules[module], name),) if module in sys.modules else ()
