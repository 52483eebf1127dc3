"""What validation measures: Keras metrics, or the predecessor's validation methods by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from zoo_lab.core.errors import ArgumentError

METHODS: dict[str, Callable[[bool], Any]] = {
    "Top1Accuracy": lambda binary: _accuracy(binary, "Top1Accuracy"),
    "Accuracy": lambda binary: _accuracy(binary, "Accuracy"),
    "Top5Accuracy": lambda _: keras.metrics.SparseTopKCategoricalAccuracy(5, name="Top5Accuracy"),
    "BinaryAccuracy": lambda _: keras.metrics.BinaryAccuracy(name="BinaryAccuracy"),
    "CategoricalAccuracy": lambda _: keras.metrics.CategoricalAccuracy(name="CategoricalAccuracy"),
    "SparseCategoricalAccuracy": lambda _: keras.metrics.SparseCategoricalAccuracy(name="SparseCategoricalAccuracy"),
    "MAE": lambda _: keras.metrics.MeanAbsoluteError(name="MAE"),
    "MSE": lambda _: keras.metrics.MeanSquaredError(name="MSE"),
    "AUC": lambda _: keras.metrics.AUC(name="AUC"),
    "Loss": lambda _: None,
}
"""By name, for a model with one output number or with one for each class. The loss is always measured."""


def metrics_of(methods: list[Any], one_output: bool) -> list[Any]:
    """Return fresh Keras metrics.

    Args:
        methods: Keras metrics or their names, or names of `METHODS`.
        one_output: whether the model gives one number a row.
    """
    found = [_metric(method, one_output) for method in methods]
    return [metric for metric in found if metric is not None]


def expect_metric(method: Any) -> None:
    """Raise `ArgumentError` for what is no metric."""
    if isinstance(method, keras.metrics.Metric):
        return
    known = isinstance(method, str) and (method in METHODS or method in ("accuracy", "acc") or _is_of_keras(method))
    if not known:
        names = ", ".join(METHODS)
        msg = f"Expected val_method to be Keras metrics, their names or one of {names}; received {method!r}."
        raise ArgumentError(msg)


def _metric(method: Any, one_output: bool) -> Any:
    if isinstance(method, str):
        return METHODS[method](one_output) if method in METHODS else method
    return type(method).from_config(method.get_config())


def _is_of_keras(name: str) -> bool:
    try:
        return keras.metrics.get(name) is not None
    except ValueError:
        return False


def _accuracy(binary: bool, name: str) -> Any:
    return keras.metrics.BinaryAccuracy(name=name) if binary else keras.metrics.SparseCategoricalAccuracy(name=name)
