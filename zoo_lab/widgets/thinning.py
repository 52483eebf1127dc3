"""Long curves made short: for a saved notebook a few hundred points say as much as a million."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def thin(numbers: Sequence[float], points: int) -> np.ndarray:
    """Return at most `points` values: the mean of each of as many equal stretches, NaN where one has none.

    Example:
        >>> thin([1.0, 3.0, 5.0, 7.0], 2).tolist()
        [2.0, 6.0]
    """
    values = np.array(numbers, dtype=np.float64)
    if len(values) <= points:
        return values
    starts = _starts(len(values), points)
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts)
    counts = np.add.reduceat(known.astype(np.float64), starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums / counts


def sample(numbers: Sequence[float], points: int) -> np.ndarray:
    """Return at most `points` values, the first of each of the stretches of `thin`: for numbers that have no mean.

    Example:
        >>> sample([1.0, 3.0, 5.0, 7.0], 2).tolist()
        [1.0, 5.0]
    """
    values = np.array(numbers, dtype=np.float64)
    return values if len(values) <= points else values[_starts(len(values), points)]


def _starts(length: int, points: int) -> np.ndarray:
    return np.linspace(0, length, points, endpoint=False).astype(np.int64)


def smooth(numbers: Sequence[float], weight: float = 0.6) -> np.ndarray:
    """Return the exponentially smoothed values, as TensorBoard and the live widget smooth them.

    Args:
        numbers: the values; those that are not finite are left out and stay NaN.
        weight: between 0 (nothing changes) and 1, default 0.6.
    """
    smoothed = np.full(len(numbers), np.nan)
    mean, share = 0.0, 0.0
    for index, number in enumerate(numbers):
        if np.isfinite(number):
            mean = weight * mean + (1 - weight) * number
            share = weight * share + (1 - weight)
            smoothed[index] = mean / share
    return smoothed
