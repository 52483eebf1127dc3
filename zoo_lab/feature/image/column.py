"""Image steps over a DataFrame column: built on the driver, run on the executors as one Arrow function per chain.

A column of Spark's image struct, or of encoded files as binary, becomes a column of the image struct; a chain with
`ImageMatToTensor` becomes a column of array<float>, row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.row import FIELDS, RowToImageFeature, feature_of_row, row_of_feature
from zoo_lab.feature.image.tensors import ImageFeatureToTensor, ImageMatToTensor
from zoo_lab.feature.preprocessing import Preprocessing, steps_of

if TYPE_CHECKING:
    from pyspark.sql import Column

IMAGE_TYPE = "origin string, height int, width int, nChannels int, mode int, data binary"
TENSOR_TYPE = "array<float>"


def transformed_column(column: Column, step: Preprocessing) -> Column:
    """Return the column of what a step or chain makes of each image in `column`."""
    from pyspark.sql.functions import pandas_udf

    key = _tensor_key(step)
    return pandas_udf(_annotated(ColumnRun(step, key)), TENSOR_TYPE if key else IMAGE_TYPE)(column)


def _tensor_key(step: Preprocessing) -> str:
    """Return the key under which a chain puts its tensor last; empty if it makes none."""
    keys = [
        one.tensor_key if isinstance(one, ImageMatToTensor) else "imageTensor"
        for one in steps_of(step)
        if isinstance(one, (ImageMatToTensor, ImageFeatureToTensor))
    ]
    return keys[-1] if keys else ""


@dataclass(frozen=True)
class ColumnRun:
    """What an executor does with one batch of a column; a null stays null.

    Args:
        step: a step or a chain.
        tensor_key: where it puts the tensors that the column is made of; empty for a column of images.
    """

    step: Preprocessing
    tensor_key: str

    def __call__(self, values: Any) -> Any:
        """Return a batch of results: tensors as a Series, image structs as a DataFrame."""
        inputs = values.to_dict("records") if isinstance(values, pd.DataFrame) else values.tolist()
        results = [self._one(value) for value in inputs]
        return pd.Series(results, dtype=object) if self.tensor_key else pd.DataFrame(results, columns=list(FIELDS))

    def _one(self, value: Any) -> Any:
        if value is None or (isinstance(value, dict) and value["data"] is None):
            return None if self.tensor_key else dict.fromkeys(FIELDS)
        result = self.step(self._input(value))
        if self.tensor_key:
            tensor = result.require(self.tensor_key, "DataFrame column", "Keep it.") if _is_image(result) else result
            return np.asarray(tensor, np.float32).ravel()
        if not _is_image(result):
            msg = f"DataFrame column: expected an image or a tensor; the chain gives {type(result).__name__}."
            raise DataError(msg)
        return row_of_feature(result)

    def _input(self, value: Any) -> Any:
        if isinstance(next(steps_of(self.step)), RowToImageFeature):
            return value
        return feature_of_row(value) if isinstance(value, dict) else ImageFeature(bytes=bytes(value))


def _annotated(run: ColumnRun) -> Callable[[Any], Any]:
    """Return `run` as a function whose annotations tell Spark what goes in and out."""

    def tensors(values: pd.Series) -> pd.Series:
        return run(values)

    def images(values: pd.Series) -> pd.DataFrame:
        return run(values)

    return tensors if run.tensor_key else images


def _is_image(result: Any) -> bool:
    return isinstance(result, ImageFeature)
