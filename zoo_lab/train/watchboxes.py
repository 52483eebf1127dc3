"""Tells boxes among what a model gives and what it is to give, and where they are on the picture. Pure.

As everywhere here a box is its corners x1, y1, x2, y2, in pixels or as parts of the picture's width and height; before
them a row may have its label, or its label and score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.detections import predicted_boxes
from zoo_lab.train.watchkinds import classes, kind_of, pairs_of, rounded, true_classes

Row = tuple[str, float | None, float, float, float, float]
_CORNERS, _LABELLED, _SCORED = 4, 5, 6
_MOST = 10
_LEAST_SCORE = 0.05
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class BoxReading:
    """How the boxes of one model are read.

    Attributes:
        place: of the boxes among the outputs.
        named: the place of the output that says what they show, None for none.
        height, width: of the pictures.
        normalized: whether corners are parts of width and height; None where each prediction tells by itself.
    """

    place: int
    named: int | None
    height: int
    width: int
    normalized: bool | None

    def truth(self, outputs: Any, targets: Any) -> list[tuple[Row, ...]]:
        """Return the true boxes of each row: name, no score, corners as parts of the picture; none where none are known."""
        pairs = pairs_of(outputs, targets)
        output, target = pairs[self.place]
        if target is None or target.ndim not in (2, 3) or target.shape[-1] not in (_CORNERS, _LABELLED, _SCORED):
            return [()] * len(output)
        named = None if self.named is None else true_classes(pairs[self.named][1])
        rows = target.reshape(len(target), -1, target.shape[-1]).astype(np.float64)
        return [self._true(row, None if named is None else named[at]) for at, row in enumerate(rows)]

    def predicted(self, outputs: Any, targets: Any) -> tuple[tuple[Row, ...], ...]:
        """Return the predicted boxes of each row, the ten of the highest scores, corners as parts of the picture."""
        pairs = pairs_of(outputs, targets)
        output = pairs[self.place][0]
        if output.shape[-1] == _SCORED:
            return tuple(map(self._detected, output))
        said = [()] * len(output) if self.named is None else classes(pairs[self.named][0], most=1)
        rows = output.reshape(len(output), -1, _CORNERS)
        return tuple(self._plain(row, *(best or [("", None)])) for row, best in zip(rows, said, strict=True))

    def _true(self, rows: np.ndarray, label: int | None) -> tuple[Row, ...]:
        there = rows[:, -4:].any(axis=1) & (rows.shape[1] == _CORNERS or rows[:, 0] >= 0)  # others only fill up
        names = [_name(label) if rows.shape[1] == _CORNERS else _name(int(row[0])) for row in rows]
        placed = self._parts(rows[:, -4:])
        return tuple((names[at], None, *placed[at]) for at in np.flatnonzero(there))

    def _plain(self, corners: np.ndarray, said: tuple[Any, float | None]) -> tuple[Row, ...]:
        found = [row for row in self._parts(corners) if np.isfinite(row).all()]
        return tuple((_name(said[0]), said[1], *row) for row in found[:_MOST])

    def _detected(self, rows: np.ndarray) -> tuple[Row, ...]:
        boxes = predicted_boxes(rows)
        assert boxes is not None
        normalized = boxes.normalized if self.normalized is None else self.normalized
        best = np.argsort(-boxes.scores, kind="stable")[:_MOST]  # type: ignore[operator]
        shown = boxes.select([at for at in best if boxes.scores[at] >= _LEAST_SCORE])  # type: ignore[index]
        corners = self._parts(shown.coordinates, normalized)
        named = zip(shown.labels.tolist(), shown.scores.tolist(), corners, strict=True)  # type: ignore[union-attr]
        return tuple((_name(label), rounded(score), *row) for label, score, row in named if np.isfinite(row).all())

    def _parts(self, corners: np.ndarray, normalized: bool | None = None) -> list[tuple[float, ...]]:
        known = bool(self.normalized) if normalized is None else normalized
        parts = Boxes(corners, normalized=known).to_normalized(self.height, self.width).coordinates
        return [tuple(map(rounded, row)) for row in parts.tolist()]


def reading_of(picture: np.ndarray, outputs: Any, targets: Any) -> BoxReading | None:
    """Return how a model's boxes are read; None where it gives none.

    Args:
        picture: the first input of a row, (height, width, channels).
        outputs, targets: of a few rows, arrays or nests.

    Example:
        >>> corners = np.array([[0.1, 0.2, 0.5, 0.9]])
        >>> reading_of(np.zeros((8, 8, 3)), corners + 0.1, corners).normalized
        True
    """
    height, width = picture.shape[:2]
    pairs = pairs_of(outputs, targets)
    named = next((at for at, pair in enumerate(pairs) if kind_of(*pair) == "classes"), None)
    for place, (output, target) in enumerate(pairs):
        if output.ndim == 3 and output.shape[-1] == _SCORED and _are_detections(output):
            known = None if target is None else _units(target, height, width)
            return BoxReading(place, None, height, width, known)
        if target is not None and output.shape == target.shape and output.shape[-1:] == (_CORNERS,):
            known = _units(target, height, width)
            if known is not None:
                return BoxReading(place, named, height, width, known)
    return None


def _are_detections(output: np.ndarray) -> bool:
    labels, scores = output[..., 0], output[..., 1]
    return bool(
        np.equal(np.mod(labels, 1), 0).all() and (scores >= -_TOLERANCE).all() and (scores <= 1 + _TOLERANCE).all()
    )


def _units(target: np.ndarray, height: int, width: int) -> bool | None:
    """Tell whether the last four columns are parts of the picture (True) or pixels of it (False); None for no boxes."""
    if (
        target.ndim not in (2, 3)
        or target.shape[-1] not in (_CORNERS, _LABELLED, _SCORED)
        or target.dtype.kind not in "iuf"
    ):
        return None
    rows = target.reshape(-1, target.shape[-1]).astype(np.float64)
    rows = rows[rows[:, 0] >= 0, -4:] if target.shape[-1] > _CORNERS else rows
    sides = rows[:, 2:] - rows[:, :2]
    if not np.isfinite(rows).all() or rows.min(initial=0) < -_TOLERANCE or not (sides >= 0).all() or not sides.any():
        return None
    if rows.max() <= 1 + _TOLERANCE:
        return True
    return False if (rows[:, 2::2] <= width).all() and (rows[:, [1, 3]] <= height).all() else None


def _name(label: Any) -> str:
    return "" if label is None else str(label)
