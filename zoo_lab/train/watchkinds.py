"""Tells whether a model's outputs are classes or numbers, and what of them a person is shown. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.feature.structure import leaves

MOST_NUMBERS = 6
_TOP = 3
_MOST_VALUES = 64  # a row of more is a picture or a sequence, of which a few numbers say nothing


def pairs_of(outputs: Any, targets: Any) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Return each output with the target that it is compared with, None where nobody knows which that is.

    Example:
        >>> [(len(output), target.dtype.kind) for output, target in pairs_of({"a": np.zeros(2)}, {"a": np.ones(2, int)})]
        [(2, 'i')]
    """
    if isinstance(outputs, Mapping) and isinstance(targets, Mapping) and set(outputs) == set(targets):
        return [(np.asarray(outputs[name]), np.asarray(targets[name])) for name in outputs]
    given, wanted = leaves(outputs), leaves(targets)
    known = wanted if len(wanted) == len(given) else [None] * len(given)
    return [(np.asarray(one), None if y is None else np.asarray(y)) for one, y in zip(given, known, strict=True)]


def kind_of(outputs: Any, targets: Any) -> str:
    """Return how outputs are shown: "classes", "values", or "" where they are neither.

    Args:
        outputs: an array for each row, or a nest of several.
        targets: an array, None where there is none or several.

    Example:
        >>> kind_of(np.full((2, 3), 1 / 3), np.array([0, 2])), kind_of(np.zeros((2, 1)), np.array([0.5, 2.0]))
        ('classes', 'values')
    """
    if not isinstance(outputs, np.ndarray) or targets is None or outputs.ndim < 2:
        return ""
    y = np.asarray(targets)
    y = y.reshape(len(y), -1)
    width = outputs[0].size
    if outputs.ndim == 2 and _are_classes(outputs, y, width):
        return "classes"
    return "values" if y.shape[1] == width <= _MOST_VALUES and y.dtype.kind in "iubf" else ""


def _are_classes(outputs: np.ndarray, y: np.ndarray, width: int) -> bool:
    whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and np.equal(np.mod(y, 1), 0).all())
    one_hot = y.shape[1] == width > 1 and whole and (y.sum(1) == 1).all() and y.min() >= 0
    numbers = width > 1 and y.shape[1] == 1 and whole and y.min() >= 0 and y.max() < width
    binary = width == 1 and y.shape[1] == 1 and np.isin(y, (0, 1)).all() and outputs.min() >= 0 and outputs.max() <= 1
    return bool(one_hot or numbers or binary)


def classes(outputs: np.ndarray, most: int = _TOP) -> tuple[tuple[tuple[int, float], ...], ...]:
    """Return the likeliest classes of each row with their shares.

    Example:
        >>> classes(np.array([[0.1, 0.7, 0.2]]), most=2)
        (((1, 0.7), (2, 0.2)),)
    """
    shares = np.asarray(outputs, np.float64)
    if shares.shape[1] == 1:
        shares = np.hstack([1 - shares, shares])
    elif shares.min() < 0 or not np.allclose(shares.sum(1), 1, atol=1e-2):  # scores before the softmax
        exponents = np.exp(shares - shares.max(1, keepdims=True))
        shares = exponents / exponents.sum(1, keepdims=True)
    top = np.argsort(-shares, axis=1, kind="stable")[:, :most]
    return tuple(tuple((int(one), rounded(row[one])) for one in best) for row, best in zip(shares, top, strict=True))


def true_classes(targets: Any) -> list[int]:
    """Return the class of each row, out of its number or its one-hot vector."""
    y = np.asarray(targets)
    y = y.reshape(len(y), -1)
    return [int(row.argmax()) if len(row) > 1 else int(row[0]) for row in y]


def values(outputs: Any) -> tuple[tuple[float, ...], ...]:
    """Return the first six numbers of each row."""
    flat = np.asarray(outputs)
    return tuple(tuple(map(rounded, row[:MOST_NUMBERS])) for row in flat.reshape(len(flat), -1))


def rounded(number: Any) -> float:
    """Return a number with four digits."""
    return float(f"{float(number):.4g}") if math.isfinite(number) else float(number)
