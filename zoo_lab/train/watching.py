"""Watches a model learn: a few fixed samples, predicted again and again by the driver's live model while it trains.

It looks in the loop's own thread, between two jobs, so that nothing of it outlives the run; at most every two seconds, and
only as often as it costs two hundredths of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.events import Event, Notice, SamplesWatched, WatchStarted
from zoo_lab.feature.structure import leaves, map_leaves
from zoo_lab.train.examine import brief, is_picture, thumbnail
from zoo_lab.train.watchboxes import BoxReading, reading_of
from zoo_lab.train.watchkinds import classes, kind_of, pairs_of, true_classes, values

if TYPE_CHECKING:
    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.train.run import Run

MOST_SAMPLES = 32
_SECONDS = 2.0
_SHARE = 0.02
_SIDE, _SIDE_OF_BOXED = 64, 128  # pixels
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
        self._x, self._y, _weight = data.head(count)
        self._boxes: BoxReading | None = None

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
        return map_leaves(np.asarray, outputs)

    def _tell(self, iteration: int, outputs: Any) -> None:
        if not self._kind:
            self._begin(outputs)
        if self._kind == "off":
            return
        self._iteration = iteration
        self._emit(SamplesWatched(run=self._id, iteration=iteration, predictions=self._shown(outputs)))

    def _begin(self, outputs: Any) -> None:
        """See once what is to be shown, and tell of the samples."""
        first = leaves(self._x)[0]
        self._boxes = reading_of(first[0], outputs, self._y) if is_picture(first[0]) else None
        self._kind = "boxes" if self._boxes else kind_of(*self._only(outputs))
        if not self._kind:
            self._give_up("only classes, numbers and boxes on pictures can be shown")
            return
        side = _SIDE_OF_BOXED if self._boxes else _SIDE
        samples = [{**_input(self._x, row, side), **target} for row, target in enumerate(self._targets(outputs))]
        source = _SIDE_NAMES[self._validation]
        self._emit(WatchStarted(run=self._id, kind=self._kind, source=source, samples=tuple(samples)))

    def _targets(self, outputs: Any) -> list[dict[str, Any]]:
        """Return what a page must know of each row's target."""
        if self._boxes is not None:
            height, width = leaves(self._x)[0].shape[1:3]
            truth = self._boxes.truth(outputs, self._y)
            return [{"label": "", "boxes": boxes, "aspect": width / height} for boxes in truth]
        _output, y = self._only(outputs)
        if self._kind == "classes":
            return [{"label": str(label)} for label in true_classes(y)]
        return [{"label": brief(row), "targets": numbers} for row, numbers in zip(y, values(y), strict=True)]

    def _shown(self, outputs: Any) -> tuple[tuple[Any, ...], ...]:
        if self._boxes is not None:
            return self._boxes.predicted(outputs, self._y)
        output, _target = self._only(outputs)
        return classes(output) if self._kind == "classes" else values(output)

    def _only(self, outputs: Any) -> tuple[Any, Any]:
        """Return the one output with its target, (None, None) where there are several."""
        pairs = pairs_of(outputs, self._y)
        return pairs[0] if len(pairs) == 1 else (None, None)

    def _give_up(self, reason: str) -> None:
        self._kind = "off"
        self._emit(Notice(run=self._id, text=f"The samples are not watched: {reason}"))


def _input(x: Any, row: int, side: int) -> dict[str, str]:
    """Return a row's inputs in words, or as a picture where the first of them is one, at most `side` pixels long."""
    picture = thumbnail(leaves(x)[0][row], side)
    words: list[str] = []
    if not picture:
        map_leaves(lambda field: words.append(brief(field[row])), x)
    return {"inputs": "; ".join(words), "picture": picture}
