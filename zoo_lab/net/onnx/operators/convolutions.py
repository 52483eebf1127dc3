"""Convolutions; data with the channels last, kernels as ONNX has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.operators.shapes import length_of
from zoo_lab.net.onnx.table import CHANNELS, operator


@operator("Conv", layout=CHANNELS, trains=(1, 2))
def conv(call: Call, x: Any, kernel: Any, bias: Any = None) -> Any:
    """Convolve, in groups too; shape (rows, …, channels)."""
    rank = len(kernel.shape) - 2
    strides, dilations = numbers(call, "strides", rank), numbers(call, "dilations", rank)
    around = padding(call, x, list(kernel.shape[2:]), strides, dilations)
    x = tf.pad(x, [[0, 0], *around, [0, 0]])
    kernel = tf.transpose(kernel, [*range(2, rank + 2), 1, 0])
    if max(strides) > 1 or rank == 3:  # TensorFlow has not both, and no dilated volumes
        kernel, dilations = _dilated(kernel, dilations), [1] * rank
    groups = call.get("group", 1)
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True) if groups > 1 else [(x, kernel)]
    found = [tf.nn.convolution(data, own, strides, "VALID", dilations=dilations) for data, own in parts]
    return _biased(tf.concat(found, -1) if groups > 1 else found[0], bias)


@operator("ConvTranspose", layout=CHANNELS, trains=(1, 2))
def conv_transpose(call: Call, x: Any, kernel: Any, bias: Any = None) -> Any:
    """Spread each element by the kernel, then cut what was padding."""
    rank = len(kernel.shape) - 2
    strides, dilations = numbers(call, "strides", rank), numbers(call, "dilations", rank)
    kernel = _dilated(tf.transpose(kernel, [*range(2, rank + 2), 1, 0]), dilations)
    more = numbers(call, "output_padding", rank, 0)
    lengths = [length_of(x, i + 1) for i in range(rank)]
    full = [(lengths[i] - 1) * strides[i] + kernel.shape[i] + more[i] for i in range(rank)]
    around = _cut_off(call, lengths, full, strides)
    # What output_padding adds may reach beyond the last window: TensorFlow gives up to a stride more, the rest is zero.
    wide = [(lengths[i] - 1) * strides[i] + kernel.shape[i] + min(more[i], strides[i] - 1) for i in range(rank)]
    groups = call.get("group", 1)
    shape = [length_of(x, 0), *wide, kernel.shape[-2]]
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True) if groups > 1 else [(x, kernel)]
    found = [tf.nn.conv_transpose(data, own, tf.stack(shape), strides, "VALID") for data, own in parts]
    joined = tf.concat(found, -1) if groups > 1 else found[0]
    joined = tf.pad(joined, [[0, 0], *([0, full[i] - wide[i]] for i in range(rank)), [0, 0]])
    cuts = [slice(begin, full[i] - end) for i, (begin, end) in enumerate(around)]
    return _biased(joined[(slice(None), *cuts)], bias)


def _cut_off(call: Call, lengths: Sequence[Any], full: Sequence[Any], strides: Sequence[int]) -> list[Any]:
    wanted, mode = call.get("output_shape"), call.get("auto_pad", "NOTSET")
    if wanted is None and mode in ("SAME_UPPER", "SAME_LOWER"):
        wanted = [length * stride for length, stride in zip(lengths, strides, strict=True)]
    if wanted is None:
        pads = numbers(call, "pads", 2 * len(full), 0) if mode == "NOTSET" else [0] * 2 * len(full)
        return list(zip(pads[: len(full)], pads[len(full) :], strict=True))
    total = [tf.maximum(0, has - wants) for has, wants in zip(full, wanted[-len(full) :], strict=True)]
    half = [all_of // 2 for all_of in total]
    rest = [all_of - part for all_of, part in zip(total, half, strict=True)]
    return list(zip(half, rest, strict=True) if mode == "SAME_UPPER" else zip(rest, half, strict=True))


def _dilated(kernel: Any, dilations: Sequence[int]) -> Any:
    """Put zeros between the elements of a kernel."""
    for axis, factor in enumerate(dilations):
        if factor > 1:
            length = kernel.shape[axis]
            places = np.full((length - 1) * factor + 1, length)
            places[::factor] = np.arange(length)
            one = [[0, int(i == axis)] for i in range(len(kernel.shape))]
            kernel = tf.gather(tf.pad(kernel, one), places, axis=axis)
    return kernel


def _biased(x: Any, bias: Any) -> Any:
    return x if bias is None else x + bias


def numbers(call: Call, name: str, count: int, default: int = 1) -> list[int]:
    """Return an attribute that has one number for each axis."""
    return [int(value) for value in call.get(name) or [default] * count]


def padding(call: Call, x: Any, window: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> list[Any]:
    """Return [begin, end] for each spatial axis of data with the channels last."""
    mode, rank = call.get("auto_pad", "NOTSET"), len(window)
    if mode == "VALID":
        return [[0, 0]] * rank
    if mode == "NOTSET":
        pads = numbers(call, "pads", 2 * rank, 0)
        return [[pads[i], pads[i + rank]] for i in range(rank)]
    found = []
    for i in range(rank):
        length = length_of(x, i + 1)
        windows = -(-length // strides[i])
        needed = (windows - 1) * strides[i] + (window[i] - 1) * dilations[i] + 1 - length
        total = max(0, needed) if isinstance(needed, int) else tf.maximum(0, needed)
        less = total // 2
        found.append([less, total - less] if mode == "SAME_UPPER" else [total - less, less])
    return found
