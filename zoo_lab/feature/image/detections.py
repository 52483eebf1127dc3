"""What is said of an image, as a viewer shows it: boxes and classes, true and predicted. Runs inside executors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.widgets.viewer.items import PREDICTION, TRUTH, Box

_DETECTION_COLUMNS = 6
_TOLERANCE = 1e-3


def boxes_on(feature: ImageFeature, height: int, width: int, names: Mapping[int, str]) -> tuple[Box, ...]:
    """Return the boxes of an image: its own, which are predictions if they have scores, and those predicted.

    Args:
        feature: its `predict` may be `Boxes`, or an array (n, 6) of label, score, x1, y1, x2, y2.
        height, width: of the picture that the boxes are on.
        names: label → class.
    """
    own = feature.boxes
    found = [] if own is None else _boxes(own, TRUTH if own.scores is None else PREDICTION, height, width, names)
    predicted = predicted_boxes(feature.predict)
    if predicted is not None:
        found += _boxes(predicted, PREDICTION, height, width, names)
    return tuple(found)


def predicted_boxes(predict: Any) -> Boxes | None:
    """Return what a detector said as boxes; None for what is no detection.

    Coordinates that are all between 0 and 1 are taken for parts of width and height.

    Example:
        >>> predicted_boxes(np.array([[7, 0.9, 10, 20, 60, 80]])).labels.tolist()
        [7]
    """
    if isinstance(predict, Boxes):
        return predict
    array = _only_array(predict)
    if array is None or array.ndim < 2 or array.shape[-1] != _DETECTION_COLUMNS:
        return None
    rows = array.reshape(-1, _DETECTION_COLUMNS)
    normalized = bool(len(rows)) and bool((rows[:, 2:] <= 1 + _TOLERANCE).all())
    return Boxes(rows[:, 2:], labels=rows[:, 0].astype(np.int64), scores=rows[:, 1], normalized=normalized)


def class_of(label: Any, names: Mapping[int, str]) -> str:
    """Return what a label is called; of several labels, all; "" for none.

    Example:
        >>> class_of(1, {1: "dog"}), class_of(3.0, {}), class_of(None, {})
        ('dog', '3', '')
    """
    if label is None:
        return ""
    array = np.asarray(label)
    if array.size == 1 and array.dtype.kind in "iufb":
        number = array.reshape(-1)[0].item()
        whole = int(number) if float(number).is_integer() else number
        return names.get(whole, f"{whole:g}" if isinstance(whole, float) else str(whole))
    return str(label) if array.dtype.kind not in "iufb" else ", ".join(f"{value:g}" for value in array.reshape(-1)[:8])


def prediction_of(predict: Any, label: Any, names: Mapping[int, str]) -> tuple[str, bool | None]:
    """Return what a classifier said, with its share of 1 if it gave any, and whether the label says the same.

    Example:
        >>> prediction_of(np.array([0.1, 0.9]), 1, {0: "cat", 1: "dog"})
        ('dog 90 %', True)
    """
    array = _only_array(predict)
    if array is None or predicted_boxes(predict) is not None or array.size == 0:
        return "", None
    scores = array.reshape(-1)
    if scores.size == 1:
        return f"{scores[0]:.4g}", None
    best = int(scores.argmax())
    shares = bool((scores >= 0).all()) and abs(float(scores.sum()) - 1) < 1e-2
    said = class_of(best, names) + (f" {100 * scores[best]:.0f} %" if shares else "")
    known = np.asarray(label) if label is not None else np.empty(0)
    agrees = best == int(known.reshape(-1)[0]) if known.size == 1 and known.dtype.kind in "iufb" else None
    return said, agrees


def _boxes(boxes: Boxes, kind: str, height: int, width: int, names: Mapping[int, str]) -> list[Box]:
    parts = boxes.to_normalized(height, width)
    scores = [None] * len(parts) if parts.scores is None else parts.scores.tolist()
    difficult = [False] * len(parts) if parts.difficult is None else parts.difficult.tolist()
    rows = zip(parts.coordinates.tolist(), parts.labels.tolist(), scores, difficult, strict=True)
    return [Box(tuple(corners), class_of(label, names), score, kind, hard) for corners, label, score, hard in rows]


def _only_array(predict: Any) -> np.ndarray | None:
    """Return a prediction as an array of numbers, the first where there are several; None for another thing."""
    if isinstance(predict, (list, tuple)) and predict and isinstance(predict[0], np.ndarray):
        predict = predict[0]
    if predict is None or isinstance(predict, (str, bytes, Boxes)):
        return None
    array = np.asarray(predict)
    return array if array.dtype.kind in "iuf" else None
