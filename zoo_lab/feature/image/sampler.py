"""The batch sampler of SSD: a window that overlaps some box by a certain amount. Runs inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_lab.feature.image.base import RandomImagePreprocessing
from zoo_lab.feature.image.crop import cut_within
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.roi import ImageRoiProject

WHOLE = (0.0, 0.0, 1.0, 1.0)
TRIALS = 50
LEAST_SCALE = 0.3
SHAPES = (0.5, 2.0)
OVERLAPS = ((0.1, 1.0), (0.3, 1.0), (0.5, 1.0), (0.7, 1.0), (0.9, 1.0), (0.0, 1.0))
"""Least and greatest overlap with some box that each sampler asks for; the last asks for nothing."""


@dataclass(frozen=True, repr=False)
class ImageRandomSampler(RandomImagePreprocessing):
    """Cuts out a window as SSD does in training, or leaves the whole picture; boxes follow.

    Six samplers each try up to 50 windows of 0.3 to 1 of the picture's side and a shape of 1:2 to 2:1; a sampler
    accepts the first window that overlaps some box by at least 0.1, 0.3, 0.5, 0.7, 0.9 of their union, the last one any
    window. One of the accepted windows, or the whole picture, is taken, each as likely. Boxes whose middle is outside
    are dropped. An image without boxes stays whole.

    Source: Liu et al., SSD: Single Shot MultiBox Detector (2016); `ImageRandomSampler` of Analytics Zoo.

    Example:
        >>> feature = ImageFeature(mat=np.zeros((300, 300, 3), np.uint8), boxes=Boxes([[10, 10, 200, 200]]))
        >>> sampled = ImageRandomSampler()(feature)
        >>> sampled.size[0] >= 60
        True
    """

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the window, as parts of width and height."""
        if feature.boxes is None or not len(feature.boxes):
            return {"window": WHOLE}
        boxes = feature.boxes.to_normalized(*feature.size[:2]).coordinates.astype(np.float64)
        windows = drawn_windows(generator, len(OVERLAPS) * TRIALS)
        overlaps = overlap(windows, boxes).reshape(len(OVERLAPS), TRIALS, -1)
        least, most = np.array(OVERLAPS).T[:, :, np.newaxis, np.newaxis]
        fits = ((overlaps >= least) & (overlaps <= most)).any(axis=2)
        first = np.arange(len(OVERLAPS)) * TRIALS + fits.argmax(axis=1)
        accepted = [WHOLE, *map(tuple, windows[first[fits.any(axis=1)]].tolist())]
        return {"window": accepted[generator.integers(len(accepted))]}

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Cut the window out."""
        if tuple(drawn["window"]) == WHOLE:
            return feature
        height, width, _ = feature.size
        x1, y1, x2, y2 = np.multiply(drawn["window"], (width, height, width, height))
        pixels = int(x1), int(y1), max(int(x2), int(x1) + 1), max(int(y2), int(y1) + 1)
        return ImageRoiProject().transform(cut_within(feature, pixels, True, "ImageRandomSampler"))


def drawn_windows(generator: np.random.Generator, count: int) -> np.ndarray:
    """Return windows by chance, (count, 4) of x1, y1, x2, y2 as parts of width and height."""
    scales = generator.uniform(LEAST_SCALE, 1, count)
    shapes = generator.uniform(np.maximum(SHAPES[0], scales**2), np.minimum(SHAPES[1], 1 / scales**2))
    widths, heights = scales * np.sqrt(shapes), scales / np.sqrt(shapes)
    x, y = generator.random(count) * (1 - widths), generator.random(count) * (1 - heights)
    return np.clip(np.stack([x, y, x + widths, y + heights], axis=1), 0, 1)


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each of `first` (n, 4) with each of `second` (m, 4): (n, m).

    Example:
        >>> overlap([[0.2, 0.3, 0.3, 0.5]], [[0.1, 0.1, 0.3, 0.4], [0, 0, 0.1, 0.1]]).round(4).tolist()
        [[0.1429, 0.0]]
    """
    first, second = np.asarray(first, np.float64)[:, np.newaxis], np.asarray(second, np.float64)[np.newaxis]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    areas = [np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1) for boxes in (first, second)]
    union = areas[0] + areas[1] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
