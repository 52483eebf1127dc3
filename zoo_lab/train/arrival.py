"""What of a batch has come in time, and what that makes of its sums. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.setup import Order


@dataclass(frozen=True)
class Arrival:
    """What has come of one worker's part.

    Attributes:
        rows: how many rows.
        asked: of how many.
        seconds: what the worker took for them.
    """

    rows: int
    asked: int
    seconds: float


def scaled_to_mean(
    gradient: np.ndarray, sparse: Sequence[tuple[np.ndarray, np.ndarray]], state: np.ndarray, factor: float
) -> tuple[np.ndarray, list[Any], np.ndarray]:
    """Return sums over the rows that came, each weighted by 1 / all rows, as means over those that came.

    Args:
        gradient: the dense ones, flat.
        sparse: (rows, values) of each variable that has a sparse one.
        state: flat.
        factor: all rows / rows that came; 1 returns everything as it is.
    """
    if factor == 1:
        return gradient, list(sparse), state
    scaled = gradient.dtype.type(factor)
    return gradient * scaled, scaled_sparse(sparse, factor), state * scaled


def scaled_sparse(sparse: Sequence[tuple[np.ndarray, np.ndarray]], factor: float) -> list[Any]:
    """Return (rows, values) of each variable with the values multiplied."""
    if factor == 1:
        return list(sparse)
    return [(rows, values * values.dtype.type(factor)) for rows, values in sparse]


def equal_arrivals(order: Order, counts: np.ndarray, seconds: np.ndarray) -> list[Arrival]:
    """Return what came of each worker's part where parts are equal slices of the batch; nothing if all must come."""
    if order.pieces == 1:
        return []
    bounds = [slice_bounds(len(order.rows), len(counts), worker) for worker in range(len(counts))]
    asked = [stop - start for start, stop in bounds]
    return [Arrival(int(rows), part, float(time)) for rows, part, time in zip(counts, asked, seconds, strict=True)]
