"""The crop of ImageNet training in the predecessor: a window, perhaps mirrored, as floats. Runs inside executors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.crop import ImageRandomCrop, cut_within, middle_window
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.flip import ImageHFlip


@dataclass(frozen=True, repr=False)
class ImageRandomCropper(RandomImagePreprocessing):
    """Cuts out a window, exchanges left and right of every second one by chance, and gives float32; boxes follow.

    Args:
        crop_w: width of the window in pixels; the picture must be at least as wide.
        crop_h: its height.
        mirror: whether left and right are exchanged with a chance of one half.
        cropper_method: "Random" for a place by chance, "Center" for the middle.
        channels: how many the pictures have.

    Raises `ArgumentError` listing the wrong arguments, `DataError` for a picture that is smaller or has other channels.

    Source: `ImageRandomCropper` of Analytics Zoo.

    Example:
        >>> ImageRandomCropper(224, 224, True)(np.zeros((256, 256, 3), np.uint8)).dtype.name
        'float32'
    """

    crop_w: int
    crop_h: int
    mirror: bool
    cropper_method: str = "Random"
    channels: int = 3

    def __post_init__(self) -> None:
        checks = Checks("ImageRandomCropper")
        checks.positive_int("crop_w", self.crop_w)
        checks.positive_int("crop_h", self.crop_h)
        checks.one_of("cropper_method", self.cropper_method, ("Random", "Center"))
        checks.positive_int("channels", self.channels)
        checks.done()

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the left upper corner, and whether left and right are exchanged."""
        corner = ImageRandomCrop(self.crop_w, self.crop_h).draw(generator, feature)
        if self.cropper_method == "Center":
            x, y, _, _ = middle_window(feature, self.crop_w, self.crop_h)
            corner = {"x": x, "y": y}
        return {**corner, "mirrored": bool(self.mirror and generator.random() < 0.5)}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Cut, exchange and make floats."""
        if feature.size[2] != self.channels:
            msg = f"ImageRandomCropper: {feature.name}: expected {self.channels} channels; received {feature.size[2]}."
            raise DataError(msg)
        x, y = drawn["x"], drawn["y"]
        result = cut_within(feature, (x, y, x + self.crop_w, y + self.crop_h), False, "ImageRandomCropper")
        result = ImageHFlip().transform(result) if drawn["mirrored"] else result
        return result.with_image(result.require_image().astype(np.float32))
