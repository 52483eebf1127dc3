"""Steps that put a picture onto a larger canvas. Run inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.arguments import number, span
from zoo_lab.feature.image.base import ImagePreprocessing, RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import moved, shift
from zoo_lab.feature.image.pictures import per_channel, with_channels

NOTHING = 1e-2
"""A greatest ratio that differs from 1 by less changes nothing."""


@dataclass(frozen=True, repr=False)
class ImageExpand(RandomImagePreprocessing):
    """Puts the picture at a place by chance onto a canvas larger by a ratio drawn for each image; boxes follow.

    Args:
        means_r: red of the canvas; the arguments are in the order R, G, B whatever the order of the channels.
        means_g: green.
        means_b: blue.
        min_expand_ratio: least ratio of the sides, at least 1.
        max_expand_ratio: greatest; within 0.01 of 1 the picture stays as it is.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture of other than 3 channels (a gray one
    is fine if the three means are equal).

    Source: Liu et al., SSD: Single Shot MultiBox Detector (2016); `ImageExpand` of Analytics Zoo.

    Example:
        >>> ImageExpand(min_expand_ratio=2, max_expand_ratio=2)(np.zeros((375, 500, 3), np.uint8)).shape
        (750, 1000, 3)
    """

    means_r: float = 123
    means_g: float = 117
    means_b: float = 104
    min_expand_ratio: float = 1.0
    max_expand_ratio: float = 4.0

    def __post_init__(self) -> None:
        checks = Checks("ImageExpand")
        for name in ("means_r", "means_g", "means_b"):
            number(checks, name, getattr(self, name))
        names = ("min_expand_ratio", "max_expand_ratio")
        span(checks, names, self.min_expand_ratio, self.max_expand_ratio, least=1)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the size of the canvas and where the picture goes on it."""
        height, width, _ = feature.size
        drawn, right, down = generator.random(3).tolist()
        low, high = self.min_expand_ratio, self.max_expand_ratio
        ratio = 1.0 if abs(high - 1) < NOTHING else low + (high - low) * drawn
        new_height, new_width = int(height * ratio), int(width * ratio)
        x, y = int(right * (new_width - width + 1)), int(down * (new_height - height + 1))
        return {"ratio": float(ratio), "height": new_height, "width": new_width, "x": x, "y": y}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Put the picture there."""
        if drawn["ratio"] == 1:
            return feature
        color = per_channel((self.means_r, self.means_g, self.means_b), feature, "ImageExpand")
        return pasted(feature, (drawn["height"], drawn["width"]), (drawn["x"], drawn["y"]), color)


@dataclass(frozen=True, repr=False)
class FixExpand(ImagePreprocessing):
    """Puts the picture into the middle of a black canvas of one size; boxes follow.

    Args:
        expand_height: height of the canvas in pixels.
        expand_width: its width.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture larger than the canvas.

    Source: `FixExpand` of BigDL.

    Example:
        >>> FixExpand(600, 600)(np.zeros((375, 500, 3), np.uint8)).shape
        (600, 600, 3)
    """

    expand_height: int
    expand_width: int

    def __post_init__(self) -> None:
        checks = Checks("FixExpand")
        checks.positive_int("expand_height", self.expand_height)
        checks.positive_int("expand_width", self.expand_width)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Put one image onto its canvas."""
        height, width, channels = feature.size
        if height > self.expand_height or width > self.expand_width:
            msg = (
                f"FixExpand: {feature.name}: expected at most {self.expand_height} x {self.expand_width} pixels "
                f"(height x width); received {height} x {width}. Put a resize before it."
            )
            raise DataError(msg)
        x, y = (self.expand_width - width) // 2, (self.expand_height - height) // 2
        return pasted(feature, (self.expand_height, self.expand_width), (x, y), np.zeros(channels))


def pasted(feature: ImageFeature, size: tuple[int, int], corner: tuple[int, int], color: np.ndarray) -> ImageFeature:
    """Return the picture on a canvas of (height, width) and colour (one value per channel), its corner at (x, y)."""
    (height, width), (x, y) = size, corner
    image = feature.require_image()
    below, right = height - y - image.shape[0], width - x - image.shape[1]
    canvas = cv2.copyMakeBorder(image, y, below, x, right, cv2.BORDER_CONSTANT, value=color.tolist())
    return moved(feature, with_channels(canvas), shift(x, y), (-x, -y, width - x, height - y))
