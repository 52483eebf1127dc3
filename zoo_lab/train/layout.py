"""How the variables of a Keras model lie in flat arrays. Runs on the driver and inside Spark executors.

Order: trainable variables, then state (BatchNorm statistics, frozen weights, counters). The states of seed
generators stay outside: they are set anew for each worker and iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.errors import ModelError

_WIDE = ("float64", "int64", "uint64", "int32", "uint32")


@dataclass(frozen=True)
class Layout:
    """Shapes and dtypes of a model's variables, by which driver and workers check that they agree."""

    trainable: tuple[tuple[tuple[int, ...], str], ...]
    state: tuple[tuple[tuple[int, ...], str], ...]
    seeds: int

    @classmethod
    def of(cls, variables: ModelVariables) -> Layout:
        """Return the layout of a model's variables."""
        return cls(
            tuple(map(_shape_and_dtype, variables.trainable)),
            tuple(map(_shape_and_dtype, variables.state)),
            len(variables.seeds),
        )

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the flat arrays: float64 if any variable needs it, else float32, exact for small integers."""
        wide = any(dtype in _WIDE for _shape, dtype in (*self.trainable, *self.state))
        return np.dtype(np.float64 if wide else np.float32)

    @property
    def trainable_sizes(self) -> list[int]:
        """Number of values in each trainable variable."""
        return [int(np.prod(shape)) for shape, _dtype in self.trainable]

    @property
    def state_sizes(self) -> list[int]:
        """Number of values in each floating state variable."""
        return [int(np.prod(shape)) for shape, _dtype in self.state]

    @property
    def weights_size(self) -> int:
        """Number of values in the flat trainable variables."""
        return sum(self.trainable_sizes)

    @property
    def state_size(self) -> int:
        """Number of values in the flat state."""
        return sum(self.state_sizes)

    def dense_size(self, sparse: tuple[int, ...]) -> int:
        """Number of values in the trainable variables other than those with the given indices."""
        return self.weights_size - sum(self.trainable_sizes[index] for index in sparse)

    def updated_size(self, updated: tuple[int, ...]) -> int:
        """Number of values in the state variables with the given indices."""
        return sum(self.state_sizes[index] for index in updated)


class ModelVariables:
    """The Keras variables of a built model, sorted into the groups of a layout."""

    def __init__(self, model: Any) -> None:
        self.trainable = list(model.trainable_variables)
        weights = {id(variable) for variable in model.weights}
        metrics = {id(variable) for variable in model.metrics_variables}
        trainable = {id(variable) for variable in self.trainable}
        others = [v for v in model.non_trainable_variables if id(v) not in metrics and id(v) not in trainable]
        self.state = [v for v in others if id(v) in weights]
        self.seeds = [v for v in others if id(v) not in weights and tuple(v.shape) == (2,)]
        self.metrics = list(model.metrics_variables)
        unknown = [v for v in others if id(v) not in weights and tuple(v.shape) != (2,)]
        if unknown:
            msg = f"Expected only weights and seed generators beside the metrics; received {[v.path for v in unknown]}."
            raise ModelError(msg)


def flat_values(variables: list[Any], dtype: Any) -> np.ndarray:
    """Return the values of all variables as one array."""
    if not variables:
        return np.zeros(0, dtype)
    return np.concatenate([np.asarray(variable).reshape(-1).astype(dtype, copy=False) for variable in variables])


def assign_values(variables: list[Any], flat: np.ndarray) -> None:
    """Set all variables from one array, as `flat_values` gives it."""
    start = 0
    for variable in variables:
        size = int(np.prod(variable.shape))
        variable.assign(flat[start : start + size].reshape(variable.shape))
        start += size


def iteration_seeds(seed: int, iteration: int, worker: int, count: int, piece: int = 0) -> np.ndarray:
    """Return the states of a model's `count` seed generators for one worker and iteration, shape (count, 2), uint32.

    `piece` counts the pieces of a part, from 0.
    """
    source = [seed, iteration, worker, piece] if piece else [seed, iteration, worker]
    return np.random.default_rng(source).integers(0, 2**31 - 1, (count, 2), dtype=np.uint32)


def _shape_and_dtype(variable: Any) -> tuple[tuple[int, ...], str]:
    return tuple(variable.shape), str(variable.dtype)
