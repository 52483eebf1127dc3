"""Normalizations by neighbours that Keras has no layers for; shape (rows, height, width, channels)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="zoo_lab")
class LocalResponseNormalization(keras.layers.Layer):
    """Divide by (k + alpha / n · sum of n squares around it) ** beta, around it in channels or in its own channel.

    Args:
        size: n, channels, or the side of a square of n · n numbers.
        alpha, beta, k: see there.
        within_channel: a square of the same channel instead of neighbouring channels; zeros lie around the image.

    Source: Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks (2012), section 3.3;
    `LRNLayer` of Caffe, `SpatialCrossMapLRN` and `SpatialWithinChannelLRN` of BigDL.
    """

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1.0,
        beta: float = 0.75,
        k: float = 1.0,
        within_channel: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k, self.within_channel = size, alpha, beta, k, within_channel

    def call(self, inputs: Any) -> Any:
        squares = ops.square(inputs)
        mean = self._square(squares) if self.within_channel else self._band(squares)
        return inputs * ops.power(self.k + self.alpha * mean, -self.beta)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        names = ("size", "alpha", "beta", "k", "within_channel")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _band(self, squares: Any) -> Any:
        channels = np.arange(squares.shape[-1])
        distance = channels[:, None] - channels[None]
        before = (self.size - 1) // 2
        band = (distance >= -before) & (distance < self.size - before)
        return ops.matmul(squares, band.astype(np.float32) / self.size)

    def _square(self, squares: Any) -> Any:
        before = (self.size - 1) // 2
        edges = (before, self.size - 1 - before)
        padded = ops.pad(squares, ((0, 0), edges, edges, (0, 0)))
        return ops.average_pool(padded, self.size, 1, "valid", data_format="channels_last")


@keras.saving.register_keras_serializable(package="zoo_lab")
class L2Normalization(keras.layers.Layer):
    """Divide by the root of epsilon + the sum of squares over channels, then multiply with learned numbers.

    Args:
        across_spatial: sum over the whole image instead of each place.
        channel_shared: one learned number instead of one for each channel.
        epsilon: added to the sum.

    Source: `NormalizeLayer` of Caffe's SSD branch; Liu et al., ParseNet (2015).
    """

    def __init__(
        self, across_spatial: bool = True, channel_shared: bool = True, epsilon: float = 1e-10, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.across_spatial, self.channel_shared, self.epsilon = across_spatial, channel_shared, epsilon

    def build(self, input_shape: Any) -> None:
        count = 1 if self.channel_shared else input_shape[-1]
        self.scale = self.add_weight(shape=(count,), initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        axes = tuple(range(1, len(inputs.shape))) if self.across_spatial else (-1,)
        total = ops.sum(ops.square(inputs), axis=axes, keepdims=True)
        return inputs / ops.sqrt(total + self.epsilon) * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        names = ("across_spatial", "channel_shared", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
