"""Packs a compiled Keras model so that a worker can build it again, custom classes and functions included.

Architecture and compile settings travel by Keras' own serialization; classes and functions that the worker
cannot import (those of the notebook, or of files beside it) travel with it by value. Runs on the driver
(`pack`) and inside Spark executors (`unpack`).
"""

from __future__ import annotations

import copy
import importlib
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from zoo_lab.core.errors import ModelError
from zoo_lab.keras.layerstate import (
    LayerState,
    layer_states,
    load_layer_states,
    set_trainable_flags,
    trainable_flags,
)

_REPAIR = "Give every custom layer, model or loss a get_config() that returns its constructor's arguments."


@dataclass(frozen=True)
class ModelPackage:
    """A model on its way to the workers.

    Attributes:
        config: the model as Keras serialized it.
        compiled: its loss and metrics, and perhaps its optimizer; None without them.
        custom: its own classes, pickled by value.
        name: the model's name.
        states: what its layers know beside their weights.
        trainable: for the model and each of its layers whether it is trained.
    """

    config: dict[str, Any]
    compiled: dict[str, Any] | None
    custom: bytes
    name: str
    states: tuple[LayerState, ...] = ()
    trainable: tuple[bool, ...] = ()


def pack(model: Any, *, training: bool = True, optimizer: bool = False) -> ModelPackage:
    """Return the package of a built Keras model.

    Args:
        model: built.
        training: with its loss and metrics.
        optimizer: with its optimizer too, where workers make steps of their own.

    Raises `ModelError` saying what cannot be serialized and how to repair it.
    """
    import keras

    try:
        config = keras.saving.serialize_keras_object(model)
        compiled = _compile_config(model, optimizer) if training else None
    except (NotImplementedError, TypeError, ValueError) as error:
        msg = f"The model {model.name!r} ({type(model).__name__}) cannot be sent to the workers: {error}\n{_REPAIR}"
        raise ModelError(msg) from error
    config.pop("compile_config", None)
    custom = _custom_objects(model, config, compiled)
    known = layer_states(model), trainable_flags(model)
    return ModelPackage(config, compiled, _pickle_by_value(custom), model.name, *known)


def unpack(package: ModelPackage) -> tuple[Any, dict[str, Any] | None]:
    """Build the model anew; return it, not compiled, with its compile arguments (None if it had none)."""
    import keras
    from pyspark import cloudpickle

    custom = cloudpickle.loads(package.custom)
    config, compiled = copy.deepcopy((package.config, package.compiled))  # Keras takes them apart as it reads
    try:
        model = keras.saving.deserialize_keras_object(config, custom_objects=custom, safe_mode=False)
    except (TypeError, ValueError) as error:
        cause = str(error).strip().rsplit("Exception encountered: ", 1)[-1]  # Keras wraps it once for each level
        msg = (
            f"The model {package.name!r} cannot be built again on a worker: {cause}\n{_REPAIR} The constructor takes "
            "them, and passes **kwargs on to super().__init__()."
        )
        raise ModelError(msg) from error
    load_layer_states(model, package.states)
    set_trainable_flags(model, package.trainable)
    if compiled is not None:
        compiled = keras.saving.deserialize_keras_object(compiled, custom_objects=custom, safe_mode=False)
    return model, compiled


def _compile_config(model: Any, optimizer: bool) -> dict[str, Any] | None:
    if not model.compiled:
        return None
    config = model.get_compile_config()
    if config is None:
        msg = (
            "The model's compile() is its own, so its loss and metrics cannot be sent to the workers. "
            "Give the class get_compile_config() and compile_from_config(), or compile with Keras' own arguments."
        )
        raise ModelError(msg)
    return {key: value for key, value in config.items() if optimizer or key != "optimizer"}


def _custom_objects(model: Any, *configs: Any) -> dict[str, Any]:
    import keras

    layers = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
    given = _functions(model)
    found: dict[str, Any] = {}
    for entry in (entry for config in configs for entry in _entries(config)):
        name = entry["config"] if entry["class_name"] == "function" else entry["class_name"]
        registered = entry.get("registered_name")
        thing = layers.get(name) or given.get(name) or keras.saving.get_registered_object(registered or name)
        thing = thing or _attribute(entry.get("module"), name)
        if thing is None:
            msg = (
                f"The model uses {name!r}, which cannot be found to send it to the workers. "
                "Define it at the top level of the notebook or module, or decorate it with "
                "@keras.saving.register_keras_serializable()."
            )
            raise ModelError(msg)
        found.update({key: thing for key in (name, registered) if key})
    return found


def _functions(model: Any) -> dict[str, Any]:
    """Return the functions that layers, losses and metrics hold, by the name that is all Keras writes down of them."""
    import keras

    compiled = getattr(model, "_compile_metrics", None)
    metrics = [getattr(compiled, "_user_metrics", None), getattr(compiled, "_user_weighted_metrics", None)]
    holders = [*model._flatten_layers(), *keras.tree.flatten([getattr(model, "loss", None), *metrics])]
    held = (item for holder in holders for item in (holder, *getattr(holder, "__dict__", {}).values()))
    return {item.__name__: item for item in held if isinstance(item, FunctionType)}


def _entries(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every serialized object of `config` that is not Keras' own."""
    if isinstance(config, Mapping):
        if isinstance(config.get("class_name"), str) and "config" in config and _is_custom(config):
            yield dict(config)
        for value in config.values():
            yield from _entries(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _entries(value)


def _is_custom(entry: Mapping[str, Any]) -> bool:
    """Tell what Keras cannot find by itself: it writes its own functions as names and its own classes unregistered."""
    if entry["class_name"] == "function":
        return isinstance(entry["config"], str)
    module = entry.get("module") or ""
    return entry.get("registered_name") is not None and module != "keras" and not module.startswith("keras.")


def _attribute(module: str | None, name: str) -> Any:
    if module in (None, "builtins"):
        module = "__main__"
    try:
        return getattr(sys.modules.get(module) or importlib.import_module(module), name, None)
    except ImportError:
        return None


def _pickle_by_value(custom: dict[str, Any]) -> bytes:
    from pyspark import cloudpickle

    modules = {sys.modules.get(thing.__module__) for thing in custom.values() if hasattr(thing, "__module__")}
    local = [module for module in modules if module is not None and _is_local(module)]
    for module in local:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(custom)
    except Exception as error:
        msg = (
            f"The custom classes {sorted(custom)} of the model cannot be sent to the workers: {error}\n"
            "They refer to something that cannot be pickled, such as an open file or a lock; create it in __init__ or "
            "call()."
        )
        raise ModelError(msg) from error
    finally:
        for module in local:
            cloudpickle.unregister_pickle_by_value(module)


def _is_local(module: ModuleType) -> bool:
    """Tell whether a module is a file of the user's, which workers elsewhere cannot import."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__" or module.__name__.split(".")[0] == "zoo_lab":
        return False
    installed = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sysconfig.get_path("stdlib"))
    return not file.startswith(installed)
