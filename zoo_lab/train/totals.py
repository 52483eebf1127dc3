"""The metrics of a run on the driver: the workers' increments added up, and Keras' results of the sums."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_lab.train.layout import assign_values, flat_values


class MetricTotals:
    """The flat metric variables of a compiled model, in float64, with the results under Keras' names.

    Nearly all metrics are means of two variables, total and count. Asking TensorFlow for them takes a millisecond,
    which short iterations feel; so where a model has only such metrics, the results are divided here.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._variables = list(model.metrics_variables)
        self._start = flat_values(self._variables, np.float64)
        self._totals = self._start.copy()
        # A partial, for TensorFlow counts the traces of a method over all objects and then warns of too many.
        self._keras = tf.function(
            functools.partial(self._results),
            input_signature=[tf.TensorSpec([len(self._start)], tf.float64)],
            autograph=False,
        )
        self._means = self._found_means()

    @property
    def size(self) -> int:
        """Number of values in the flat metric variables."""
        return len(self._start)

    def reset(self) -> None:
        """Start the metrics of a new epoch."""
        self._model.reset_metrics()
        self._totals = self._start.copy()

    def add(self, increments: Iterable[np.ndarray | None]) -> None:
        """Add the workers' increments, in the order of the workers."""
        for increment in increments:
            if increment is not None:
                self._totals += increment

    def logs(self) -> dict[str, Any]:
        """Return the running values under Keras' names, in the order of Keras' History."""
        if self._means is None:
            logs = self._keras(self._totals)
            return {name: _number(logs[name]) for name in sorted(logs)}
        totals = self._totals.astype(np.float32)
        return {name: _mean(totals[first], totals[first + 1]) for name, first in self._means.items()}

    def store(self) -> None:
        """Write the running values into the model's own metric variables."""
        assign_values(self._variables, self._totals)

    def flat(self) -> np.ndarray:
        """Return a copy of the running sums."""
        return self._totals.copy()

    def restore(self, totals: np.ndarray) -> None:
        """Go on from sums that `flat` gave."""
        self._totals = np.array(totals, np.float64)

    def _results(self, flat: Any) -> dict[str, Any]:
        sizes = [int(np.prod(variable.shape)) for variable in self._variables]
        parts = zip(self._variables, tf.split(flat, sizes), strict=True)
        mapping = [(variable, tf.cast(tf.reshape(part, variable.shape), variable.dtype)) for variable, part in parts]
        with keras.StatelessScope(mapping):
            return self._model.get_metrics_result()

    def _found_means(self) -> dict[str, int] | None:
        """Return where the total of each result lies, None unless all results are means.

        Keras does not tell which metric a name belongs to, so each gets a total of its own and is recognized by it.
        """
        metrics = [leaf for metric in self._model.metrics for leaf in getattr(metric, "metrics", None) or [metric]]
        variables = [id(variable) for metric in metrics for variable in metric.variables]
        if any(type(metric).result is not keras.metrics.Mean.result for metric in metrics):
            return None
        if variables != [id(variable) for variable in self._variables] or len(self._start) != 2 * len(metrics):
            return None
        totals = np.ravel([(number + 1, 1) for number in range(len(metrics))]).astype(np.float64)
        found = {name: float(value) for name, value in self._results(tf.constant(totals)).items()}
        places = {float(number + 1): 2 * number for number in range(len(metrics))}
        return {name: places[found[name]] for name in sorted(found)} if set(found.values()) <= set(places) else None


def _mean(total: np.float32, count: np.float32) -> float:
    return float(total / count) if count else 0.0


def _number(value: Any) -> Any:
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array
