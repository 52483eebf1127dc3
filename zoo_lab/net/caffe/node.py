"""One layer of a Caffe network on its way to Keras: what builders ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import WeightsError, refuse


@dataclass(frozen=True)
class Node:
    """A layer with what it takes.

    Attributes:
        layer: the message.
        name: free in the model.
        bottoms: its inputs.
        arrays: its blobs.
        batch: the rows that the file counts, for shapes that name them.
    """

    layer: Any
    name: str
    bottoms: list[Blob]
    arrays: list[np.ndarray]
    batch: int

    @property
    def bottom(self) -> Blob:
        """The only input, or the first."""
        if not self.bottoms:
            refuse("expected an input; received none")
        return self.bottoms[0]

    def array(self, index: int, shape: Sequence[int]) -> np.ndarray:
        """Return a blob in the expected shape; older files have ones before it."""
        shape = tuple(shape)
        if index >= len(self.arrays):
            msg = f"expected blob {index} of shape {shape}; the weights have none"
            raise WeightsError(msg)
        array = self.arrays[index]
        if [length for length in array.shape if length != 1] != [length for length in shape if length != 1]:
            msg = f"expected blob {index} of shape {shape}; received {array.shape}"
            raise WeightsError(msg)
        return array.reshape(shape)

    def apply(self, layer: Any, bottom: Blob, weights: Sequence[np.ndarray] = ()) -> Blob:
        """Return the blob that a Keras layer makes of another in its layout; the layer gets its weights."""
        made = bottom.of(self.layer.name, layer(bottom.tensor))
        if weights:
            layer.set_weights(list(weights))
        return made

    def padded(self, bottom: Blob, padding: tuple[int, int]) -> Blob:
        """Return a blob with zeros around its height and width."""
        import keras

        if not any(padding):
            return bottom
        height, width = padding
        return self.apply(keras.layers.ZeroPadding2D(((height,) * 2, (width,) * 2), name=f"{self.name}_pad"), bottom)


def pair(param: Any, name: str, default: int | None) -> tuple[int, int]:
    """Return (height, width) of a parameter that is given once, twice, or as `…_h` and `…_w`."""
    short = name.removesuffix("_size")
    fields = param.DESCRIPTOR.fields_by_name
    if f"{short}_h" in fields and (param.HasField(f"{short}_h") or param.HasField(f"{short}_w")):
        return getattr(param, f"{short}_h"), getattr(param, f"{short}_w")
    value = getattr(param, name)
    given = list(value) if not isinstance(value, int) else [value] * param.HasField(name)
    if not given and default is not None:
        given = [default]
    if len(given) not in (1, 2) or (0 in given and name != "pad"):
        refuse(f"expected {name} for height and width; received {given or 'none'}")
    return given[0], given[-1]
