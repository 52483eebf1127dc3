"""Steps that make float32 of the pixels by subtracting and scaling. Run inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.arguments import number
from zoo_lab.feature.image.base import ImagePreprocessing
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pictures import per_channel, with_channels

NORMS = {1: "largest", 2: "sum", 4: "root of squares", 32: "range"}


@dataclass(frozen=True, repr=False)
class ImageChannelNormalize(ImagePreprocessing):
    """Subtracts a mean from each channel and divides it by a standard deviation; float32 afterwards.

    Args:
        mean_r: of red; the arguments are in the order R, G, B whatever the order of the channels.
        mean_g: of green.
        mean_b: of blue.
        std_r: of red; not 0.
        std_g: of green.
        std_b: of blue.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture of other than 3 channels (a gray one
    is fine if the three means, and the three deviations, are equal).

    Source: `ImageChannelNormalize` of Analytics Zoo.

    Example:
        >>> ImageChannelNormalize(123, 117, 104)(np.full((1, 1, 3), [104, 117, 123], np.uint8)).tolist()
        [[[0.0, 0.0, 0.0]]]
    """

    mean_r: float
    mean_g: float
    mean_b: float
    std_r: float = 1.0
    std_g: float = 1.0
    std_b: float = 1.0

    def __post_init__(self) -> None:
        checks = Checks("ImageChannelNormalize")
        for name, value in vars(self).items():
            is_number = number(checks, name, value)
            if is_number and name.startswith("std"):
                checks.require(value != 0, f"Expected {name} not to be 0; received 0. 1 leaves the channel as it is.")
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Normalize one image."""
        means = per_channel((self.mean_r, self.mean_g, self.mean_b), feature, "ImageChannelNormalize")
        stds = per_channel((self.std_r, self.std_g, self.std_b), feature, "ImageChannelNormalize")
        return feature.with_image(_shifted(feature.require_image(), means, 1 / stds.astype(np.float64)))


@dataclass(frozen=True, repr=False)
class ImageChannelScaledNormalizer(ImagePreprocessing):
    """Subtracts a mean from each channel and multiplies by one factor; float32 afterwards.

    Args:
        mean_r: of red; the arguments are in the order R, G, B whatever the order of the channels.
        mean_g: of green.
        mean_b: of blue.
        scale: the factor.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture of other than 3 channels (a gray one
    is fine if the three means are equal).

    Source: `ChannelScaledNormalizer` of BigDL.

    Example:
        >>> ImageChannelScaledNormalizer(0, 0, 0, 1 / 255)(np.full((1, 1, 3), 255, np.uint8)).tolist()
        [[[1.0, 1.0, 1.0]]]
    """

    mean_r: float
    mean_g: float
    mean_b: float
    scale: float

    def __post_init__(self) -> None:
        checks = Checks("ImageChannelScaledNormalizer")
        for name, value in vars(self).items():
            number(checks, name, value)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Normalize one image."""
        means = per_channel((self.mean_r, self.mean_g, self.mean_b), feature, "ImageChannelScaledNormalizer")
        return feature.with_image(_shifted(feature.require_image(), means, np.full(len(means), self.scale)))


@dataclass(frozen=True, repr=False)
class PerImageNormalize(ImagePreprocessing):
    """Scales the pixels of each image to one range or norm, all channels together; float32 afterwards.

    Args:
        min: least value of the result; for the other norms, the norm of the result.
        max: greatest value of the result.
        norm_type: 32 range, 1 largest absolute value, 2 sum of the absolute values, 4 root of the sum of squares.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `PerImageNormalize` of Analytics Zoo; `cv2.normalize`.

    Example:
        >>> PerImageNormalize(0, 1)(np.array([[50, 100, 150]], np.uint8)).ravel().tolist()
        [0.0, 0.5, 1.0]
    """

    min: float
    max: float
    norm_type: int = 32

    def __post_init__(self) -> None:
        checks = Checks("PerImageNormalize")
        number(checks, "min", self.min)
        number(checks, "max", self.max)
        known = ", ".join(f"{key} ({word})" for key, word in NORMS.items())
        problem = f"Expected norm_type to be one of {known}; received {self.norm_type!r}."
        checks.require(self.norm_type in NORMS, problem)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Normalize one image."""
        image = feature.require_image()
        if self.norm_type == cv2.NORM_MINMAX:
            return feature.with_image(_stretched(image, self.min, self.max))
        result = cv2.normalize(image, None, self.min, self.max, self.norm_type, cv2.CV_32F)
        return feature.with_image(with_channels(result))


@dataclass(frozen=True, eq=False, repr=False)
class ImagePixelNormalize(ImagePreprocessing):
    """Subtracts a whole picture of means; float32 afterwards.

    Args:
        means: (height, width, channels) in the layout of the pictures, or as many numbers in one row.

    Raises `ArgumentError` for means that are no numbers, `DataError` for a picture of another size.

    Source: `ImagePixelNormalize` of Analytics Zoo.

    Example:
        >>> ImagePixelNormalize(np.ones((1, 2, 1)))(np.array([[5, 6]], np.uint8)).ravel().tolist()
        [4.0, 5.0]
    """

    means: Any

    def __post_init__(self) -> None:
        checks = Checks("ImagePixelNormalize")
        means = np.asarray(self.means)
        is_numbers = means.dtype.kind in "iuf" and means.ndim in (1, 3)
        problem = f"Expected means as numbers of (height, width, channels); received {means.dtype} of {means.shape}."
        checks.require(is_numbers, problem)
        checks.done()
        object.__setattr__(self, "means", means.astype(np.float32))

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Subtract the means from one image."""
        image = feature.require_image()
        fits = self.means.shape == image.shape or (self.means.ndim == 1 and self.means.size == image.size)
        if not fits:
            msg = (
                f"ImagePixelNormalize: {feature.name}: expected a picture of the size of the means, "
                f"{self.means.shape}; received {image.shape}. Put ImageResize before it."
            )
            raise DataError(msg)
        return feature.with_image(image - self.means.reshape(image.shape))

    def __repr__(self) -> str:
        return f"ImagePixelNormalize(means of {'x'.join(map(str, self.means.shape))})"


def _stretched(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the picture from `low` to `high`; `cv2.normalize` misses both by a rounding."""
    least, greatest = float(image.min()), float(image.max())
    factor = (high - low) / (greatest - least) if greatest > least else 0.0
    return (image - np.float32(least)) * np.float32(factor) + np.float32(low)


def _shifted(image: np.ndarray, means: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return (image - means) * factors per channel, float32.

    OpenCV is faster than numpy at the first, and numpy at the second with a factor for each value of a line.
    """
    rest = (0.0,) * (4 - len(means))  # OpenCV takes four numbers, whatever the channels
    result = cv2.subtract(image, (*means.tolist(), *rest), dtype=cv2.CV_32F)
    if (factors != 1).any():
        lines = result.reshape(len(result), -1)
        lines *= np.tile(factors.astype(np.float32), image.shape[1])
    return with_channels(result)
