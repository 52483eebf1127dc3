"""Steps that change brightness and contrast by chance. Run inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import span
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pictures import with_channels

NOTHING = 1e-3
"""A factor that differs from 1 by less changes nothing."""


@dataclass(frozen=True, repr=False)
class ImageBrightness(RandomImagePreprocessing):
    """Adds one number, drawn for each image, to all pixels; 8-bit pixels stay within 0 and 255.

    Args:
        delta_low: least number to add.
        delta_high: greatest.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ImageBrightness` of Analytics Zoo.

    Example:
        >>> ImageBrightness(10, 10)(np.full((1, 1, 3), 250, np.uint8)).tolist()
        [[[255, 255, 255]]]
    """

    delta_low: float
    delta_high: float

    def __post_init__(self) -> None:
        checks = Checks("ImageBrightness")
        span(checks, ("delta_low", "delta_high"), self.delta_low, self.delta_high)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the number to add."""
        return {"delta": float(generator.uniform(self.delta_low, self.delta_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Add it."""
        return feature.with_image(brightened(feature.require_image(), drawn["delta"]))


@dataclass(frozen=True, repr=False)
class Contrast(RandomImagePreprocessing):
    """Multiplies all pixels by one factor, drawn for each image; 8-bit pixels stay within 0 and 255.

    Args:
        delta_low: least factor, 0 or more.
        delta_high: greatest.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `Contrast` of BigDL.

    Example:
        >>> Contrast(2, 2)(np.full((1, 1, 3), 100, np.uint8)).tolist()
        [[[200, 200, 200]]]
    """

    delta_low: float
    delta_high: float

    def __post_init__(self) -> None:
        checks = Checks("Contrast")
        span(checks, ("delta_low", "delta_high"), self.delta_low, self.delta_high, least=0)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the factor."""
        return {"factor": float(generator.uniform(self.delta_low, self.delta_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Multiply by it."""
        return feature.with_image(contrasted(feature.require_image(), drawn["factor"]))


def brightened(image: np.ndarray, delta: float) -> np.ndarray:
    """Return the picture with `delta` added."""
    if image.dtype != np.uint8:
        return image + np.float32(delta)
    whole = round(delta)
    if abs(delta - whole) == 0.5 or image.shape[2] > 4:  # halves are rounded by the pixel; a scalar has four values
        return with_channels(cv2.addWeighted(image, 1, image, 0, delta))
    change = cv2.add if whole >= 0 else cv2.subtract  # adding a negative number takes three times as long
    return with_channels(change(image, (abs(whole),) * 4))


def contrasted(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the picture times `factor`."""
    if abs(factor - 1) < NOTHING:
        return image
    if image.dtype == np.uint8:
        return with_channels(cv2.convertScaleAbs(image, alpha=factor))
    return image * np.float32(factor)
