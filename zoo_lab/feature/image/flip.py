"""Steps that mirror a picture, always; `ImageRandomPreprocessing` makes it a matter of chance. Run inside executors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from zoo_lab.feature.image.base import ImagePreprocessing
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import flip, moved
from zoo_lab.feature.image.pictures import with_channels


@dataclass(frozen=True, repr=False)
class ImageHFlip(ImagePreprocessing):
    """Exchanges left and right; boxes follow.

    Source: `ImageHFlip` of Analytics Zoo.

    Example:
        >>> ImageHFlip()(np.array([[1, 2, 3]], np.uint8)).ravel().tolist()
        [3, 2, 1]
    """

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Mirror one image."""
        height, width, _ = feature.size
        image = with_channels(cv2.flip(feature.require_image(), 1))
        return moved(feature, image, flip(height, width))


@dataclass(frozen=True, repr=False)
class ImageMirror(ImagePreprocessing):
    """Exchanges left and right, and top and bottom: half a turn; boxes follow.

    Source: `ImageMirror` of Analytics Zoo.

    Example:
        >>> ImageMirror()(np.array([[1, 2], [3, 4]], np.uint8))[:, :, 0].tolist()
        [[4, 3], [2, 1]]
    """

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Mirror one image."""
        height, width, _ = feature.size
        image = with_channels(cv2.flip(feature.require_image(), -1))
        return moved(feature, image, flip(height, width, vertical=True))
