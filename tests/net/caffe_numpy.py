"""What Caffe's layers compute, written down in numpy from their definitions; channels first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def conv(x: Any, kernel: Any, bias: Any = 0, stride: Any = (1, 1), pad: Any = (0, 0), *, dilation: Any = (1, 1)) -> Any:
    """Convolution; groups are what the kernel's channels leave over."""
    x = np.pad(x, ((0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2)).astype(np.float64)
    filters, depth, height, width = kernel.shape
    groups = x.shape[1] // depth
    reach = [(length - 1) * rate + 1 for length, rate in zip((height, width), dilation, strict=True)]
    out = [(length - window) // step + 1 for length, window, step in zip(x.shape[2:], reach, stride, strict=True)]
    y = np.zeros((len(x), filters, *out))
    for f in range(filters):
        first = f // (filters // groups) * depth
        for i, j in np.ndindex(*out):
            top, left = i * stride[0], j * stride[1]
            window = x[
                :, first : first + depth, top : top + reach[0] : dilation[0], left : left + reach[1] : dilation[1]
            ]
            y[:, f, i, j] = (window * kernel[f]).sum((1, 2, 3))
    return y + np.reshape(bias, (1, -1, 1, 1))


def deconv(
    x: Any, kernel: Any, bias: Any = 0, stride: Any = (1, 1), pad: Any = (0, 0), *, dilation: Any = (1, 1)
) -> Any:
    channels, each, height, width = kernel.shape
    filters = bias.size if isinstance(bias, np.ndarray) else each
    groups = filters // each
    reach = [(length - 1) * rate + 1 for length, rate in zip((height, width), dilation, strict=True)]
    full = [(length - 1) * step + window for length, step, window in zip(x.shape[2:], stride, reach, strict=True)]
    y = np.zeros((len(x), filters, *full))
    for c in range(channels):
        first = c // (channels // groups) * each
        for i, j in np.ndindex(*x.shape[2:]):
            top, left = i * stride[0], j * stride[1]
            rows, columns = slice(top, top + reach[0], dilation[0]), slice(left, left + reach[1], dilation[1])
            y[:, first : first + each, rows, columns] += x[:, c, i, j, None, None, None] * kernel[c]
    y = y[:, :, pad[0] : full[0] - pad[0], pad[1] : full[1] - pad[1]]
    return y + np.reshape(bias, (1, -1, 1, 1))


def pool(x: Any, kind: str, size: Any, stride: Any, pad: Any = (0, 0)) -> Any:
    """Caffe's pooling: windows rounded up, cut to the padded image; averages count the padding."""
    lengths = x.shape[2:]
    out = [math.ceil((n + 2 * p - k) / s) + 1 for n, k, s, p in zip(lengths, size, stride, pad, strict=True)]
    if any(pad):
        pairs = zip(out, lengths, stride, pad, strict=True)
        out = [count - ((count - 1) * s >= n + p) for count, n, s, p in pairs]
    y = np.zeros((*x.shape[:2], *out))
    for i, j in np.ndindex(*out):
        starts = [i * stride[0] - pad[0], j * stride[1] - pad[1]]
        ends = [min(a + k, n + p) for a, k, n, p in zip(starts, size, lengths, pad, strict=True)]
        area = np.prod([end - start for start, end in zip(starts, ends, strict=True)])
        rows, columns = (slice(max(a, 0), min(b, n)) for a, b, n in zip(starts, ends, lengths, strict=True))
        window = x[:, :, rows, columns].astype(np.float64)
        y[:, :, i, j] = window.max((2, 3)) if kind == "MAX" else window.sum((2, 3)) / area
    return y


def lrn_across(x: Any, size: int, alpha: float, beta: float, k: float) -> Any:
    y = np.empty(x.shape)
    for c in range(x.shape[1]):
        near = x[:, max(c - size // 2, 0) : c + size // 2 + 1].astype(np.float64)
        y[:, c] = x[:, c] / (k + alpha / size * (near**2).sum(1)) ** beta
    return y


def lrn_within(x: Any, size: int, alpha: float, beta: float) -> Any:
    half = size // 2
    squares = np.pad(x.astype(np.float64) ** 2, ((0, 0), (0, 0), (half,) * 2, (half,) * 2))
    y = np.empty(x.shape)
    for i, j in np.ndindex(*x.shape[2:]):
        mean = squares[:, :, i : i + size, j : j + size].sum((2, 3)) / size**2
        y[:, :, i, j] = x[:, :, i, j] / (1 + alpha * mean) ** beta
    return y


def softmax(x: Any, axis: int = 1) -> Any:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def overlap(one: Any, other: Any) -> float:
    size = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = float(np.prod(np.maximum(size, 0)))
    return both / float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - both)


def detections(boxes: Any, scores: Any, *, background: int, limit: float, nms: float, top_k: int, keep: int) -> Any:
    """The rows of one picture: boxes (priors, classes, 4), scores (priors, classes)."""
    found = []
    for label in range(scores.shape[1]):
        if label == background:
            continue
        order = [p for p in np.argsort(-scores[:, label], kind="stable") if scores[p, label] > limit][:top_k]
        kept: list[int] = []
        for p in order:
            if all(overlap(boxes[p, label], boxes[q, label]) <= nms for q in kept):
                kept.append(p)
        found += [(0, label, scores[p, label], *boxes[p, label]) for p in kept]
    best = sorted(found, key=lambda row: -row[2])[:keep]
    rows = sorted(best, key=lambda row: (row[1], -row[2]))
    return np.array(rows + [(-1, 0, 0, 0, 0, 0, 0)] * (keep - len(rows)))
