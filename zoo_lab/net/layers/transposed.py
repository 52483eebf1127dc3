"""Transposed convolution in groups, which Keras' Conv2DTranspose has not."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zoo_lab")
class TransposedConvolution2D(keras.layers.Layer):
    """Spread each number over a window, in groups of channels; shape (rows, height, width, channels).

    The output is (length - 1) · stride + dilation · (size - 1) + 1 + extra - 2 · padding long.

    Args:
        filters: channels of the output.
        size, strides, padding, dilation, extra: (height, width).
        groups: how many groups input and output channels are divided into.
        use_bias: add a learned number for each output channel.

    Source: `DeconvolutionLayer` of Caffe, `SpatialFullConvolution` of BigDL.
    """

    def __init__(
        self,
        filters: int,
        size: Any,
        strides: Any = (1, 1),
        padding: Any = (0, 0),
        *,
        dilation: Any = (1, 1),
        extra: Any = (0, 0),
        groups: int = 1,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.groups, self.use_bias = filters, groups, use_bias
        self.size, self.strides, self.padding = tuple(size), tuple(strides), tuple(padding)
        self.dilation, self.extra = tuple(dilation), tuple(extra)

    def build(self, input_shape: Any) -> None:
        shape = (*self.size, self.filters // self.groups, input_shape[-1])
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        pairs = zip(ops.split(inputs, self.groups, -1), ops.split(self.kernel, self.groups, -1), strict=True)
        parts = [self._spread(part, kernel) for part, kernel in pairs]
        full = parts[0] if self.groups == 1 else ops.concatenate(parts, -1)
        lengths = self.compute_output_shape(inputs.shape)[1:3]
        needed = [pad + length for pad, length in zip(self.padding, lengths, strict=True)]
        edges = [(0, max(need - length, 0)) for need, length in zip(needed, full.shape[1:3], strict=True)]
        full = ops.pad(full, ((0, 0), *edges, (0, 0))) if any(map(any, edges)) else full
        (top, left), (bottom, right) = self.padding, needed
        cut = full[:, top:bottom, left:right]
        return cut + self.bias if self.use_bias else cut

    def compute_output_shape(self, input_shape: Any) -> Any:
        axes = zip(input_shape[1:3], self.size, self.strides, self.padding, self.dilation, self.extra, strict=True)
        lengths = [
            (length - 1) * step + dilation * (size - 1) + 1 + extra - 2 * pad
            for length, size, step, pad, dilation, extra in axes
        ]
        return (input_shape[0], *lengths, self.filters)

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "size", "strides", "padding", "dilation", "extra", "groups", "use_bias")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _spread(self, inputs: Any, kernel: Any) -> Any:
        for axis, rate in enumerate(self.dilation):
            kernel = kernel if rate == 1 else _dilated(kernel, axis, rate)
        return ops.conv_transpose(inputs, kernel, self.strides, "valid", data_format="channels_last")


def _dilated(kernel: Any, axis: int, rate: int) -> Any:
    """Return the kernel with zeros between its numbers: TensorFlow dilates no transposed convolution on CPUs."""
    length = kernel.shape[axis]
    apart = ops.expand_dims(kernel, axis + 1)
    apart = ops.pad(apart, [(0, rate - 1 if one == axis + 1 else 0) for one in range(5)])
    shape = [rate * length if one == axis else size for one, size in enumerate(kernel.shape)]
    whole = ops.reshape(apart, shape)
    return ops.take(whole, range(rate * (length - 1) + 1), axis=axis)
