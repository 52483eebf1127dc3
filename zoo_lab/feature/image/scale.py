"""Steps that bring a picture to a size and keep its shape. Run inside Spark executors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import mode, number
from zoo_lab.feature.image.base import ImagePreprocessing, RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import stretched

LINEAR = 1


@dataclass(frozen=True, repr=False)
class ImageAspectScale(ImagePreprocessing):
    """Scales the short side to `min_size` unless the long side then exceeds `max_size`; boxes follow.

    Args:
        min_size: length of the short side, in pixels.
        scale_multiple_of: both sides are cut down to a multiple of it; 1 = any length.
        max_size: the long side is at most this long.
        resize_mode: 0 nearest, 1 linear, 2 cubic, 3 area, 4 Lanczos.
        use_scale_factor: taken from the predecessor; the size alone decides.
        min_scale: the factor is at least this before `max_size` limits it; not above 0 = no limit.

    Raises `ArgumentError` listing the wrong arguments.

    Source: the input size of Faster R-CNN (Ren et al. 2015); `ImageAspectScale` of Analytics Zoo.

    Example:
        >>> ImageAspectScale(600)(np.zeros((375, 500, 3), np.uint8)).shape
        (600, 800, 3)
    """

    min_size: int
    scale_multiple_of: int = 1
    max_size: int = 1000
    resize_mode: int = 1
    use_scale_factor: bool = True
    min_scale: float = -1.0

    def __post_init__(self) -> None:
        checks = Checks("ImageAspectScale")
        checks.positive_int("min_size", self.min_size)
        checks.positive_int("scale_multiple_of", self.scale_multiple_of)
        checks.positive_int("max_size", self.max_size)
        mode(checks, "resize_mode", self.resize_mode)
        number(checks, "min_scale", self.min_scale)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Scale one image."""
        height, width, _ = feature.size
        factor = self._factor(min(height, width), max(height, width))
        sides = [_multiple(side * factor, self.scale_multiple_of) for side in (height, width)]
        return stretched(feature, *sides, self.resize_mode)

    def _factor(self, short: int, long: int) -> float:
        factor = max(self.min_size / short, self.min_scale)
        return self.max_size / long if round(factor * long) > self.max_size else factor


@dataclass(frozen=True, repr=False)
class ImageRandomAspectScale(RandomImagePreprocessing):
    """Scales the short side to a length drawn from a list, as `ImageAspectScale` does; boxes follow.

    Args:
        scales: lengths of the short side, in pixels.
        scale_multiple_of: both sides are cut down to a multiple of it; 1 = any length.
        max_size: the long side is at most this long.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ImageRandomAspectScale` of Analytics Zoo.

    Example:
        >>> ImageRandomAspectScale([600])(np.zeros((375, 500, 3), np.uint8)).shape
        (600, 800, 3)
    """

    scales: Sequence[int]
    scale_multiple_of: int = 1
    max_size: int = 1000

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomAspectScale")
        object.__setattr__(self, "scales", tuple(self.scales))
        checks.require(bool(self.scales), "Expected scales to hold at least one length; received none.")
        for position, length in enumerate(self.scales):
            checks.positive_int(f"scales[{position}]", length)
        checks.positive_int("scale_multiple_of", self.scale_multiple_of)
        checks.positive_int("max_size", self.max_size)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the length of the short side."""
        return {"min_size": int(self.scales[generator.integers(len(self.scales))])}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Scale to that length."""
        return ImageAspectScale(drawn["min_size"], self.scale_multiple_of, self.max_size).transform(feature)


@dataclass(frozen=True, repr=False)
class ScaleResize(ImagePreprocessing):
    """Brings the short side to `min_size`, or less so that the long side stays within `max_size`; boxes follow.

    Args:
        min_size: length of the short side, in pixels.
        max_size: the long side is at most this long; -1 = no limit.
        resize_roi: taken from the predecessor; boxes always follow.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ScaleResize` of BigDL.

    Example:
        >>> ScaleResize(100, 120)(np.zeros((375, 500, 3), np.uint8)).shape
        (90, 120, 3)
    """

    min_size: int
    max_size: int = -1
    resize_roi: bool = False

    def __post_init__(self) -> None:
        checks = Checks("ScaleResize")
        checks.positive_int("min_size", self.min_size)
        if self.max_size != -1:
            checks.positive_int("max_size", self.max_size)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Resize one image."""
        height, width, _ = feature.size
        short, long = min(height, width), max(height, width)
        size = self.min_size
        if self.max_size > 0 and size * long / short > self.max_size:
            size = max(1, round(self.max_size * short / long))
        return stretched(feature, size * height // short, size * width // short, LINEAR)


def _multiple(length: float, of: int) -> int:
    """Return a length cut down to a multiple; rounded if any length will do."""
    if of == 1:
        return max(1, round(length))
    return max(of, int(length / of + 1e-6) * of)  # 640 must not become 608 because 639.9999 was computed
