"""Checks the description of a model before Keras builds anything from it: no code, no unknown classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zoo_lab.core.errors import ModelError

_WITH_CODE = {
    "Lambda": "Python code",
    "__lambda__": "Python code",
    "FlaxLayer": "a JAX program",
    "JaxLayer": "a JAX program",
    "TFSMLayer": "a TensorFlow program",
    "TorchModuleWrapper": "a pickled PyTorch module",
}


def expect_safe(source: str, config: Any, custom_objects: Mapping[str, Any]) -> None:
    """Raise `ModelError` if a model brings code along or needs classes that are not known here.

    Args:
        source: the file, for messages.
        config: the model as Keras described it.
        custom_objects: classes and functions that may be used beside Keras' own.
    """
    entries = list(_entries(config))
    code = {_label(entry): _WITH_CODE[entry["class_name"]] for entry in entries if entry["class_name"] in _WITH_CODE}
    if code:
        listed = ", ".join(f"{name} ({what})" for name, what in code.items())
        msg = (
            f"{source}: expected layers that run no code of the file; received {listed}. Put what they compute into a "
            "layer class of your own, save the model again, and load it with custom_objects={name: class}."
        )
        raise ModelError(msg)
    unknown = sorted({entry["class_name"] for entry in entries if not _is_known(entry, custom_objects)})
    if unknown:
        msg = (
            f"{source}: the model uses {', '.join(unknown)}, which Keras does not have. "
            f"Load it with custom_objects={{{unknown[0]!r}: …}}, giving each class or function."
        )
        raise ModelError(msg)


def _entries(config: Any) -> Iterator[Mapping[str, Any]]:
    """Yield everything in a description that names a class."""
    if isinstance(config, Mapping):
        if isinstance(config.get("class_name"), str):
            yield config
        for value in config.values():
            yield from _entries(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _entries(value)


def _label(entry: Mapping[str, Any]) -> str:
    config = entry.get("config")
    name = config.get("name") if isinstance(config, Mapping) else None
    return repr(name) if name else entry["class_name"]


def _is_known(entry: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> bool:
    import keras

    module = entry.get("module")
    if module is None or module in ("builtins", "keras") or module.startswith("keras."):
        return True  # Keras itself refuses what is none of its own
    if module.startswith("zoo_lab.net."):
        import zoo_lab.net.graphnet  # noqa: F401 - it registers the layers of this package

    names = (entry["class_name"], entry.get("registered_name"))
    return any(name in custom_objects or keras.saving.get_registered_object(name) for name in names if name)
