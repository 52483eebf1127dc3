"""Steps that cover parts of a picture. Run inside Spark executors. Boxes stay: nothing moves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import number, span
from zoo_lab.feature.image.base import ImagePreprocessing, RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature


@dataclass(frozen=True, repr=False)
class ImageFiller(ImagePreprocessing):
    """Covers one rectangle of each picture with one value.

    Args:
        start_x: left edge as a part of the width, 0 to 1; edges are rounded up to whole pixels.
        start_y: upper edge as a part of the height.
        end_x: right edge.
        end_y: lower edge.
        value: for all channels, 0 to 255.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ImageFiller` of Analytics Zoo.

    Example:
        >>> ImageFiller(0, 0, 0.5, 1)(np.zeros((1, 4), np.uint8)).ravel().tolist()
        [255, 255, 0, 0]
    """

    start_x: float
    start_y: float
    end_x: float
    end_y: float
    value: int = 255

    def __post_init__(self) -> None:
        checks = Checks("ImageFiller")
        span(checks, ("start_x", "end_x"), self.start_x, self.end_x, 0, 1)
        span(checks, ("start_y", "end_y"), self.start_y, self.end_y, 0, 1)
        number(checks, "value", self.value, 0, 255)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Cover the rectangle of one image."""
        height, width, _ = feature.size
        x1, x2 = (_up(edge * width) for edge in (self.start_x, self.end_x))
        y1, y2 = (_up(edge * height) for edge in (self.start_y, self.end_y))
        return _covered(feature, [(x1, y1, x2, y2)], self.value)


@dataclass(frozen=True, repr=False)
class ImageCutout(RandomImagePreprocessing):
    """Covers rectangles at places by chance with one value, so that no single spot decides.

    Args:
        holes: how many rectangles.
        size_low: least side of a rectangle as a part of the picture's, above 0.
        size_high: greatest, at most 1; height and width are drawn apart. A part may lie outside the picture.
        value: for all channels, 0 to 255.

    Raises `ArgumentError` listing the wrong arguments.

    Source: DeVries and Taylor, Improved Regularization of Convolutional Neural Networks with Cutout (2017).

    Example:
        >>> int(ImageCutout(value=7)(np.zeros((100, 100, 3), np.uint8)).max())
        7
    """

    holes: int = 1
    size_low: float = 0.1
    size_high: float = 0.5
    value: int = 0

    def __post_init__(self) -> None:
        checks = Checks("ImageCutout")
        checks.positive_int("holes", self.holes)
        span(checks, ("size_low", "size_high"), self.size_low, self.size_high, 1e-6, 1)
        number(checks, "value", self.value, 0, 255)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the rectangles, x1, y1, x2, y2 in pixels."""
        size = np.array([feature.size[1], feature.size[0]])
        middles = generator.integers(size, size=(self.holes, 2))
        lengths = np.ceil(generator.uniform(self.size_low, self.size_high, (self.holes, 2)) * size).astype(int)
        corners = middles - lengths // 2
        rectangles = np.clip(np.hstack([corners, corners + lengths]), 0, np.tile(size, 2))
        return {"rectangles": tuple(map(tuple, rectangles.tolist()))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Cover them."""
        return _covered(feature, drawn["rectangles"], self.value)


def _covered(feature: ImageFeature, rectangles: list[tuple[int, ...]], value: float) -> ImageFeature:
    image = feature.require_image().copy()
    for x1, y1, x2, y2 in rectangles:
        image[y1:y2, x1:x2] = value
    return feature.with_image(image)


def _up(edge: float) -> int:
    return math.ceil(edge - 1e-6)  # a third of 300 computes to more than 100
