"""Makes of one image what a viewer shows of it, with the very steps of its set. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError, ZooLabError
from zoo_lab.feature.image.detections import boxes_on, class_of, predicted_boxes, prediction_of
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.loading import loaded
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.rendering import as_picture, as_volume_of, levels_of, middle_slice, rendered
from zoo_lab.widgets.viewer.items import Item, Side, Volume


@dataclass(frozen=True)
class Shown:
    """Makes the item of an image: as it was read, and after the chain if there is one.

    Args:
        pipeline: what happens to the image.
        names: label → class.
        edge: longest side of the pictures.
        chained: whether there is a chain, of which no step may be on.
    """

    pipeline: Pipeline
    names: Mapping[int, str]
    edge: int
    chained: bool

    def __call__(self, source: ImageFeature) -> Item:
        before = self.pipeline.reader(loaded(source))
        sides, last = [self._side(before)], before
        if self.chained:
            side, last = self.after(before, self.pipeline, before)
            sides.append(side)
        feature = last if isinstance(last, ImageFeature) else before
        said, agrees = prediction_of(feature.predict, before.label, self.names)
        drawn = tuple((step, _told(numbers)) for step, numbers in feature.draws)
        return Item(source.uri, tuple(sides), class_of(before.label, self.names), said, agrees, drawn)

    def after(self, value: Any, pipeline: Pipeline, before: ImageFeature) -> tuple[Side, Any]:
        """Return what a pipeline's steps make of a value as it is shown, and itself.

        Args:
            value: an image, or what steps have made of it.
            pipeline: with the steps.
            before: the image as it was read.
        """
        if before.problem:
            return Side(problem=before.problem), value
        try:
            result = _with_predictions(pipeline.transformed(value), value, pipeline)
            return self._side(result), result
        except ZooLabError as error:
            return Side(problem=str(error)), value
        except Exception as error:  # of a step that is no image step; the picture says what it raised
            return Side(problem=f"{type(error).__name__}: {error}"), value

    def _side(self, value: Any) -> Side:
        if isinstance(value, ImageFeature) and value.problem:
            return Side(problem=value.problem)
        volume = as_volume_of(value)
        if volume is not None:
            return Side(rendered(middle_slice(volume), self.edge), volume=tuple(map(int, volume.shape)))
        picture = as_picture(value)
        if picture is None:
            return Side(problem=f"no picture: the chain ends with {_kind(value)}")
        boxes = boxes_on(value, *picture.shape[:2], self.names) if isinstance(value, ImageFeature) else ()
        return Side(rendered(picture, self.edge), boxes)


@dataclass(frozen=True)
class Stages:
    """Makes what each step of a chain leaves of an image: (step, side), up to one that fails.

    Args:
        shown: how one image is shown; its pipeline has the steps.
    """

    shown: Shown

    def __call__(self, source: ImageFeature) -> list[tuple[str, Side]]:
        pipeline, stages = self.shown.pipeline, []
        first = pipeline.reader(loaded(source))
        value = first if first.problem else pipeline.replace(steps=()).transformed(first)
        for step in pipeline.steps if not first.problem else ():
            side, value = self.shown.after(value, pipeline.replace(steps=(step,), seeding=None), first)
            stages.append((type(step).__name__, side))
            if side.problem:
                break
        return stages


@dataclass(frozen=True)
class Sliced:
    """Makes one channel of an image's volume ready for the page; a problem as its text.

    Args:
        pipeline: what happens to the image; without steps, the volume is as it was read.
        channel: counted from 0.
    """

    pipeline: Pipeline
    channel: int

    def __call__(self, source: ImageFeature) -> Volume | DataError:
        feature = self.pipeline.reader(loaded(source))
        try:
            volume = as_volume_of(feature if feature.problem else self.pipeline.transformed(feature))
        except ZooLabError as error:
            return DataError(str(error))
        if volume is None:
            return DataError(f"{source.name}: expected a volume; received {feature.problem or 'another image'}.")
        return levels_of(volume, self.channel)


def _with_predictions(result: Any, value: Any, pipeline: Pipeline) -> Any:
    """Return what steps made of an image, with the boxes that were predicted before them where they belong after them.

    Steps move only an image's own boxes. So they run once more, with what they drew, over the predicted ones.
    """
    both = isinstance(result, ImageFeature) and isinstance(value, ImageFeature)
    boxes = predicted_boxes(value.predict) if both and result.predict is value.predict else None
    if boxes is None or not pipeline.steps:
        return result
    carrier = value.replace(boxes=boxes, predict=None).replaying(result.draws)
    moved = pipeline.replace(seeding=None).transformed(carrier)
    return result.replace(predict=moved.boxes)


def _told(drawn: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in drawn.items())


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return "an image without one" if isinstance(value, ImageFeature) else f"a {type(value).__name__}"
