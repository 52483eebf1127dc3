"""Watches a model learn: a few fixed samples, predicted again and again by the driver's live model while it trains.

It looks in the loop's own thread, between two jobs, so that nothing of it outlives the run; at most every two seconds, and
only as often as it costs two hundredths of the time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.events import Event, Notice, SamplesWatched, WatchStarted
from zoo_lab.feature.structure import leaves, map_leaves
from zoo_lab.train.examine import brief, thumbnail

if TYPE_CHECKING:
    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.train.run import Run

MOST_SAMPLES = 32
_SECONDS = 2.0
_SHARE = 0.02
_TOP = 3
_SIDE_NAMES = {True: "validation", False: "training"}


class Watcher:
    """Predicts samples of one run.

    Args:
        run: which is told.
        model: the live one.
        data: of which the first rows are watched.
        count: how many.
        validation: whether these are validation data.
    """

    def __init__(self, run: Run, model: Any, data: FeatureSet, count: int, validation: bool) -> None:
        self._id = run.id
        self._emit: Callable[[Event], None] = run.stream.emit
        self._model = model
        self._next = 0.0
        self._iteration = -1
        self._kind = ""
        self._validation = validation
        structure = data.structure
        self._x, self._y, _weight = data.head(count)
        self._inputs = [_input(self._x, row) for row in range(len(leaves(self._x)[0]))]
        self._labelled = len(leaves(structure.y)) == 1

    def look(self, iteration: int, at_once: bool = False) -> None:
        """Predict the samples now, if it is time or `at_once`; what goes wrong with that ends the watching only."""
        begin = time.monotonic()
        if self._kind == "off" or iteration == self._iteration or (begin < self._next and not at_once):
            return
        try:
            self._tell(iteration, self._predicted())
        except Exception as error:
            self._give_up(f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - begin
        self._next = time.monotonic() + max(_SECONDS, seconds / _SHARE)

    def _predicted(self) -> Any:
        import tensorflow as tf

        outputs = self._model(map_leaves(tf.convert_to_tensor, self._x), training=False)
        return map_leaves(np.asarray, outputs) if not isinstance(outputs, dict) else outputs

    def _tell(self, iteration: int, outputs: Any) -> None:
        kind = self._kind or kind_of(outputs, self._y if self._labelled else None)
        if not kind:
            self._give_up("only classes and numbers can be shown, of models with one output and one target")
            return
        if not self._kind:
            self._kind = kind
            self._emit(self._started(kind))
        self._iteration = iteration
        shown = _classes(outputs) if kind == "classes" else _values(outputs)
        self._emit(SamplesWatched(run=self._id, iteration=iteration, predictions=shown))

    def _started(self, kind: str) -> WatchStarted:
        labels = _true_classes(self._y) if kind == "classes" else [brief(row) for row in np.asarray(self._y)]
        samples = [{**inputs, "label": str(label)} for inputs, label in zip(self._inputs, labels, strict=True)]
        source = _SIDE_NAMES[self._validation]
        return WatchStarted(run=self._id, kind=kind, source=source, samples=tuple(samples))

    def _give_up(self, reason: str) -> None:
        self._kind = "off"
        self._emit(Notice(run=self._id, text=f"The samples are not watched: {reason}"))


def kind_of(outputs: Any, targets: Any) -> str:
    """Return how outputs are shown: "classes", "values", or "" where they are neither.

    Args:
        outputs: an array for each row, or a nest of several.
        targets: an array, None where there is none or several.

    Example:
        >>> kind_of(np.full((2, 3), 1 / 3), np.array([0, 2])), kind_of(np.zeros((2, 1)), np.array([0.5, 2.0]))
        ('classes', 'values')
    """
    if not isinstance(outputs, np.ndarray) or targets is None or outputs.ndim != 2:
        return ""
    y = np.asarray(targets)
    y = y.reshape(len(y), -1)
    width = outputs.shape[1]
    whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and np.equal(np.mod(y, 1), 0).all())
    one_hot = y.shape[1] == width > 1 and whole and (y.sum(1) == 1).all() and y.min() >= 0
    numbers = width > 1 and y.shape[1] == 1 and whole and y.min() >= 0 and y.max() < width
    binary = width == 1 and y.shape[1] == 1 and np.isin(y, (0, 1)).all() and outputs.min() >= 0 and outputs.max() <= 1
    if one_hot or numbers or binary:
        return "classes"
    return "values" if y.shape[1] == width and y.dtype.kind in "iubf" else ""


def _classes(outputs: np.ndarray) -> tuple[tuple[tuple[int, float], ...], ...]:
    """Return the top classes of each row with their shares."""
    shares = np.asarray(outputs, np.float64)
    if shares.shape[1] == 1:
        shares = np.hstack([1 - shares, shares])
    elif shares.min() < 0 or not np.allclose(shares.sum(1), 1, atol=1e-2):  # scores before the softmax
        exponents = np.exp(shares - shares.max(1, keepdims=True))
        shares = exponents / exponents.sum(1, keepdims=True)
    top = np.argsort(-shares, axis=1, kind="stable")[:, :_TOP]
    return tuple(tuple((int(one), _rounded(row[one])) for one in best) for row, best in zip(shares, top, strict=True))


def _values(outputs: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(_rounded, row[:_TOP])) for row in outputs)


def _rounded(number: Any) -> float:
    return float(f"{float(number):.4g}") if math.isfinite(number) else float(number)


def _true_classes(y: Any) -> list[int]:
    y = np.asarray(y)
    y = y.reshape(len(y), -1)
    return [int(row.argmax()) if len(row) > 1 else int(row[0]) for row in y]


def _input(x: Any, row: int) -> dict[str, str]:
    picture = thumbnail(leaves(x)[0][row])
    words: list[str] = []
    if not picture:
        map_leaves(lambda field: words.append(brief(field[row])), x)
    return {"inputs": "; ".join(words), "picture": picture}
