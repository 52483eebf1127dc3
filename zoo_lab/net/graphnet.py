"""GraphNet: a loaded model, cut and frozen by the names of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from zoo_lab.core.errors import ModelError
from zoo_lab.keras import graph
from zoo_lab.net.onnx import operation as _onnx  # noqa: F401 - registers its layer, so that saved nets load


@keras.saving.register_keras_serializable(package="zoo_lab")
class GraphNet(keras.Model):
    """A Functional Keras model with the predecessor's surgery; everything else is `keras.Model`.

    `Net.load_…` makes it, or `GraphNet.of(model)` from any Functional or Sequential model. A saved GraphNet loads
    where zoo_lab.net is imported; `to_keras().save(…)` writes a file that needs only Keras.

    Example:
        >>> features = Net.load_keras("lenet.keras").new_graph(["flatten"])            # doctest: +SKIP
        >>> features.freeze_up_to(["pool1"])                                           # doctest: +SKIP
    """

    # Keras saves a subclass by its layers only where the constructor takes exactly these.
    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)

    @classmethod
    def of(cls, model: Any) -> GraphNet:
        """Return a GraphNet of the same layers and weights; raises `ModelError` for a model without a graph."""
        if not getattr(model, "outputs", None):
            msg = (
                f"Expected a Functional or Sequential model; {model.name!r} ({type(model).__name__}) has no graph of "
                "layers. Load it with keras.saving.load_model and train it as it is."
            )
            raise ModelError(msg)
        return cls(*_ends(model), name=model.name)

    def new_graph(self, outputs: str | Sequence[str]) -> GraphNet:
        """Return the model from the inputs to the outputs of the named layers; see `zoo_lab.keras.new_graph`."""
        return GraphNet.of(graph.new_graph(self, _as_in_keras(outputs)))

    def freeze_up_to(self, names: str | Sequence[str]) -> GraphNet:
        """Freeze the named layers and all before them; return self. See `zoo_lab.keras.freeze_up_to`."""
        graph.freeze_up_to(self, _as_in_keras(names))
        return self

    def unfreeze(self, names: str | Sequence[str] | None = None) -> GraphNet:
        """Make the named layers, default all, trainable again; return self. See `zoo_lab.keras.unfreeze`."""
        graph.unfreeze(self, None if names is None else _as_in_keras(names))
        return self

    def to_keras(self) -> keras.Model:
        """Return a plain `keras.Model` of the same layers and weights."""
        return keras.Model(*_ends(self), name=self.name)


def _as_in_keras(names: str | Sequence[str]) -> list[str]:
    """Return names of layers that may be those of a foreign file: Keras allows no slash in them."""
    return [name.replace("/", "_") for name in ([names] if isinstance(names, str) else names)]


def _ends(model: Any) -> tuple[Any, Any]:
    """Return inputs and outputs in the structure in which the model takes and gives them."""
    functional = getattr(model, "_functional", None) or model  # inside a Sequential
    return functional._inputs_struct, functional._outputs_struct
