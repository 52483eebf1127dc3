"""Which rows make up which global batch: pure, and the same whatever the number of partitions or workers.

The rows are cut by number into `STRATA` equal ranges, each range is permuted, and the permuted ranges
are interleaved evenly. Every row comes exactly once an epoch, and every batch draws nearly equally from
all ranges: data sorted by label gives mixed batches, and workers that hold different ranges get equal work.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.slices import slice_bounds

STRATA = 16


def epoch_order(rows: int, seed: int, epoch: int, shuffle: bool = True) -> np.ndarray:
    """Return the row numbers of one epoch in training order, shape (rows,), int64.

    The order depends only on the arguments; `shuffle=False` gives 0, 1, 2, ….
    """
    if not shuffle:
        return np.arange(rows, dtype=np.int64)
    random = np.random.default_rng([seed, epoch])
    order = np.empty(rows, dtype=np.int64)
    position = np.empty(rows, dtype=np.float64)
    for stratum in range(STRATA):
        start, stop = slice_bounds(rows, STRATA, stratum)
        count = stop - start
        order[start:stop] = start + random.permutation(count)
        position[start:stop] = (np.arange(count) + random.random()) / max(count, 1)
    return order[np.argsort(position, kind="stable")]


def batch_rows(order: np.ndarray, batch_size: int, step: int) -> np.ndarray:
    """Return the rows of the batch of `step` (from 0); the last batch of an epoch may be smaller."""
    return order[step * batch_size : (step + 1) * batch_size]


@dataclass(frozen=True)
class Schedule:
    """Which rows every iteration of a run trains on.

    Attributes:
        rows, batch_size: of the data and of a global batch.
        seed, shuffle: of the order.
        iterations: of the whole run.
    """

    rows: int
    batch_size: int
    seed: int
    shuffle: bool
    iterations: int

    def place(self, iteration: int) -> tuple[int, int]:
        """Return epoch and step, both from 0, of an iteration, counted from 1."""
        return divmod(iteration - 1, -(-self.rows // self.batch_size))

    def batch(self, iteration: int) -> np.ndarray | None:
        """Return the rows of an iteration, counted from 1; None after the last."""
        if iteration > self.iterations:
            return None
        epoch, step = self.place(iteration)
        return batch_rows(_kept_order(self.rows, self.seed, epoch, self.shuffle), self.batch_size, step)


@functools.lru_cache(maxsize=1)
def _kept_order(rows: int, seed: int, epoch: int, shuffle: bool) -> np.ndarray:
    return epoch_order(rows, seed, epoch, shuffle)
