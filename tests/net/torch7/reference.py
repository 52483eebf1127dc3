"""What the modules of nn compute, written down with numpy as slowly as they are defined."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


def convolved(
    x: np.ndarray, kernel: np.ndarray, bias: Any = 0, step: Any = 1, pad: Any = 0, dilation: int = 1, groups: int = 1
) -> np.ndarray:
    """Convolve (rows, channels, …)."""
    axes = kernel.ndim - 2
    steps, pads = np.broadcast_to(step, axes), np.broadcast_to(pad, axes)
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pads)])
    reach = [(k - 1) * dilation + 1 for k in kernel.shape[2:]]
    sizes = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, steps, strict=True)]
    out = np.zeros((len(x), len(kernel), *sizes))
    each_in, each_out = x.shape[1] // groups, len(kernel) // groups
    for place in itertools.product(*map(range, sizes)):
        cuts = tuple(slice(i * s, i * s + r, dilation) for i, s, r in zip(place, steps, reach, strict=True))
        for group in range(groups):
            window = x[(slice(None), slice(group * each_in, (group + 1) * each_in), *cuts)]
            outs = slice(group * each_out, (group + 1) * each_out)
            out[(slice(None), outs, *place)] = np.tensordot(
                window, kernel[outs], (list(range(1, axes + 2)), list(range(1, axes + 2)))
            )
    return out + np.reshape(bias, (-1, *[1] * axes))


def spread(x: np.ndarray, kernel: np.ndarray, bias: Any = 0, step: int = 1, pad: int = 0, more: int = 0) -> np.ndarray:
    """Convolve the other way round, over images."""
    rows, _, height, width = x.shape
    _, planes, down, across = kernel.shape
    full = np.zeros((rows, planes, (height - 1) * step + down + more, (width - 1) * step + across + more))
    for i, j in itertools.product(range(height), range(width)):
        part = np.einsum("rc,cpkl->rpkl", x[:, :, i, j], kernel)
        full[:, :, i * step : i * step + down, j * step : j * step + across] += part
    return full[:, :, pad : full.shape[2] - pad or None, pad : full.shape[3] - pad or None] + np.reshape(
        bias, (-1, 1, 1)
    )


def pooled(
    x: np.ndarray, how: str, size: int, step: int, pad: int = 0, ceil: bool = False, count_pad: bool = True
) -> np.ndarray:
    """Reduce windows of images, as SpatialMaxPooling.c and SpatialAveragePooling.c do."""
    lengths = []
    for n in x.shape[2:]:
        count = int((np.ceil if ceil else np.floor)((n + 2 * pad - size) / step)) + 1
        lengths.append(count - 1 if pad and (count - 1) * step >= n + pad else count)
    out = np.zeros((*x.shape[:2], *lengths))
    for place in itertools.product(*map(range, lengths)):
        begins = [i * step - pad for i in place]
        ends = [min(b + size, n + pad) for b, n in zip(begins, x.shape[2:], strict=True)]
        area = np.prod([e - b for b, e in zip(begins, ends, strict=True)])
        inner = [(max(b, 0), min(e, n)) for b, e, n in zip(begins, ends, x.shape[2:], strict=True)]
        window = x[:, :, inner[0][0] : inner[0][1], inner[1][0] : inner[1][1]]
        if how == "max":
            out[(..., *place)] = window.max((2, 3))
        else:
            out[(..., *place)] = window.sum((2, 3)) / (area if count_pad else window.shape[2] * window.shape[3])
    return out


def across_channels(x: np.ndarray, size: int, alpha: float, beta: float, k: float) -> np.ndarray:
    """Normalize as SpatialCrossMapLRN does."""
    out = np.zeros_like(x)
    for channel in range(x.shape[1]):
        around = x[:, max(0, channel - (size - 1) // 2) : channel + (size - 1) // 2 + 1]
        out[:, channel] = x[:, channel] / (k + alpha / size * (around**2).sum(1)) ** beta
    return out


def softmax(x: np.ndarray) -> np.ndarray:
    """Along the second axis."""
    powers = np.exp(x - x.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
