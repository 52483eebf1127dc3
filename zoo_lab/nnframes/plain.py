"""Turns what a parameter holds into plain JSON values, and such values into objects again. No code comes from a file.

Objects are written as the name of a public class and its arguments, and only classes listed here are ever made of
that: the steps of zoo_lab.feature, triggers and summaries. Keras' own objects are left to Keras' own format.
"""

from __future__ import annotations

import base64
import copy
import functools
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError, DataError, ModelError, ZooLabError

_PACKAGES = ("zoo_lab.feature", "zoo_lab.feature.image", "zoo_lab.feature.image3d", "zoo_lab.train")
_ARRAYS = "fiub"


class NotPlainError(ZooLabError, TypeError):
    """A value has no plain form: it can be used, but not be saved."""


@functools.cache
def known_classes() -> dict[str, type]:
    """Return the classes whose objects can be written down, by name."""
    from zoo_lab.core.triggers import AllOf, AnyOf, Trigger
    from zoo_lab.feature.preprocessing import Preprocessing
    from zoo_lab.train.summary import Summary

    kinds = (Preprocessing, Trigger, Summary)
    packages = [importlib.import_module(name) for name in _PACKAGES]
    offered = [getattr(package, name) for package in packages for name in package.__all__]
    found = [one for one in (*offered, AllOf, AnyOf) if isinstance(one, type) and issubclass(one, kinds)]
    return {one.__name__: one for one in found if not inspect.isabstract(one)}


def plain(value: Any) -> Any:
    """Return a value as JSON values, from which `restored` makes an equal one.

    Raises `NotPlainError` naming what has no such form, and what to do.

    Example:
        >>> from zoo_lab.feature import Scale
        >>> plain(Scale(0.5))
        {'class': 'Scale', 'arguments': {'factor': 0.5, 'offset': 0.0}}
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.generic, np.ndarray)):
        return value.item() if isinstance(value, np.generic) else _plain_array(value)
    if isinstance(value, (list, tuple, Mapping)):
        return _plain_nest(value)
    if known_classes().get(type(value).__name__) is type(value):
        return {"class": type(value).__name__, "arguments": {k: plain(v) for k, v in _arguments(value).items()}}
    return _plain_keras(value)


def restored(value: Any) -> Any:
    """Return what `plain` has written down; anything else comes back as it is.

    Raises `DataError` for a class that is not known here, or Keras' own error for one that Keras does not know.
    """
    if isinstance(value, list):
        return [restored(item) for item in value]
    read = _READERS.get(frozenset(value)) if isinstance(value, Mapping) else None
    return value if read is None else read(value)


def kept(value: Any) -> Any:
    """Return the plain form of a value if it has one, else the value: it can be used, though not be saved."""
    try:
        return plain(value)
    except NotPlainError:
        return value


def _arguments(thing: Any) -> dict[str, Any]:
    """Return the constructor's arguments of an object: all known classes keep each under its own name."""
    try:
        return {name: getattr(thing, name) for name in inspect.signature(type(thing)).parameters}
    except AttributeError as error:
        msg = f"Expected {type(thing).__name__} to keep its arguments as attributes; {error}."
        raise NotPlainError(msg) from error


def _plain_nest(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {"dict": [[plain(key), plain(item)] for key, item in value.items()]}
    items = [plain(item) for item in value]
    return {"tuple": items} if isinstance(value, tuple) else items


def _restored_object(value: Mapping[str, Any]) -> Any:
    name = value["class"]
    if name not in known_classes():
        msg = f"Expected a step, trigger or summary of zoo_lab; received {name!r}, which this version does not have."
        raise DataError(msg)
    return known_classes()[name](**{key: restored(item) for key, item in value["arguments"].items()})


def _plain_array(array: np.ndarray) -> dict[str, Any]:
    if array.dtype.kind not in _ARRAYS:
        msg = f"Expected arrays of numbers; received {array.dtype}."
        raise NotPlainError(msg)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {"array": data, "dtype": array.dtype.str, "shape": list(array.shape)}


def _restored_array(value: Mapping[str, Any]) -> np.ndarray:
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in _ARRAYS:
        msg = f"Expected an array of numbers; received {dtype}."
        raise DataError(msg)
    return np.frombuffer(base64.b64decode(value["array"]), dtype).reshape(value["shape"]).copy()


def _plain_keras(value: Any) -> dict[str, Any]:
    """Return one of Keras' objects in Keras' own format, if Keras can read it again."""
    import keras

    if not isinstance(value, (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)):
        msg = f"Expected a part of zoo_lab or Keras; received {_told(value)}, which can be used but not be saved."
        raise NotPlainError(msg)
    try:
        config = keras.saving.serialize_keras_object(value)
        _restored_keras(config)
    except (TypeError, ValueError, NotImplementedError, ModelError) as error:
        msg = (
            f"{_told(value)} can be used but not be saved: Keras could not read it again. Give its class a "
            "get_config() and decorate it with @keras.saving.register_keras_serializable()."
        )
        raise NotPlainError(msg) from error
    return {"keras": config}


def _restored_keras(config: Any) -> Any:
    import keras

    from zoo_lab.net.architecture import expect_safe

    importlib.import_module("zoo_lab.nnframes.criteria")  # registers its losses with Keras
    expect_safe("a saved parameter", config, {})
    return keras.saving.deserialize_keras_object(copy.deepcopy(config), safe_mode=True)  # it takes them apart


_READERS = {
    frozenset({"class", "arguments"}): _restored_object,
    frozenset({"keras"}): lambda value: _restored_keras(value["keras"]),
    frozenset({"array", "dtype", "shape"}): _restored_array,
    frozenset({"tuple"}): lambda value: tuple(map(restored, value["tuple"])),
    frozenset({"dict"}): lambda value: {restored(key): restored(item) for key, item in value["dict"]},
}


def _told(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def expect_plain(where: str, values: Mapping[str, Any]) -> None:
    """Raise `ArgumentError` listing the values that cannot be saved."""
    problems = []
    for name, value in values.items():
        try:
            plain(restored(value))
        except NotPlainError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ArgumentError.listing(where, problems)
