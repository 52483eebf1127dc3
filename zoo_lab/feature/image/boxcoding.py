"""The code of SSD for boxes: how far each lies from its prior, in units of the prior. Arrays in, new arrays out (E)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError

VARIANCES = (0.1, 0.1, 0.2, 0.2)
"""What SSD divides the four numbers of a code by, so that they are of one size."""


def decode_boxes(
    priors: Any, codes: Any, variances: Sequence[float] = VARIANCES, *, variance_encoded: bool = False
) -> np.ndarray:
    """Return the boxes (…, 4) of x1, y1, x2, y2 that codes tell, float32, in the units of the priors.

    Args:
        priors: (…, 4) of x1, y1, x2, y2.
        codes: (…, 4): how far the middle is from the prior's, in widths and heights of the prior, and the logarithms of
            how much wider and higher the box is; each divided by its variance.
        variances: of the four.
        variance_encoded: whether the codes were not divided by them.

    Raises `DataError` for arrays of other shapes.

    Source: `BboxUtil.decodeBoxes` of BigDL; Liu et al., SSD: Single Shot MultiBox Detector (2016).

    Example:
        >>> decode_boxes([[0, 0, 2, 4]], [[5, 0, 0, 0]]).tolist()
        [[1.0, 0.0, 3.0, 4.0]]
    """
    middles, sides = _middles_and_sides(priors, "priors")
    codes = _fours(codes, "codes") * (1.0 if variance_encoded else np.asarray(variances, np.float64))
    middles = middles + codes[..., :2] * sides
    half = np.exp(codes[..., 2:]) * sides / 2
    return np.concatenate([middles - half, middles + half], axis=-1).astype(np.float32)


def encode_boxes(
    priors: Any, boxes: Any, variances: Sequence[float] = VARIANCES, *, variance_encoded: bool = False
) -> np.ndarray:
    """Return the codes (…, 4) of boxes, float32: what `decode_boxes` makes the boxes of.

    Args:
        priors, boxes: (…, 4) of x1, y1, x2, y2 in the same units, with width and height.
        variances, variance_encoded: as in `decode_boxes`.

    Raises `DataError` for arrays of other shapes.

    Source: `BboxUtil.encodeBBox` of BigDL.

    Example:
        >>> encode_boxes([[0, 0, 2, 4]], [[1, 0, 3, 4]]).tolist()
        [[5.0, 0.0, 0.0, 0.0]]
    """
    middles, sides = _middles_and_sides(priors, "priors")
    own_middles, own_sides = _middles_and_sides(boxes, "boxes")
    codes = np.concatenate([(own_middles - middles) / sides, np.log(own_sides / sides)], axis=-1)
    return (codes if variance_encoded else codes / np.asarray(variances, np.float64)).astype(np.float32)


def _middles_and_sides(boxes: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    boxes = _fours(boxes, name)
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def _fours(values: Any, name: str) -> np.ndarray:
    array = np.asarray(values, np.float64)
    if array.ndim == 0 or array.shape[-1] != 4:
        msg = f"Expected {name} of four numbers each, shape (…, 4); received shape {array.shape}."
        raise DataError(msg)
    return array
