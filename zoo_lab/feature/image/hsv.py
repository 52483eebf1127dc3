"""Steps that change saturation, hue and the order of the channels by chance. Run inside Spark executors.

A gray picture has neither saturation nor hue, and only one order: these steps leave it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import span
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.photometric import NOTHING
from zoo_lab.feature.image.pictures import VALUES, color_of

HUES = 180
"""OpenCV counts hues of 8 bits in steps of two degrees."""


@dataclass(frozen=True, repr=False)
class ImageSaturation(RandomImagePreprocessing):
    """Multiplies the saturation of 8-bit pixels by one factor, drawn for each image.

    Args:
        delta_low: least factor, 0 or more; a factor within 0.001 of 1 leaves the picture as it is.
        delta_high: greatest.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for float pixels or other than 1 or 3 channels.

    Source: `ImageSaturation` of Analytics Zoo.

    Example:
        >>> ImageSaturation(0, 0)(np.full((1, 1, 3), [0, 0, 200], np.uint8)).tolist()
        [[[200, 200, 200]]]
    """

    delta_low: float
    delta_high: float

    def __post_init__(self) -> None:
        checks = Checks("ImageSaturation")
        span(checks, ("delta_low", "delta_high"), self.delta_low, self.delta_high, least=0)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the factor."""
        return {"factor": float(generator.uniform(self.delta_low, self.delta_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Multiply the saturation by it."""
        return feature.with_image(saturated(color_of(feature, "ImageSaturation"), drawn["factor"]))


@dataclass(frozen=True, repr=False)
class ImageHue(RandomImagePreprocessing):
    """Turns the hue of 8-bit pixels by one angle, drawn for each image; beyond the last hue comes the first.

    Args:
        delta_low: least angle, in steps of two degrees: 180 is the whole circle.
        delta_high: greatest.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for float pixels or other than 1 or 3 channels.

    Source: `ImageHue` of Analytics Zoo.

    Example:
        >>> ImageHue(60, 60)(np.full((1, 1, 3), [0, 0, 200], np.uint8)).tolist()
        [[[0, 200, 0]]]
    """

    delta_low: float
    delta_high: float

    def __post_init__(self) -> None:
        checks = Checks("ImageHue")
        span(checks, ("delta_low", "delta_high"), self.delta_low, self.delta_high)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the angle."""
        return {"delta": float(generator.uniform(self.delta_low, self.delta_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Turn the hue by it."""
        return feature.with_image(hue_turned(color_of(feature, "ImageHue"), drawn["delta"]))


@dataclass(frozen=True, repr=False)
class ImageChannelOrder(RandomImagePreprocessing):
    """Puts the three channels in an order drawn for each image.

    Raises `DataError` for other than 1 or 3 channels.

    Source: `ImageChannelOrder` of Analytics Zoo.

    Example:
        >>> sorted(ImageChannelOrder()(np.full((1, 1, 3), [1, 2, 3], np.uint8)).ravel().tolist())
        [1, 2, 3]
    """

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return where each channel comes from."""
        return {"order": drawn_order(generator)}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Put the channels in that order."""
        return feature.with_image(reordered(color_of(feature, "ImageChannelOrder"), drawn["order"]))


def saturated(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the 8-bit picture with its saturation times `factor`."""
    return recolored(image, factor, 0)


def hue_turned(image: np.ndarray, delta: float) -> np.ndarray:
    """Return the 8-bit picture with its hue turned by `delta` steps of two degrees."""
    return recolored(image, 1, delta)


def recolored(image: np.ndarray, factor: float, delta: float) -> np.ndarray:
    """Return the 8-bit picture with its saturation times `factor` and its hue turned by `delta`, in one go."""
    changes = abs(factor - 1) >= NOTHING, abs(delta) >= NOTHING
    if not any(changes) or image.shape[2] == 1:
        return image
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    if changes[0]:  # twice as fast as a table for one channel of three
        hsv = cv2.transform(hsv, np.array([[1, 0, 0], [0, factor, 0], [0, 0, 1]], np.float32))
    if changes[1]:
        turn(hsv, delta)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def turn(hsv: np.ndarray, delta: float) -> None:
    """Turn the hues of a picture of hue, saturation and value by `delta` in place, as its only owner.

    Of a hue plus the angle, once kept below 256 and once less the whole circle, which is above 256 where there is less
    than that and wraps around, the smaller one is right. All three channels go through it: to take one out and put it
    back takes longer.
    """
    whole = round(delta)
    if abs(abs(delta - whole) - 0.5) < NOTHING:  # halves are rounded by the hue
        table = np.mod(np.rint(VALUES + np.float32(delta)), HUES).astype(np.uint8)
        cv2.insertChannel(cv2.LUT(cv2.extractChannel(hsv, 0), table), hsv, 0)
        return
    angle = whole % HUES
    more = cv2.add(hsv, (angle, 0, 0, 0))
    less = np.zeros(hsv.shape[1] * 3, np.uint8)
    less[::3] = HUES - angle
    lines = hsv.reshape(len(hsv), -1)
    lines -= less
    np.minimum(hsv, more, out=hsv)


def reordered(image: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """Return the picture with its channels in another order."""
    return image if image.shape[2] == 1 else np.ascontiguousarray(image[:, :, list(order)])


def drawn_order(generator: np.random.Generator) -> tuple[int, int, int]:
    """Return an order of three channels by chance."""
    return tuple(generator.permutation(3).tolist())
