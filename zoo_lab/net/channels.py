"""One tensor of a net whose format has the channels first, while TensorFlow computes with the channels last.

Layers are put between only where a tensor is needed in the other order, and each once: pairs that undo each other
never arise.
"""

from __future__ import annotations

from typing import Any


class Value:
    """A symbolic tensor in one order of axes or in both.

    Attributes:
        first: (rows, channels, …), or None while nobody has asked for it.
        last: (rows, …, channels), likewise; the same tensor where there are fewer than three axes.
    """

    def __init__(self, *, first: Any = None, last: Any = None) -> None:
        known = first if first is not None else last
        self.rank = len(known.shape)
        self.dtype = known.dtype
        self.first = known if self.rank < 3 else first
        self.last = known if self.rank < 3 else last

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The lengths with the channels first; None for those left open."""
        if self.first is not None:
            return tuple(self.first.shape)
        return (self.last.shape[0], self.last.shape[-1], *self.last.shape[1:-1])

    def as_first(self) -> Any:
        """Return the tensor with the channels first."""
        if self.first is None:
            self.first = _permuted(self.last, [self.rank - 1, *range(1, self.rank - 1)], "channels_first")
        return self.first

    def as_last(self) -> Any:
        """Return the tensor with the channels last."""
        if self.last is None:
            self.last = _permuted(self.first, [*range(2, self.rank), 1], "channels_last")
        return self.last


def _permuted(tensor: Any, order: list[int], name: str) -> Any:
    import keras

    operation, node, index = tensor._keras_history  # unique: each output of each call is turned once
    number = f"_{index}" if index else ""
    again = f"_{node}" if node else ""
    # Its own type, so that Keras' default of float32 changes nothing.
    return keras.layers.Permute(order, name=f"{operation.name}{number}{again}_{name}", dtype=tensor.dtype)(tensor)
