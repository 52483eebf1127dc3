"""Resize and Upsample: along one axis after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.operators.shapes import length_of
from zoo_lab.net.onnx.table import CHANNELS, operator

_POSITIONS = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric")


def _limits(node: Any) -> str:
    given = node.attributes
    position = given.get("coordinate_transformation_mode", "half_pixel")
    if position not in _POSITIONS:
        return f"coordinate_transformation_mode={position}"
    if given.get("antialias"):
        return "antialias"
    if given.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        return f"keep_aspect_ratio_policy={given['keep_aspect_ratio_policy']}"
    return ""


@operator("Upsample", layout=CHANNELS)
def upsample(call: Call, x: Any, scales: Any = None) -> Any:
    """Enlarge by factors, as ONNX did up to opset 9."""
    scales = np.array(call.get("scales")) if scales is None else scales
    return _resized(call, x, _spatial(scales, x, call), None, "asymmetric", "floor")


@operator("Resize", layout=CHANNELS, limits=_limits)
def resize(call: Call, x: Any, *given: Any) -> Any:
    """Enlarge or shrink by factors, or to sizes."""
    if call.opset < 11:
        return _resized(call, x, _spatial(given[0], x, call), None, "asymmetric", "floor")
    scales, sizes = ([*given, None, None, None])[1:3]
    scales = None if scales is None or scales.shape[0] == 0 else _spatial(scales, x, call)
    sizes = None if sizes is None else _spatial(sizes, x, call)
    position = call.get("coordinate_transformation_mode", "half_pixel")
    return _resized(call, x, scales, sizes, position, call.get("nearest_mode", "round_prefer_floor"))


def _spatial(values: Any, x: Any, call: Call) -> list[Any]:
    """Return the value of each spatial axis, None where there is none; `values` are by ONNX' order of axes."""
    rank = tf.convert_to_tensor(x).shape.rank
    axes = call.get("axes")
    axes = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    by_axis = {axis: values[i] for i, axis in enumerate(axes)}
    return [by_axis.get(axis) for axis in range(2, rank)]


def _resized(call: Call, x: Any, scales: Any, sizes: Any, position: str, nearest: str) -> Any:
    mode = call.get("mode", "nearest")
    for i in range(tf.convert_to_tensor(x).shape.rank - 2):
        length = length_of(x, i + 1)
        size, scale = sizes[i] if sizes is not None else None, scales[i] if scales is not None else None
        if size is None and scale is None:
            continue
        if size is None:
            size = _floor(scale, length)
        else:
            size = int(size) if isinstance(size, (int, np.integer)) else tf.cast(size, tf.int32)
            scale = size / length
        if isinstance(size, int) and size == length and mode != "cubic":
            continue
        places = _places(position, length, size, tf.cast(scale, tf.float32))
        x = _along(mode, call, x, i + 1, places, length, nearest)
    return x


def _floor(scale: Any, length: Any) -> Any:
    if isinstance(scale, (float, np.floating)) and isinstance(length, int):
        return int(np.floor(np.float32(scale) * np.float32(length)))
    return tf.cast(tf.floor(tf.cast(scale, tf.float32) * tf.cast(length, tf.float32)), tf.int32)


def _places(position: str, length: Any, size: Any, scale: Any) -> Any:
    """Return for each new element where it lies among the old ones."""
    new = tf.range(tf.cast(size, tf.float32))
    old, count = tf.cast(length, tf.float32), tf.cast(size, tf.float32)
    if position == "align_corners":
        return new * (old - 1) / tf.maximum(count - 1, 1)
    if position == "asymmetric":
        return new / scale
    places = (new + 0.5) / scale - 0.5
    if position == "pytorch_half_pixel":
        return tf.where(count > 1, places, tf.zeros_like(places))
    if position == "half_pixel_symmetric":
        return places + old / 2 * (1 - count / (scale * old))
    return places


def _along(mode: str, call: Call, x: Any, axis: int, places: Any, length: Any, nearest: str) -> Any:
    last = tf.cast(length, tf.int32) - 1
    if mode == "nearest":
        rounded = _ROUND[nearest](places)
        return tf.gather(x, tf.clip_by_value(tf.cast(rounded, tf.int32), 0, last), axis=axis)
    kind = tf.convert_to_tensor(x).dtype
    if mode == "linear":
        places = tf.clip_by_value(places, 0, tf.cast(last, tf.float32))
        offsets, weigh = (0, 1), _linear
    else:
        a = call.get("cubic_coeff_a", -0.75)
        offsets, weigh = (-1, 0, 1, 2), lambda distance: _cubic(distance, a)
    base = tf.floor(places)
    weights = [weigh(tf.abs(places - base - offset)) for offset in offsets]
    indices = [tf.cast(base, tf.int32) + offset for offset in offsets]
    if call.get("exclude_outside"):
        weights = [
            tf.where((index >= 0) & (index <= last), weight, 0.0)
            for index, weight in zip(indices, weights, strict=True)
        ]
        total = tf.add_n(weights)
        weights = [weight / total for weight in weights]
    form = [1] * axis + [-1] + [1] * (tf.convert_to_tensor(x).shape.rank - axis - 1)
    parts = [
        tf.gather(x, tf.clip_by_value(index, 0, last), axis=axis) * tf.reshape(tf.cast(weight, kind), form)
        for index, weight in zip(indices, weights, strict=True)
    ]
    return tf.add_n(parts)


_ROUND = {
    "round_prefer_floor": lambda places: tf.math.ceil(places - 0.5),
    "round_prefer_ceil": lambda places: tf.floor(places + 0.5),
    "floor": tf.floor,
    "ceil": tf.math.ceil,
}


def _linear(distance: Any) -> Any:
    return tf.maximum(0.0, 1 - distance)


def _cubic(t: Any, a: float) -> Any:
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return tf.where(t <= 1, near, tf.where(t < 2, far, 0.0))
