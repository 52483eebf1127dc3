"""What users may give as preprocessing of a column, and the steps that it means for certain columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.preprocessing import Preprocessing, SeqToTensor
from zoo_lab.feature.structure import leaves


@dataclass(frozen=True)
class FeatureLabelPreprocessing:
    """The preprocessing of features and that of labels, for `setSamplePreprocessing`.

    Args:
        feature: a step, chain or size; None for none.
        label: likewise.

    Source: `FeatureLabelPreprocessing` of Analytics Zoo.

    Example:
        >>> FeatureLabelPreprocessing([28, 28], [1]).feature
        [28, 28]
    """

    feature: Any = None
    label: Any = None


@dataclass(frozen=True)
class Piece(Preprocessing):
    """One of several arrays that follow each other in one value.

    Args:
        start: its first number.
        size: its shape.
        whole: how many numbers the value has.
    """

    start: int
    size: tuple[int, ...]
    whole: int

    def __call__(self, value: Any) -> np.ndarray:
        """Return the array."""
        flat = np.ravel(np.asarray(value))
        if len(flat) != self.whole:
            msg = f"Expected {self.whole} items for the sizes of all inputs; received {len(flat)}."
            raise DataError(msg)
        count = int(np.prod(self.size))
        return flat[self.start : self.start + count].astype(np.float32).reshape(self.size)


def checked_preprocessing(name: str, value: Any) -> Any:
    """Return steps for a step, a chain, a size such as [28, 28], a list of sizes, or a list or dict of steps.

    A list of sizes stays one, as what it means depends on the columns. Raises `ArgumentError` for anything else.
    """
    if value is None or isinstance(value, Preprocessing):
        return value
    if _is_size(value):
        return SeqToTensor(list(value))
    if isinstance(value, (list, tuple)) and value and all(map(_is_size, value)):
        return [list(map(int, size)) for size in value]
    steps = leaves(value) if isinstance(value, (Mapping, list, tuple)) else []
    if steps and all(isinstance(step, Preprocessing) for step in steps):
        return dict(value) if isinstance(value, Mapping) else list(value)
    msg = (
        f"Expected {name} to be a step, a chain, a size such as [28, 28], a list of sizes, or a list or dict of steps; "
        f"received {value!r}."
    )
    raise ArgumentError(msg)


def steps_for(preprocessing: Any, columns: Any) -> Any:
    """Return the steps for columns; a list of sizes cuts one column into inputs, or gives each column its shape."""
    sizes = isinstance(preprocessing, list) and all(map(_is_size, preprocessing))
    if not sizes:
        return preprocessing
    if not isinstance(columns, str):
        return [SeqToTensor(size) for size in preprocessing]
    ends = list(accumulate(int(np.prod(size)) for size in preprocessing))
    starts = [0, *ends[:-1]]
    return [Piece(start, tuple(size), ends[-1]) for start, size in zip(starts, preprocessing, strict=True)]


def _is_size(value: Any) -> bool:
    if isinstance(value, (str, Preprocessing)) or not isinstance(value, Sequence) or not value:
        return False
    return all(isinstance(item, (int, np.integer)) and not isinstance(item, bool) for item in value)
