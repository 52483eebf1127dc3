"""Layers that pick and sum along axes; axes count the tensor's own, rows being 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zoo_lab")
class Slice(keras.layers.Layer):
    """Keep a part of every axis but the rows.

    Args:
        starts, stops: for each of these axes the first number kept and the one after the last.

    Source: `SliceLayer` and `CropLayer` of Caffe; `Narrow` of BigDL.
    """

    def __init__(self, starts: Sequence[int], stops: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.starts, self.stops = tuple(starts), tuple(stops)

    def call(self, inputs: Any) -> Any:
        parts = tuple(slice(start, stop) for start, stop in zip(self.starts, self.stops, strict=True))
        return inputs[(slice(None), *parts)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(stop - start for start, stop in zip(self.starts, self.stops, strict=True)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "starts": self.starts, "stops": self.stops}


@keras.saving.register_keras_serializable(package="zoo_lab")
class Reduction(keras.layers.Layer):
    """Reduce axes to one number.

    Args:
        operation: "sum", "asum" (of absolute values), "sumsq" (of squares), "mean", "max" or "min".
        axes: of the tensor, without rows.
        coefficient: what the result is multiplied with.
        keepdims: leave the axes with length 1.

    Source: `ReductionLayer` of Caffe; `Sum`, `Mean` and `Max` of BigDL.
    """

    def __init__(
        self, operation: str, axes: Sequence[int], coefficient: float = 1.0, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.operation, self.axes, self.coefficient, self.keepdims = operation, tuple(axes), coefficient, keepdims

    def call(self, inputs: Any) -> Any:
        prepare, reduce = _OPERATIONS[self.operation]
        reduced = reduce(prepare(inputs), axis=self.axes, keepdims=self.keepdims)
        return reduced if self.coefficient == 1 else reduced * self.coefficient

    def get_config(self) -> dict[str, Any]:
        names = ("operation", "axes", "coefficient", "keepdims")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


_OPERATIONS = {
    "sum": (lambda x: x, ops.sum),
    "asum": (ops.absolute, ops.sum),
    "sumsq": (ops.square, ops.sum),
    "mean": (lambda x: x, ops.mean),
    "max": (lambda x: x, ops.max),
    "min": (lambda x: x, ops.min),
}


@keras.saving.register_keras_serializable(package="zoo_lab")
class WholeReshape(keras.layers.Layer):
    """Reshape the whole tensor, rows included: the result may have other rows.

    Args:
        shape: with rows; one length may be -1.

    Source: `InferReshape` of BigDL without `batchMode`.
    """

    def __init__(self, shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, self.shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (None, *self.shape[1:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shape": self.shape}


@keras.saving.register_keras_serializable(package="zoo_lab")
class ArgMax(keras.layers.Layer):
    """Return the places of the largest numbers, as float32, the largest first.

    Args:
        axis: of the tensor, along which to look; the result has `top_k` numbers there. None: over the whole row, with
            the result (rows, 1, top_k), or (rows, 2, top_k) with the numbers themselves.
        top_k: how many.
        values: with an axis the numbers instead of their places; without one both.

    Source: `ArgMaxLayer` of Caffe.
    """

    def __init__(self, axis: int | None = None, top_k: int = 1, values: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis, self.top_k, self.values = axis, top_k, values

    def call(self, inputs: Any) -> Any:
        if self.axis is None:
            flat = ops.reshape(inputs, (ops.shape(inputs)[0], -1))
            numbers, places = ops.top_k(flat, self.top_k)
            both = [ops.cast(places, inputs.dtype)] + [numbers] * self.values
            return ops.stack(both, axis=1)
        numbers, places = ops.top_k(ops.moveaxis(inputs, self.axis, -1), self.top_k)
        return ops.moveaxis(numbers if self.values else ops.cast(places, inputs.dtype), -1, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis, "top_k": self.top_k, "values": self.values}
