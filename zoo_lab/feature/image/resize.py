"""Steps that bring a picture to a given height and width. Run inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import mode
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import stretched

CUBIC = 2
BY_CHANCE = (1, 2, 3, 0, 4)


@dataclass(frozen=True, repr=False)
class ImageResize(RandomImagePreprocessing):
    """Brings the picture to one size, whatever its shape; boxes follow.

    Args:
        resize_h: height in pixels.
        resize_w: width in pixels.
        resize_mode: 0 nearest, 1 linear, 2 cubic, 3 area, 4 Lanczos; -1 draws one of them for each image.
        use_scale_factor: taken from the predecessor; the size alone decides.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ImageResize` of Analytics Zoo; the mode by chance is that of SSD.

    Example:
        >>> ImageResize(300, 400)(np.zeros((375, 500, 3), np.uint8)).shape
        (300, 400, 3)
    """

    resize_h: int
    resize_w: int
    resize_mode: int = 1
    use_scale_factor: bool = True

    def __post_init__(self) -> None:
        checks = Checks("ImageResize")
        checks.positive_int("resize_h", self.resize_h)
        checks.positive_int("resize_w", self.resize_w)
        mode(checks, "resize_mode", self.resize_mode, by_chance=True)
        checks.done()

    @property
    def by_chance(self) -> bool:
        """Whether the interpolation is drawn."""
        return self.resize_mode < 0

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Resize one image; nothing is drawn, and so nothing noted, where the interpolation is given."""
        if self.by_chance:
            return super().transform(feature)
        return stretched(feature, self.resize_h, self.resize_w, self.resize_mode)

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the interpolation."""
        return {"resize_mode": int(BY_CHANCE[generator.integers(len(BY_CHANCE))])}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Resize with that interpolation."""
        return stretched(feature, self.resize_h, self.resize_w, drawn["resize_mode"])


@dataclass(frozen=True, repr=False)
class ImageRandomResize(RandomImagePreprocessing):
    """Brings the short side to a length drawn for each image, cubic, and keeps the shape; boxes follow.

    Args:
        min_size: shortest length of the short side, in pixels.
        max_size: longest length, itself included.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `RandomResize` of BigDL.

    Example:
        >>> ImageRandomResize(150, 150)(np.zeros((300, 400, 3), np.uint8)).shape
        (150, 200, 3)
    """

    min_size: int
    max_size: int

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomResize")
        checks.positive_int("min_size", self.min_size)
        checks.positive_int("max_size", self.max_size)
        if not checks.problems and self.min_size > self.max_size:
            checks.fail(f"Expected min_size not to be above max_size; received {self.min_size} and {self.max_size}.")
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the length of the short side."""
        return {"size": int(generator.integers(self.min_size, self.max_size + 1))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Resize to that length."""
        height, width, _ = feature.size
        factor = drawn["size"] / min(height, width)
        return stretched(feature, round(height * factor), round(width * factor), CUBIC)
