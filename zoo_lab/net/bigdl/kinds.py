"""Tells modules apart by their class in Java, of whatever version of BigDL or Analytics Zoo."""

from __future__ import annotations

from typing import Any

CONTAINERS = ("Graph", "Model", "Sequential", "StaticGraph", "DynamicGraph")
_GRAPHS = ("Graph", "Model", "StaticGraph", "DynamicGraph")


def kind_of(module: Any) -> str:
    """Return the class of a module without its package; "Wrapper" for a Keras-style layer around another module."""
    package, _, name = module.moduleType.rpartition(".")
    if not package.startswith("com.intel.analytics."):
        return module.moduleType
    if is_wrapper(module):
        return "Wrapper"
    # Modules that compute for TensorFlow's graphs share names with others.
    return f"{package.rpartition('.')[2]}.{name}" if package.endswith((".ops", ".tf", ".quantized")) else name


def is_wrapper(module: Any) -> bool:
    """Tell whether a module is a Keras-style layer or model, which holds what computes as its only module."""
    keras = ".keras." in module.moduleType or any(entry.key == "is_keras_module" for entry in module.attr)
    return keras and len(module.subModules) == 1


def is_graph(module: Any) -> bool:
    """Tell whether a module is a graph of others."""
    return kind_of(module) in _GRAPHS


def name_of(module: Any) -> str:
    """Return a module's name, or that which BigDL makes up."""
    return module.name or f"{module.moduleType.rpartition('.')[2]}{module.namePostfix}"
