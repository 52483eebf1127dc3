"""One module of BigDL on its way to Keras: what builders ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo_lab.net.bigdl.reader import Weights, attributes
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import WeightsError, refuse

_NCHW = 0
_REQUIRED = object()


@dataclass(frozen=True)
class Node:
    """A module with what it takes.

    Attributes:
        module: the message.
        name: free in the model.
        value: its input, a blob or, for a table, a list of values.
        weights: those of the model.
        shared: module's id → layer, for modules that are used more than once.
    """

    module: Any
    name: str
    value: Any
    weights: Weights
    shared: dict[int, Any]
    _attributes: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_attributes", attributes(self.module))

    @property
    def blob(self) -> Blob:
        """The only input."""
        if not isinstance(self.value, Blob):
            refuse(f"expected one tensor; received a table of {len(self.value)}")
        return self.value

    @property
    def blobs(self) -> list[Blob]:
        """The inputs, of a table without tables inside."""
        if isinstance(self.value, Blob) or not all(isinstance(part, Blob) for part in self.value):
            refuse(
                "expected a table of tensors; received " + ("one" if isinstance(self.value, Blob) else "tables in it")
            )
        return self.value

    def get(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an attribute; other versions of BigDL may not write those with a default."""
        value = self._attributes.get(name)
        if value is None and default is _REQUIRED:
            refuse(f"expected the attribute {name}; received {', '.join(sorted(self._attributes))}")
        return default if value is None else value

    def pair(self, height: str, width: str, default: Any = _REQUIRED) -> tuple[int, int]:
        """Return two attributes as (height, width)."""
        return self.get(height, default), self.get(width, default)

    def on_image(self, build: Callable[[Blob], Blob], layout: str = "format") -> Blob:
        """Return what `build` makes of the input with channels last, whichever way the module has it."""
        if len(self.blob.shape) != 4:
            refuse(f"expected rows, channels, height and width; received shape {self.blob.shape}")
        if not self.get(layout, _NCHW):
            return build(self.blob.last())
        # With NHWC the tensor as it is has its channels last, and so has what comes out.
        made = build(Blob(self.blob.name, self.blob.plain().tensor, channels_last=True))
        return Blob(made.name, made.tensor)

    def array(self, index: int, shape: Sequence[int]) -> np.ndarray:
        """Return a weight (0) or bias (1) in the expected shape."""
        tensors = list(self.module.parameters)
        if not tensors:
            tensors = [part for part in (self.module.weight, self.module.bias) if part.size]
        return self._fitting(tensors[index] if index < len(tensors) else None, f"weights {index}", shape)

    def tensor(self, name: str, shape: Sequence[int]) -> np.ndarray:
        """Return a tensor that is an attribute, in the expected shape."""
        return self._fitting(self.get(name, None), name, shape)

    def apply(self, layer: Any, blob: Blob, weights: Sequence[np.ndarray] = ()) -> Blob:
        """Return the blob that a Keras layer makes of another in its layout; the layer gets its weights."""
        if weights and self.module.id:
            layer = self.shared.setdefault(self.module.id, layer)
        made = blob.of(self.name, layer(blob.tensor))
        if weights:
            layer.set_weights(list(weights))
        return made

    def _fitting(self, tensor: Any, what: str, shape: Sequence[int]) -> np.ndarray:
        shape = tuple(shape)
        try:
            array = None if tensor is None else self.weights.array(tensor)
        except ValueError as error:
            msg = f"expected {what} of shape {shape}; received {error}"
            raise WeightsError(msg) from error
        if array is None:
            msg = f"expected {what} of shape {shape}; the file has none. Were they saved beside it, as weight_path?"
            raise WeightsError(msg)
        if [length for length in array.shape if length != 1] != [length for length in shape if length != 1]:
            msg = f"expected {what} of shape {shape}; received {array.shape}"
            raise WeightsError(msg)
        return array.reshape(shape)
