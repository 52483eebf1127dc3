"""What layers know beside their weights: vocabularies, means, what was frozen. Runs on the driver and in executors.

Keras writes it into files next to the weights, and reads it back through the same methods; weights alone would leave a
Normalization layer without its mean and a StringLookup without its words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.errors import ModelError

_PLAIN = ("keras.src.layers.layer", "keras.src.layers.core.", "keras.src.layers.convolutional.", "keras.src.models.")


@dataclass(frozen=True)
class LayerState:
    """The state of one layer.

    Attributes:
        index: its place among all layers of the model, inner ones included.
        build: what builds it, as Keras describes that.
        variables: what it saves by itself, by name.
        files: its assets, by file name.
    """

    index: int
    build: dict[str, Any] | None
    variables: dict[str, np.ndarray] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def layer_states(model: Any) -> tuple[LayerState, ...]:
    """Return the state of each layer that saves it in a way of its own."""
    return tuple(
        LayerState(index, layer.get_build_config(), _variables_of(layer), _files_of(layer))
        for index, layer in _special_layers(model)
    )


def load_layer_states(model: Any, states: tuple[LayerState, ...]) -> None:
    """Give the layers of a model rebuilt from its config the states that `layer_states` found."""
    layers = dict(_special_layers(model))
    for state in states:
        if state.index not in layers:
            msg = (
                f"The model {model.name!r} cannot be rebuilt on the workers: its layer number {state.index} is made "
                "only when the model runs. Make all layers in __init__ or build()."
            )
            raise ModelError(msg)
        layer = layers[state.index]
        if not layer.built and state.build is not None:
            layer.build_from_config(state.build)
        layer.load_own_variables(state.variables)  # before the assets, as Keras does: some need them
        if state.files:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in state.files.items():
                    (Path(folder) / name).write_bytes(content)
                layer.load_assets(folder)


def trainable_flags(model: Any) -> tuple[bool, ...]:
    """Return for the model and each of its layers, outer before inner, whether it is to be trained."""
    return tuple(layer.trainable for layer in model._flatten_layers())


def set_trainable_flags(model: Any, flags: tuple[bool, ...]) -> None:
    """Freeze and free the layers of a rebuilt model; a subclassed model's config does not tell what was frozen."""
    layers = model._flatten_layers()
    if len(layers) == len(flags):  # else some are made only when the model runs
        for layer, flag in zip(layers, flags, strict=True):
            layer.trainable = flag


def _special_layers(model: Any) -> Iterator[tuple[int, Any]]:
    for index, layer in enumerate(model._flatten_layers(include_self=False)):
        loads_plainly = type(layer).load_own_variables.__module__.startswith(_PLAIN)
        if not loads_plainly or _has_assets(layer):
            yield index, layer


def _has_assets(layer: Any) -> bool:
    return callable(getattr(layer, "save_assets", None))


def _variables_of(layer: Any) -> dict[str, np.ndarray]:
    store: dict[str, Any] = {}
    layer.save_own_variables(store)
    return {name: np.asarray(value) for name, value in store.items()}


def _files_of(layer: Any) -> dict[str, bytes]:
    if not _has_assets(layer):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        layer.save_assets(folder)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}
