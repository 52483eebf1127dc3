"""Steps that blur, add noise and equalize contrast. Run inside Spark executors. Boxes stay: nothing moves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.arguments import number, span
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pictures import color_of, rounded, with_channels


@dataclass(frozen=True, repr=False)
class ImageGaussianBlur(RandomImagePreprocessing):
    """Blurs the picture by a width drawn for each image.

    Args:
        sigma_low: least standard deviation of the blur in pixels, above 0.
        sigma_high: greatest.
        kernel_size: side of the square that is averaged, odd; 0 = as large as the blur needs.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `cv2.GaussianBlur`; `GaussianBlur` of torchvision.

    Example:
        >>> int(ImageGaussianBlur(1, 1)(np.full((9, 9, 3), 7, np.uint8)).max())
        7
    """

    sigma_low: float = 0.1
    sigma_high: float = 2.0
    kernel_size: int = 0

    def __post_init__(self) -> None:
        checks = Checks("ImageGaussianBlur")
        span(checks, ("sigma_low", "sigma_high"), self.sigma_low, self.sigma_high, 1e-3)
        checks.natural_int("kernel_size", self.kernel_size)
        is_odd = self.kernel_size == 0 or self.kernel_size % 2 == 1
        checks.require(is_odd, f"Expected kernel_size to be odd, or 0; received {self.kernel_size!r}.")
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the standard deviation."""
        return {"sigma": float(generator.uniform(self.sigma_low, self.sigma_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Blur by it."""
        kernel = (self.kernel_size, self.kernel_size)
        image = cv2.GaussianBlur(feature.require_image(), kernel, drawn["sigma"])
        return feature.with_image(with_channels(image))


@dataclass(frozen=True, repr=False)
class ImageGaussianNoise(RandomImagePreprocessing):
    """Adds to each pixel and channel its own number by chance; 8-bit pixels stay within 0 and 255.

    Args:
        std_low: least standard deviation of the numbers, 0 or more.
        std_high: greatest; one is drawn for each image.
        mean: of the numbers.

    Raises `ArgumentError` listing the wrong arguments.

    Example:
        >>> int(ImageGaussianNoise(0, 0, mean=5)(np.zeros((2, 2, 3), np.uint8)).max())
        5
    """

    std_low: float = 2.0
    std_high: float = 10.0
    mean: float = 0.0

    def __post_init__(self) -> None:
        checks = Checks("ImageGaussianNoise")
        span(checks, ("std_low", "std_high"), self.std_low, self.std_high, 0)
        number(checks, "mean", self.mean)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the standard deviation, and the seed of the numbers of the pixels."""
        return {"std": float(generator.uniform(self.std_low, self.std_high)), "seed": int(generator.integers(2**32))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Add the numbers."""
        image = feature.require_image()
        noise = np.random.default_rng(drawn["seed"]).standard_normal(image.shape, np.float32)
        result = image + (noise * np.float32(drawn["std"]) + np.float32(self.mean))
        return feature.with_image(rounded(result) if image.dtype == np.uint8 else result)


@dataclass(frozen=True, repr=False)
class ImageCLAHE(RandomImagePreprocessing):
    """Equalizes the contrast of each part of an 8-bit picture, in its lightness if it has colours.

    Args:
        clip_low: least limit of the gain in contrast, above 0.
        clip_high: greatest; one is drawn for each image.
        tiles: parts per row and per column.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for float pixels or other than 1 or 3 channels.

    Source: Zuiderveld, Contrast Limited Adaptive Histogram Equalization (1994); `cv2.createCLAHE`.

    Example:
        >>> ImageCLAHE()(np.zeros((64, 64, 3), np.uint8)).shape
        (64, 64, 3)
    """

    clip_low: float = 1.0
    clip_high: float = 4.0
    tiles: int = 8

    def __post_init__(self) -> None:
        checks = Checks("ImageCLAHE")
        span(checks, ("clip_low", "clip_high"), self.clip_low, self.clip_high, 1e-3)
        checks.positive_int("tiles", self.tiles)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the limit."""
        return {"clip": float(generator.uniform(self.clip_low, self.clip_high))}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Equalize with it."""
        image = color_of(feature, "ImageCLAHE")
        equalizer = cv2.createCLAHE(drawn["clip"], (self.tiles, self.tiles))
        if image.shape[2] == 1:
            return feature.with_image(equalizer.apply(image[:, :, 0]))
        lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
        cv2.insertChannel(equalizer.apply(cv2.extractChannel(lab, 0)), lab, 0)
        return feature.with_image(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR))
