"""Blobs: tensors of files that put channels first, while Keras computes with channels last.

TensorFlow convolves on CPUs with channels last only, so a graph is turned once where it needs it, and back where the
file's order of numbers matters (flattening, the model's outputs). A blob knows both forms and makes each at most once.
"""

from __future__ import annotations

import re
from typing import Any

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


class Blob:
    """One tensor of the file, shape (rows, channels, height, width) or any other without a layout.

    Args:
        name: of the layer that made it, for the layers that turn it.
        tensor: as Keras has it.
        channels_last: the tensor is (rows, height, width, channels).
    """

    def __init__(self, name: str, tensor: Any, channels_last: bool = False) -> None:
        self.name, self.tensor, self.channels_last = name, tensor, channels_last
        self._other: Blob | None = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        """As the file counts its axes, rows included."""
        shape = tuple(self.tensor.shape)
        return tuple(shape[axis] for axis in _TO_FIRST) if self.channels_last else shape

    def axis(self, axis: int) -> int:
        """Return where an axis of the file lies in the tensor."""
        axis = axis % len(self.shape)
        return _TO_LAST.index(axis) if self.channels_last else axis

    def by_axis(self, values: Any) -> tuple[Any, ...]:
        """Return values given for each axis of the file but the rows in the order of the tensor's axes."""
        return tuple(values[axis - 1] for axis in _TO_LAST[1:]) if self.channels_last else tuple(values)

    def plain(self) -> Blob:
        """Return it in the file's own order of axes."""
        return self._turned("channels_first", (3, 1, 2)) if self.channels_last else self

    def last(self) -> Blob:
        """Return it with channels last, where it has height and width."""
        return self if self.channels_last or len(self.shape) != 4 else self._turned("channels_last", (2, 3, 1))

    def of(self, name: str, tensor: Any) -> Blob:
        """Return a blob of another tensor in the same layout."""
        return Blob(name, tensor, self.channels_last and len(tensor.shape) == 4)

    def _turned(self, layout: str, axes: tuple[int, ...]) -> Blob:
        if self._other is None:
            import keras

            turn = keras.layers.Permute(axes, name=keras_name(f"{self.name}_{layout}"))
            self._other = Blob(self.name, turn(self.tensor), not self.channels_last)
            self._other._other = self
        return self._other


def alike(blobs: list[Blob]) -> list[Blob]:
    """Return blobs in one layout: channels last if one of them is."""
    if any(blob.channels_last for blob in blobs):
        return [blob.last() for blob in blobs]
    return blobs


def keras_name(name: str) -> str:
    """Return a layer's name as Keras takes it: letters, digits and `_.-`, others become `_`.

    Example:
        >>> keras_name("inception_3a/1x1")
        'inception_3a_1x1'
    """
    cleaned = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return cleaned if re.match(r"[A-Za-z0-9.]", cleaned) else f"layer{cleaned}"


def alone(tensors: list[Any]) -> Any:
    """Return the only one of several tensors, or all of them."""
    return tensors[0] if len(tensors) == 1 else tensors
