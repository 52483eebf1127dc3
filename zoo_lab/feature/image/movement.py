"""How boxes follow the pixels: each step that moves pixels gives one matrix, and the boxes are mapped here.

A matrix is 3 x 3 and maps points of the old picture to the new one, x and y in pixels counted from the left upper edge,
so that a picture reaches from 0 to its width. Runs inside Spark executors.
"""

from __future__ import annotations

import cv2
import numpy as np

from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pictures import resized, with_channels


def moved(
    feature: ImageFeature, image: np.ndarray, matrix: np.ndarray, window: tuple[float, ...] | None = None
) -> ImageFeature:
    """Return the image with a new picture and its boxes where they belong in it.

    A box becomes the smallest upright box around its mapped corners, is cut at the edges, and left out if nothing of
    it is in the new picture. The centres of the whole objects are kept for `ImageRoiProject`.

    Args:
        feature: the image before.
        image: its new picture.
        matrix: (3, 3), from points of the old picture to points of the new one.
        window: what was cut or pasted, in pixels of the old picture; None keeps the last one.
    """
    if window is None:
        changed = feature.with_image(image)
    else:
        changed = feature.with_image(image, bounding_box=tuple(map(float, window)))
    if feature.boxes is None:
        return changed
    return changed.replace(boxes=moved_boxes(feature.boxes, matrix, feature.size, changed.size))


def moved_boxes(boxes: Boxes, matrix: np.ndarray, before: tuple[int, ...], after: tuple[int, ...]) -> Boxes:
    """Return the boxes of a picture of size `before` in the one of size `after`, in the same units."""
    pixels = boxes.to_pixels(*before[:2])
    height, width = after[:2]
    whole = _around(pixels.coordinates, matrix)
    cut = np.clip(whole, 0, [width, height, width, height])
    keep_centers = boxes.centers is not None or not np.array_equal(cut, whole)
    centers = mapped(pixels.middles(), matrix) if keep_centers else None
    seen = (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
    return pixels.replace(coordinates=cut, centers=centers).select(seen).in_units_of(boxes.normalized, height, width)


def mapped(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return where points (n, 2) of x, y go, float64."""
    x, y, depth = matrix @ np.vstack([points.T, np.ones(len(points))])
    return np.column_stack([x / depth, y / depth])


def shift(x: float, y: float) -> np.ndarray:
    """Return the matrix that moves points by x and y pixels."""
    return _matrix(1.0, x, 1.0, y)


def scale(x: float, y: float) -> np.ndarray:
    """Return the matrix that multiplies the distances from the left upper corner."""
    return _matrix(x, 0.0, y, 0.0)


def flip(height: int, width: int, *, vertical: bool = False) -> np.ndarray:
    """Return the matrix that exchanges left and right, and with `vertical` also top and bottom."""
    return _matrix(-1.0, width, -1.0, height) if vertical else _matrix(-1.0, width, 1.0, 0.0)


def cut(feature: ImageFeature, window: tuple[int, int, int, int], *, shared: bool = False) -> ImageFeature:
    """Return the window x1, y1, x2, y2 of the picture, in whole pixels within it.

    Args:
        feature: the image before.
        window: within its picture.
        shared: whether the pixels stay those of `feature`, for a caller who makes other ones of them.
    """
    x1, y1, x2, y2 = window
    image = feature.require_image()[y1:y2, x1:x2]
    return moved(feature, image if shared else image.copy(), shift(-x1, -y1), window)


def stretched(feature: ImageFeature, height: int, width: int, mode: int) -> ImageFeature:
    """Return the image with its picture in another size."""
    old_height, old_width, _ = feature.size
    image = resized(feature.require_image(), height, width, mode)
    return moved(feature, image, scale(width / old_width, height / old_height))


def warped(feature: ImageFeature, matrix: np.ndarray, mode: int, fill: np.ndarray | float) -> ImageFeature:
    """Return the image with its picture bent by a matrix, in the same size.

    Args:
        feature: the image before.
        matrix: (3, 3), from points of the old picture to points of the new one.
        mode: of interpolation.
        fill: what comes in from outside: one value, or one per channel.
    """
    height, width, channels = feature.size
    # OpenCV counts x and y from the middle of the first pixel, half a pixel from the edge.
    middles = shift(-0.5, -0.5) @ matrix @ shift(0.5, 0.5)
    border = np.broadcast_to(np.asarray(fill, np.float64), (channels,)).tolist()
    image = cv2.warpPerspective(feature.require_image(), middles, (width, height), flags=mode, borderValue=border)
    return moved(feature, with_channels(image), matrix)


def _matrix(x_factor: float, x: float, y_factor: float, y: float) -> np.ndarray:
    """Return the matrix of two factors and a shift; every step makes one, and of a list it takes five times as long."""
    matrix = np.zeros((3, 3))
    matrix[0, 0], matrix[0, 2] = x_factor, x
    matrix[1, 1], matrix[1, 2] = y_factor, y
    matrix[2, 2] = 1.0
    return matrix


def _around(coordinates: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the smallest upright boxes around the mapped corners of boxes (n, 4)."""
    corners = coordinates[:, [0, 1, 2, 1, 2, 3, 0, 3]].astype(np.float64)
    points = mapped(corners.reshape(-1, 2), matrix).reshape(-1, 4, 2)
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
