"""The photographs that the image tests work on: real ones, and one whose boxes can be seen in its pixels."""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.datasets import load_sample_images

from zoo_lab.feature.image import Boxes, ImageFeature

BOXES = ((40, 30, 120, 90), (150, 20, 180, 200), (10, 140, 100, 215))


@cache
def photograph(name: str = "china") -> np.ndarray:
    """A photograph of 427 x 640 pixels, B, G, R; read-only, so that a step that writes into it fails."""
    images = dict(zip(("china", "flower"), load_sample_images().images, strict=True))
    image = np.ascontiguousarray(images[name][:, :, ::-1])
    image.flags.writeable = False
    return image


def part(height: int = 240, width: int = 320) -> np.ndarray:
    """The left upper part of a photograph, read-only."""
    image = photograph()[:height, :width].copy()
    image.flags.writeable = False
    return image


def gray(height: int = 240, width: int = 320) -> np.ndarray:
    """One channel of it, (height, width, 1), read-only."""
    image = part(height, width)[:, :, :1].copy()
    image.flags.writeable = False
    return image


def feature(**changes: object) -> ImageFeature:
    """An image of 240 x 320 pixels with a uri, a label and three boxes."""
    boxes = Boxes(BOXES, labels=[0, 1, 2], difficult=[False, True, False])
    return ImageFeature(uri="folder/china.jpg", mat=part(), label=3, boxes=boxes).replace(**changes)


def painted(box: tuple[int, ...], height: int = 240, width: int = 320) -> ImageFeature:
    """A black picture whose only white pixels are those of its only box."""
    image = np.zeros((height, width, 3), np.uint8)
    image[box[1] : box[3], box[0] : box[2]] = 255
    return ImageFeature(uri=f"painted {box}", mat=image, boxes=Boxes([box]))


def seen_box(image: np.ndarray) -> list[int]:
    """x1, y1, x2, y2 around the white pixels of a picture."""
    rows, columns = np.nonzero(image[:, :, 0] > 127)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
