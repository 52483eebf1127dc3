"""Steps that turn, shift, stretch and bend a picture by chance. Run inside Spark executors.

The size stays; what comes in from outside has one value. Boxes follow: each becomes the upright box around its corners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import mode, number, span
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import scale, shift, warped


@dataclass(frozen=True, repr=False)
class ImageRandomRotation(RandomImagePreprocessing):
    """Turns the picture around its middle by an angle drawn for each image; boxes follow.

    Args:
        degrees_low: least angle in degrees, against the clock.
        degrees_high: greatest.
        fill: value of what comes in from outside, all channels.
        resize_mode: interpolation: 0 nearest, 1 linear, 2 cubic, 4 Lanczos.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `RandomRotation` of torchvision.

    Example:
        >>> ImageRandomRotation(90, 90)(np.array([[1, 2], [3, 4]], np.uint8))[:, :, 0].tolist()
        [[2, 4], [1, 3]]
    """

    degrees_low: float
    degrees_high: float
    fill: float = 0
    resize_mode: int = 1

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomRotation")
        span(checks, ("degrees_low", "degrees_high"), self.degrees_low, self.degrees_high)
        number(checks, "fill", self.fill)
        mode(checks, "resize_mode", self.resize_mode)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the angle."""
        return {"degrees": float(generator.uniform(self.degrees_low, self.degrees_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Turn by it."""
        return warped(feature, around_middle(feature, rotation(drawn["degrees"])), self.resize_mode, self.fill)


@dataclass(frozen=True, repr=False)
class ImageRandomAffine(RandomImagePreprocessing):
    """Turns, shears, scales and shifts the picture, each by an amount drawn for each image; boxes follow.

    Args:
        degrees: turns by up to so many degrees either way.
        translate: shifts by up to this part of the width and of the height either way, 0 to 1.
        scale_low: least factor.
        scale_high: greatest.
        shear: leans by up to so many degrees either way, along x.
        fill: value of what comes in from outside, all channels.
        resize_mode: interpolation: 0 nearest, 1 linear, 2 cubic, 4 Lanczos.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `RandomAffine` of torchvision.

    Example:
        >>> ImageRandomAffine(10, translate=0.1)(np.zeros((30, 40, 3), np.uint8)).shape
        (30, 40, 3)
    """

    degrees: float
    translate: float = 0.0
    scale_low: float = 1.0
    scale_high: float = 1.0
    shear: float = 0.0
    fill: float = 0
    resize_mode: int = 1

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomAffine")
        number(checks, "degrees", self.degrees, 0)
        number(checks, "translate", self.translate, 0, 1)
        span(checks, ("scale_low", "scale_high"), self.scale_low, self.scale_high, 1e-3)
        number(checks, "shear", self.shear, 0, 89)
        number(checks, "fill", self.fill)
        mode(checks, "resize_mode", self.resize_mode)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the angle, the lean, the factor, and the shift in pixels."""
        height, width, _ = feature.size
        degrees, shear, x, y = generator.uniform(-1, 1, 4) * (
            self.degrees,
            self.shear,
            self.translate * width,
            self.translate * height,
        )
        factor = float(generator.uniform(self.scale_low, self.scale_high))
        return {"degrees": float(degrees), "shear": float(shear), "scale": factor, "x": float(x), "y": float(y)}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Turn, lean, scale and shift."""
        linear = rotation(drawn["degrees"]) @ lean(drawn["shear"]) @ scale(drawn["scale"], drawn["scale"])
        matrix = shift(drawn["x"], drawn["y"]) @ around_middle(feature, linear)
        return warped(feature, matrix, self.resize_mode, self.fill)


@dataclass(frozen=True, repr=False)
class ImageRandomPerspective(RandomImagePreprocessing):
    """Moves each corner of the picture inwards by an amount drawn for it, as if seen from aside; boxes follow.

    Args:
        distortion: a corner moves by up to this part of half the width and half the height, 0 to 1.
        fill: value of what comes in from outside, all channels.
        resize_mode: interpolation: 0 nearest, 1 linear, 2 cubic, 4 Lanczos.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `RandomPerspective` of torchvision.

    Example:
        >>> ImageRandomPerspective(0.3)(np.zeros((30, 40, 3), np.uint8)).shape
        (30, 40, 3)
    """

    distortion: float = 0.5
    fill: float = 0
    resize_mode: int = 1

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomPerspective")
        number(checks, "distortion", self.distortion, 0, 0.99)
        number(checks, "fill", self.fill)
        mode(checks, "resize_mode", self.resize_mode)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return where the corners go, x and y in pixels, clockwise from the left upper one."""
        corners = _corners(feature)
        inwards = np.sign(corners.mean(axis=0) - corners)
        lengths = generator.random((4, 2)) * self.distortion * corners.max(axis=0) / 2
        return {"corners": tuple(map(tuple, (corners + inwards * lengths).tolist()))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Move the corners there."""
        targets = np.array(drawn["corners"], np.float32)
        matrix = cv2.getPerspectiveTransform(_corners(feature).astype(np.float32), targets)
        return warped(feature, matrix, self.resize_mode, self.fill)


def rotation(degrees: float) -> np.ndarray:
    """Return the matrix that turns against the clock around the left upper corner; y points down."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])


def lean(degrees: float) -> np.ndarray:
    """Return the matrix that shifts each row by its height times the tangent of an angle."""
    return np.array([[1, math.tan(math.radians(degrees)), 0], [0, 1, 0], [0, 0, 1]])


def around_middle(feature: ImageFeature, matrix: np.ndarray) -> np.ndarray:
    """Return the matrix that does around the middle of the picture what `matrix` does around its corner."""
    height, width, _ = feature.size
    return shift(width / 2, height / 2) @ matrix @ shift(-width / 2, -height / 2)


def _corners(feature: ImageFeature) -> np.ndarray:
    height, width, _ = feature.size
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
