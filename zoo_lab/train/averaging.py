"""The mean of what several workers hold, weighted by the rows behind each. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def weighted_mean(arrays: Sequence[np.ndarray], rows: Sequence[int]) -> np.ndarray:
    """Return Σ rows·array / Σ rows of arrays of one shape, in their dtype; integers are rounded to the nearest.

    Summed in float64, in the order given, as differences from the first: equal arrays give that very array.

    Example:
        >>> weighted_mean([np.float32([0, 8]), np.float32([4, 8])], [1, 3])
        array([3., 8.], dtype=float32)
    """
    first = np.asarray(arrays[0])
    total = sum(rows)
    mean = first.astype(np.float64)
    for array, count in zip(arrays[1:], rows[1:], strict=True):
        mean += (np.asarray(array, np.float64) - first) * (count / total)
    return (mean if first.dtype.kind == "f" else np.rint(mean)).astype(first.dtype)
