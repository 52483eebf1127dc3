"""Steps that cut one window out of a picture. Run inside Spark executors.

Boxes follow: what lies outside the window is cut off, and a box without any part inside is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.arguments import number
from zoo_lab.feature.image.base import ImagePreprocessing, RandomImagePreprocessing
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import cut


@dataclass(frozen=True, repr=False)
class ImageRandomCrop(RandomImagePreprocessing):
    """Cuts out a window of one size at a place drawn for each image, every place as likely; boxes follow.

    Args:
        crop_width: width of the window in pixels.
        crop_height: its height.
        is_clip: whether a picture smaller than the window gives what there is of it; else it raises.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture smaller than the window.

    Source: `ImageRandomCrop` of Analytics Zoo.

    Example:
        >>> ImageRandomCrop(30, 20)(np.zeros((50, 50, 3), np.uint8)).shape
        (20, 30, 3)
    """

    crop_width: int
    crop_height: int
    is_clip: bool = True

    def __post_init__(self) -> None:
        _check_size("ImageRandomCrop", self.crop_width, self.crop_height)

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the left upper corner of the window."""
        height, width, _ = feature.size
        x = generator.integers(max(0, width - self.crop_width) + 1)
        return {"x": int(x), "y": int(generator.integers(max(0, height - self.crop_height) + 1))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Cut the window out."""
        x, y = drawn["x"], drawn["y"]
        return cut_within(feature, (x, y, x + self.crop_width, y + self.crop_height), self.is_clip, "ImageRandomCrop")


@dataclass(frozen=True, repr=False)
class ImageCenterCrop(ImagePreprocessing):
    """Cuts out the middle of a picture; boxes follow.

    Args:
        crop_width: width of the window in pixels.
        crop_height: its height.
        is_clip: whether a picture smaller than the window gives what there is of it; else it raises.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture smaller than the window.

    Source: `ImageCenterCrop` of Analytics Zoo.

    Example:
        >>> ImageCenterCrop(200, 100)(np.zeros((375, 500, 3), np.uint8)).shape
        (100, 200, 3)
    """

    crop_width: int
    crop_height: int
    is_clip: bool = True

    def __post_init__(self) -> None:
        _check_size("ImageCenterCrop", self.crop_width, self.crop_height)

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Cut one image."""
        window = middle_window(feature, self.crop_width, self.crop_height)
        return cut_within(feature, window, self.is_clip, "ImageCenterCrop")


@dataclass(frozen=True, repr=False)
class ImageFixedCrop(ImagePreprocessing):
    """Cuts the same window out of each picture; boxes follow.

    Args:
        x1: left edge, as a part of the width, or in pixels.
        y1: upper edge, as a part of the height, or in pixels.
        x2: right edge.
        y2: lower edge.
        normalized: whether the edges are parts of width and height instead of pixels.
        is_clip: whether a window that reaches out of the picture gives what there is of it; else it raises.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a window outside the picture.

    Source: `ImageFixedCrop` of Analytics Zoo.

    Example:
        >>> ImageFixedCrop(0, 0, 50 / 500, 50 / 375)(np.zeros((375, 500, 3), np.uint8)).shape
        (50, 50, 3)
    """

    x1: float
    y1: float
    x2: float
    y2: float
    normalized: bool = True
    is_clip: bool = True

    def __post_init__(self) -> None:
        checks = Checks("ImageFixedCrop")
        numbers = [number(checks, name, getattr(self, name)) for name in ("x1", "y1", "x2", "y2")]
        if all(numbers):
            ordered = self.x1 < self.x2 and self.y1 < self.y2
            checks.require(ordered, f"Expected x1 < x2 and y1 < y2; received {self.x1, self.y1, self.x2, self.y2}.")
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Cut one image."""
        window = _pixels((self.x1, self.y1, self.x2, self.y2), feature, self.normalized)
        return cut_within(feature, window, self.is_clip, "ImageFixedCrop")


@dataclass(frozen=True, repr=False)
class DetectionCrop(ImagePreprocessing):
    """Cuts out the window that each image carries, such as what a detector found; boxes follow.

    Args:
        roi_key: where the window is: an attribute of the image or a key of its own. It may hold x1, y1, x2, y2, or
            rows of them or of label, score, x1, y1, x2, y2, or `Boxes`; of several the first counts.
        normalized: whether the numbers are parts of width and height instead of pixels; `Boxes` know it themselves.

    Raises `DataError` for an image without a window, or with one outside the picture.

    Source: `DetectionCrop` of BigDL.

    Example:
        >>> feature = ImageFeature(mat=np.zeros((375, 500, 3), np.uint8)).with_key("roi", [0, 0, 0.5, 0.5])
        >>> DetectionCrop("roi")(feature).size
        (187, 250, 3)
    """

    roi_key: str
    normalized: bool = True

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Cut one image."""
        roi, normalized = self._roi(feature)
        return cut_within(feature, _pixels(roi, feature, normalized), True, "DetectionCrop")

    def _roi(self, feature: ImageFeature) -> tuple[Sequence[float], bool]:
        value = feature.get(self.roi_key)
        if isinstance(value, Boxes):
            value, normalized = value.coordinates, value.normalized
        else:
            normalized = self.normalized
        numbers = np.asarray([] if value is None else value, np.float64)
        row = numbers[0] if numbers.ndim == 2 and len(numbers) else numbers
        if row.shape not in ((4,), (6,)):
            msg = (
                f"DetectionCrop: {feature.name}: expected x1, y1, x2, y2 under {self.roi_key!r}; "
                f"received {value!r}. feature.with_key({self.roi_key!r}, window) puts it there."
            )
            raise DataError(msg)
        return row[-4:].tolist(), normalized


def cut_within(feature: ImageFeature, window: Sequence[int], is_clip: bool, step: str) -> ImageFeature:
    """Return the window x1, y1, x2, y2 of the picture, as far as it lies in the picture if `is_clip`.

    Raises `DataError` for a window outside the picture, or without `is_clip` one that reaches out of it.
    """
    height, width, _ = feature.size
    x1, y1, x2, y2 = window
    inside = max(0, x1), max(0, y1), min(width, x2), min(height, y2)
    is_empty = inside[0] >= inside[2] or inside[1] >= inside[3]
    if is_empty or (inside != tuple(window) and not is_clip):
        repair = "Move it into the picture." if is_empty else "is_clip=True gives what there is of it."
        msg = (
            f"{step}: {feature.name}: expected a window within {width} x {height} pixels; received x from {x1} to {x2} "
            f"and y from {y1} to {y2}. {repair}"
        )
        raise DataError(msg)
    return cut(feature, inside)


def middle_window(feature: ImageFeature, crop_width: int, crop_height: int) -> tuple[int, int, int, int]:
    """Return the window of that size in the middle of the picture."""
    height, width, _ = feature.size
    x, y = (width - crop_width) // 2, (height - crop_height) // 2
    return x, y, x + crop_width, y + crop_height


def _pixels(edges: Sequence[float], feature: ImageFeature, normalized: bool) -> tuple[int, ...]:
    height, width, _ = feature.size
    sides = (width, height, width, height) if normalized else (1, 1, 1, 1)
    # 50 / 375 of 375 must be pixel 50, though it computes to less
    return tuple(math.floor(edge * side + 1e-6) for edge, side in zip(edges, sides, strict=True))


def _check_size(step: str, crop_width: int, crop_height: int) -> None:
    checks = Checks(step)
    checks.positive_int("crop_width", crop_width)
    checks.positive_int("crop_height", crop_height)
    checks.done()
