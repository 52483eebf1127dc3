"""Pooling whose windows may reach over the edge, as in Caffe, Torch7 and BigDL."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_LOWEST = float(np.finfo(np.float32).min)


@keras.saving.register_keras_serializable(package="zoo_lab")
class Pooling2D(keras.layers.Layer):
    """Pool over windows, their number rounded up or down; shape (rows, height, width, channels), fixed.

    Args:
        method: "max" or "average".
        size, strides, padding: (height, width); the padding lies on both sides.
        ceil: round the number of windows up; a last one that would begin beyond the padding is left out.
        count_padding: divide averages by the numbers in the window and the padding, else by those in the image.

    Source: `PoolingLayer` of Caffe; `SpatialMaxPooling` and `SpatialAveragePooling` of BigDL.
    """

    def __init__(
        self,
        method: str,
        size: Any,
        strides: Any,
        padding: Any = (0, 0),
        *,
        ceil: bool = True,
        count_padding: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.method, self.ceil, self.count_padding = method, ceil, count_padding
        self.size, self.strides, self.padding = tuple(size), tuple(strides), tuple(padding)

    def call(self, inputs: Any) -> Any:
        spans = [self._span(axis, inputs.shape[axis + 1]) for axis in (0, 1)]
        edges = [(pad, max((count - 1) * step + size - length - pad, 0)) for count, length, size, step, pad in spans]
        value = _LOWEST if self.method == "max" else 0.0
        padded = ops.pad(inputs, ((0, 0), *edges, (0, 0)), constant_values=value) if np.any(edges) else inputs
        pool = ops.max_pool if self.method == "max" else ops.average_pool
        pooled = pool(padded, self.size, self.strides, "valid", data_format="channels_last")
        if self.method == "max":
            return pooled
        counts = np.outer(*(self._counts(*span) for span in spans))
        share = np.prod(self.size) / counts
        return pooled if (share == 1).all() else pooled * share[:, :, None].astype(np.float32)

    def compute_output_shape(self, input_shape: Any) -> Any:
        counts = [self._span(axis, input_shape[axis + 1])[0] for axis in (0, 1)]
        return (input_shape[0], *counts, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        names = ("method", "size", "strides", "padding", "ceil", "count_padding")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _span(self, axis: int, length: int) -> tuple[int, int, int, int, int]:
        """Return the number of windows, then length, size, step and padding along an axis."""
        size, step, pad = self.size[axis], self.strides[axis], self.padding[axis]
        room = length + 2 * pad - size
        count = (-(-room // step) if self.ceil else room // step) + 1
        if (count - 1) * step >= length + pad:
            count -= 1
        return count, length, size, step, pad

    def _counts(self, count: int, length: int, size: int, step: int, pad: int) -> np.ndarray:
        starts = np.arange(count) * step - pad
        if self.count_padding:
            return np.minimum(starts + size, length + pad) - starts
        return np.minimum(starts + size, length) - np.maximum(starts, 0)
