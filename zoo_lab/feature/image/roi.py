"""The predecessor's steps over boxes. Run inside Spark executors.

There a step moved the pixels and another one the boxes. Here boxes follow every step that moves pixels, so that they
always fit the picture; a step below never moves a box against the pixels. What is left for it: the units of the boxes,
and which of them are kept. Chains written for the predecessor give the boxes that they gave there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_lab.feature.image.base import ImagePreprocessing
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature


@dataclass(frozen=True, repr=False)
class ImageRoiNormalize(ImagePreprocessing):
    """Gives the boxes as parts of the picture's width and height; boxes that are so already stay.

    Source: `ImageRoiNormalize` of Analytics Zoo.

    Example:
        >>> feature = ImageFeature(mat=np.zeros((100, 200, 3), np.uint8), boxes=Boxes([[20, 50, 100, 100]]))
        >>> ImageRoiNormalize()(feature).boxes.coordinates.round(2).tolist()
        [[0.10000000149011612, 0.5, 0.5, 1.0]]
    """

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Change the units of one image's boxes."""
        return _in_units(feature, True)


@dataclass(frozen=True, repr=False)
class ImageRoiResize(ImagePreprocessing):
    """Comes after `ImageResize`, which the boxes have followed; gives them in the units that it names.

    Args:
        normalized: whether the boxes are parts of width and height; else they are in pixels of the new size.

    Source: `ImageRoiResize` of Analytics Zoo.

    Example:
        >>> feature = ImageFeature(mat=np.zeros((375, 500, 3), np.uint8), boxes=Boxes([[2, 84, 59, 248]]))
        >>> chain = ChainedPreprocessing([ImageResize(300, 300), ImageRoiResize()])
        >>> chain(feature).boxes.coordinates.round(1).tolist()
        [[1.2000000476837158, 67.19999694824219, 35.400001525878906, 198.39999389648438]]
    """

    normalized: bool = False

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Change the units of one image's boxes."""
        return _in_units(feature, self.normalized)


@dataclass(frozen=True, repr=False)
class ImageRoiHFlip(ImagePreprocessing):
    """Comes after `ImageHFlip`, which the boxes have followed; gives them in the units that it names.

    Args:
        normalized: whether the boxes are parts of width and height; else they are in pixels.

    Source: `ImageRoiHFlip` of Analytics Zoo.

    Example:
        >>> feature = ImageFeature(mat=np.zeros((375, 500, 3), np.uint8), boxes=Boxes([[2, 84, 59, 248]]))
        >>> chain = ChainedPreprocessing([ImageHFlip(), ImageRoiHFlip(normalized=False)])
        >>> chain(feature).boxes.coordinates.tolist()
        [[441.0, 84.0, 498.0, 248.0]]
    """

    normalized: bool = True

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Change the units of one image's boxes."""
        return _in_units(feature, self.normalized)


@dataclass(frozen=True, repr=False)
class ImageRoiProject(ImagePreprocessing):
    """Comes after a crop or `ImageExpand`, which the boxes have followed; drops the boxes whose middle was cut off.

    The middle is that of the whole object, before any cut since the last step of this kind.

    Args:
        need_meet_center_constraint: whether the middle must lie in the picture; else a box stays as long as a part of
            it is in the picture.

    Source: `ImageRoiProject` of Analytics Zoo; the rule is that of SSD.

    Example:
        >>> feature = ImageFeature(mat=np.zeros((100, 100, 3), np.uint8), boxes=Boxes([[0, 0, 90, 90]]))
        >>> chain = ChainedPreprocessing([ImageFixedCrop(0, 0, 0.4, 0.4), ImageRoiProject()])
        >>> len(chain(feature).boxes)
        0
    """

    need_meet_center_constraint: bool = True

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Choose among one image's boxes."""
        if feature.boxes is None:
            return feature
        boxes = feature.boxes
        if self.need_meet_center_constraint:
            boxes = boxes.select(middle_inside(boxes, *feature.size[:2]))
        return feature.replace(boxes=boxes.replace(centers=None))


def middle_inside(boxes: Boxes, height: int, width: int) -> np.ndarray:
    """Return for each box whether the middle of its whole object lies in the picture, (n,) booleans."""
    x, y = boxes.middles().T
    right, lower = (1, 1) if boxes.normalized else (width, height)
    return (x >= 0) & (x <= right) & (y >= 0) & (y <= lower)


def _in_units(feature: ImageFeature, normalized: bool) -> ImageFeature:
    if feature.boxes is None:
        return feature
    return feature.replace(boxes=feature.boxes.in_units_of(normalized, *feature.size[:2]))
