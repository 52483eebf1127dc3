"""Steps that cut by chance and bring the cut to one size. Run inside Spark executors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import mode, number, span
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import cut, stretched

ATTEMPTS = 10
MODES_BY_NAME = {"NEAREST": 0, "LINEAR": 1, "CUBIC": 2, "AREA": 3, "LANCZOS4": 4}


@dataclass(frozen=True, repr=False)
class RandomAlterAspect(RandomImagePreprocessing):
    """Cuts out a window of an area and a shape drawn for each image, and makes a square of it; boxes follow.

    Ten draws that do not fit into the picture leave the whole picture.

    Args:
        min_area_ratio: least part of the picture's area.
        max_area_ratio: greatest part, at most 1.
        min_aspect_ratio_change: the sides of the window are as 1 to between this and 1.
        interp_mode: NEAREST, LINEAR, CUBIC, AREA or LANCZOS4.
        crop_length: side of the result in pixels.

    Raises `ArgumentError` listing the wrong arguments.

    Source: Szegedy et al., Going deeper with convolutions (2014); `RandomAlterAspect` of BigDL.

    Example:
        >>> RandomAlterAspect()(np.zeros((375, 500, 3), np.uint8)).shape
        (224, 224, 3)
    """

    min_area_ratio: float = 0.08
    max_area_ratio: float = 1.0
    min_aspect_ratio_change: float = 0.75
    interp_mode: str = "CUBIC"
    crop_length: int = 224

    def __post_init__(self) -> None:
        checks = Checks("RandomAlterAspect")
        span(checks, ("min_area_ratio", "max_area_ratio"), self.min_area_ratio, self.max_area_ratio, 1e-6, 1)
        number(checks, "min_aspect_ratio_change", self.min_aspect_ratio_change, 1e-6, 1)
        checks.one_of("interp_mode", self.interp_mode, MODES_BY_NAME)
        checks.positive_int("crop_length", self.crop_length)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the window."""
        areas = generator.uniform(self.min_area_ratio, self.max_area_ratio, ATTEMPTS)
        shapes = generator.uniform(self.min_aspect_ratio_change, 1, ATTEMPTS)
        shapes = np.where(generator.random(ATTEMPTS) < 0.5, shapes, 1 / shapes)
        return {"window": _window(generator, feature, areas, shapes) or _whole(feature)}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Cut it out and resize it."""
        side = self.crop_length
        return stretched(cut(feature, drawn["window"], shared=True), side, side, MODES_BY_NAME[self.interp_mode])


@dataclass(frozen=True, repr=False)
class ImageRandomResizedCrop(RandomImagePreprocessing):
    """Cuts out a window of an area and a shape drawn for each image, and brings it to one size; boxes follow.

    Ten draws that do not fit into the picture leave the greatest middle window of an allowed shape.

    Args:
        height: of the result in pixels.
        width: of the result.
        scale_low: least part of the picture's area.
        scale_high: greatest part, at most 1.
        ratio_low: least width of the window for a height of 1; drawn evenly on a logarithmic scale.
        ratio_high: greatest.
        resize_mode: 0 nearest, 1 linear, 2 cubic, 3 area, 4 Lanczos.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `RandomResizedCrop` of torchvision.

    Example:
        >>> ImageRandomResizedCrop(200, 300)(np.zeros((375, 500, 3), np.uint8)).shape
        (200, 300, 3)
    """

    height: int
    width: int
    scale_low: float = 0.08
    scale_high: float = 1.0
    ratio_low: float = 3 / 4
    ratio_high: float = 4 / 3
    resize_mode: int = 1

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomResizedCrop")
        checks.positive_int("height", self.height)
        checks.positive_int("width", self.width)
        span(checks, ("scale_low", "scale_high"), self.scale_low, self.scale_high, 1e-6, 1)
        span(checks, ("ratio_low", "ratio_high"), self.ratio_low, self.ratio_high, 1e-6)
        mode(checks, "resize_mode", self.resize_mode)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the window."""
        areas = generator.uniform(self.scale_low, self.scale_high, ATTEMPTS)
        shapes = np.exp(generator.uniform(math.log(self.ratio_low), math.log(self.ratio_high), ATTEMPTS))
        return {"window": _window(generator, feature, areas, shapes) or self._middle(feature)}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Cut it out and resize it."""
        return stretched(cut(feature, drawn["window"], shared=True), self.height, self.width, self.resize_mode)

    def _middle(self, feature: ImageFeature) -> tuple[int, int, int, int]:
        height, width, _ = feature.size
        shape = min(max(width / height, self.ratio_low), self.ratio_high)
        new_width, new_height = min(width, round(height * shape)), min(height, round(width / shape))
        x, y = (width - new_width) // 2, (height - new_height) // 2
        return x, y, x + max(1, new_width), y + max(1, new_height)


def _window(
    generator: np.random.Generator, feature: ImageFeature, areas: np.ndarray, shapes: np.ndarray
) -> tuple[int, int, int, int] | None:
    """Return the first window of these areas and shapes that fits, at a place by chance; None if none does."""
    height, width, _ = feature.size
    for part, shape in zip(areas.tolist(), shapes.tolist(), strict=True):
        area = part * height * width
        new_width, new_height = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < new_width <= width and 0 < new_height <= height:
            x = int(generator.integers(width - new_width + 1))
            y = int(generator.integers(height - new_height + 1))
            return x, y, x + new_width, y + new_height
    return None


def _whole(feature: ImageFeature) -> tuple[int, int, int, int]:
    height, width, _ = feature.size
    return 0, 0, width, height
