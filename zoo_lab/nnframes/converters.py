"""Converters of parameters: each takes what a setter was given, refuses what is wrong, and returns what is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.core.triggers import EveryEpoch, Trigger
from zoo_lab.feature.structure import leaves
from zoo_lab.nnframes.plain import kept, restored
from zoo_lab.nnframes.preprocessings import checked_preprocessing
from zoo_lab.train.summary import Summary

Converter = Callable[[Any], Any]


def positive_int(name: str) -> Converter:
    """Return the converter of an integer of at least 1."""

    def convert(value: Any) -> int:
        checks = Checks(name)
        checks.positive_int(name, value)
        checks.done()
        return int(value)

    return convert


def natural_int(name: str) -> Converter:
    """Return the converter of an integer of at least 0."""

    def convert(value: Any) -> int:
        checks = Checks(name)
        checks.natural_int(name, value)
        checks.done()
        return int(value)

    return convert


def number(name: str, least: float = 0.0, most: float = math.inf, *, above: bool = False) -> Converter:
    """Return the converter of a finite number in a range; with `above` it is larger than `least`."""

    def convert(value: Any) -> float:
        is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        fits = is_number and (value > least if above else value >= least) and value <= most
        bounds = f"{'above' if above else 'of at least'} {least:g}" + (
            f" and at most {most:g}" if most < math.inf else ""
        )
        if not fits:
            msg = f"Expected {name} to be a number {bounds}; received {value!r}."
            raise ArgumentError(msg)
        return float(value)

    return convert


def boolean(name: str) -> Converter:
    """Return the converter of True or False."""

    def convert(value: Any) -> bool:
        if not isinstance(value, bool):
            msg = f"Expected {name} to be True or False; received {value!r}."
            raise ArgumentError(msg)
        return value

    return convert


def one_of(name: str, choices: Iterable[str]) -> Converter:
    """Return the converter of one word of several."""

    def convert(value: Any) -> str:
        checks = Checks(name)
        checks.one_of(name, value, choices)
        checks.done()
        return value

    return convert


def column(name: str, *, may_be_empty: bool = False) -> Converter:
    """Return the converter of a column's name; "" for no column where that is allowed."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or not (value or may_be_empty):
            msg = f"Expected {name} to be the name of a column; received {value!r}."
            raise ArgumentError(msg)
        return value

    return convert


def columns(name: str) -> Converter:
    """Return the converter of a column's name, or a list or dict of names."""

    def convert(value: Any) -> Any:
        names = leaves(value)
        if not names or not all(isinstance(one, str) and one for one in names):
            msg = f"Expected {name} to be a column, or a list or dict of columns; received {value!r}."
            raise ArgumentError(msg)
        return _as_lists(value)

    return convert


def trigger(name: str) -> Converter:
    """Return the converter of a trigger."""

    def convert(value: Any) -> Any:
        given = _restored(name, value)
        if not isinstance(given, Trigger):
            hint = f" Did you mean {given.__name__}(…)?" if isinstance(given, type) else ""
            msg = f"Expected {name} to be a trigger of zoo_lab.train, such as EveryEpoch(); received {given!r}.{hint}"
            raise ArgumentError(msg)
        return kept(given)

    return convert


def every_epoch(name: str) -> Converter:
    """Return the converter of the one trigger that validation has."""

    def convert(value: Any) -> Any:
        given = _restored(name, value)
        if given != EveryEpoch():
            msg = f"Expected {name} to be EveryEpoch(): validation follows each epoch; received {given!r}."
            raise ArgumentError(msg)
        return kept(given)

    return convert


def preprocessing(name: str) -> Converter:
    """Return the converter of steps, see `checked_preprocessing`."""
    return lambda value: kept(checked_preprocessing(name, _restored(name, value)))


def summary(name: str, kind: type[Summary]) -> Converter:
    """Return the converter of a summary."""

    def convert(value: Any) -> Any:
        given = _restored(name, value)
        if not isinstance(given, kind):
            msg = f"Expected {name} to be a {kind.__name__}(log_dir, app_name); received {given!r}."
            raise ArgumentError(msg)
        return kept(given)

    return convert


def optimizer(name: str) -> Converter:
    """Return the converter of a Keras optimizer or its name."""

    def convert(value: Any) -> Any:
        import keras

        given = _restored(name, value)
        try:
            known = given if isinstance(given, str) else None
            found = keras.optimizers.get(given) if known else given
        except ValueError as error:
            msg = f"Expected {name} to be a Keras optimizer or its name; received {value!r}."
            raise ArgumentError(msg) from error
        if not isinstance(found, keras.optimizers.Optimizer):
            msg = f"Expected {name} to be a Keras optimizer or its name; received {value!r}."
            raise ArgumentError(msg)
        return known or kept(given)

    return convert


def metrics(name: str) -> Converter:
    """Return the converter of a list of metrics."""

    def convert(value: Any) -> Any:
        from zoo_lab.nnframes.metrics import expect_metric

        given = _restored(name, value)
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        for one in given:
            expect_metric(one)
        return kept(given)

    return convert


def span(name: str) -> Converter:
    """Return the converter of a lowest and a highest number."""

    def convert(value: Any) -> list[float]:
        pair = list(value) if isinstance(value, (list, tuple)) else []
        numbers = [one for one in pair if isinstance(one, Real) and not isinstance(one, bool) and math.isfinite(one)]
        if len(pair) != 2 or len(numbers) != 2 or pair[0] > pair[1]:
            msg = f"Expected {name} to be a lowest and a highest number; received {value!r}."
            raise ArgumentError(msg)
        return [float(one) for one in pair]

    return convert


def _restored(name: str, value: Any) -> Any:
    try:
        return restored(value)
    except DataError as error:
        msg = f"{name}: {error}"
        raise ArgumentError(msg) from error


def _as_lists(nest: Any) -> Any:
    """Return columns as JSON would give them back."""
    if isinstance(nest, Mapping):
        return {str(key): _as_lists(item) for key, item in nest.items()}
    if isinstance(nest, (list, tuple)):
        return [_as_lists(item) for item in nest]
    return nest
