"""The colour changes that RandAugment is made of. Arrays in, new arrays out; 8-bit pixels, 1 or 3 channels B, G, R.

They compute what Pillow's ImageEnhance and ImageOps compute, by which RandAugment was defined.
"""

from __future__ import annotations

import cv2
import numpy as np

from zoo_lab.feature.image.pictures import VALUES, looked_up, rounded, with_channels

SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13


def gray_of(image: np.ndarray) -> np.ndarray:
    """Return the picture's brightness, (height, width, 1)."""
    return with_channels(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)) if image.shape[2] == 3 else image


def blended(first: np.ndarray, second: np.ndarray, factor: float) -> np.ndarray:
    """Return `first` at factor 0, `second` at 1, and the line through both elsewhere."""
    return rounded(first + (second.astype(np.float32) - first) * np.float32(factor))


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the picture times `factor`."""
    return looked_up(image, rounded(VALUES * np.float32(factor)))


def color(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the picture with its colours stretched away from gray."""
    return blended(gray_of(image).astype(np.float32), image, factor)


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the picture with its pixels stretched away from its mean brightness."""
    middle = np.float32(int(gray_of(image).mean() + 0.5))
    return looked_up(image, rounded(middle + (VALUES - middle) * np.float32(factor)))


def sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the picture stretched away from a smoothed one; the outermost pixels stay."""
    smooth = image.copy()
    smooth[1:-1, 1:-1] = rounded(with_channels(cv2.filter2D(image, cv2.CV_32F, SMOOTH)))[1:-1, 1:-1]
    return blended(smooth.astype(np.float32), image, factor)


def posterize(image: np.ndarray, bits: int) -> np.ndarray:
    """Return the picture with only so many of the highest bits of each pixel."""
    return image & np.uint8(256 - 2 ** (8 - bits))


def solarize(image: np.ndarray, threshold: float) -> np.ndarray:
    """Return the picture with all pixels of at least `threshold` inverted."""
    return looked_up(image, np.where(threshold > VALUES, VALUES, 255 - VALUES).astype(np.uint8))


def autocontrast(image: np.ndarray) -> np.ndarray:
    """Return the picture with each channel stretched to 0 … 255."""
    low = image.min(axis=(0, 1)).astype(np.float64)
    high = image.max(axis=(0, 1)).astype(np.float64)
    factors = np.where(high > low, 255 / np.maximum(high - low, 1), 1)
    shifted = np.where(high > low, -low * factors, 0)
    tables = np.clip(np.floor(VALUES[:, np.newaxis] * factors + shifted + 1e-9), 0, 255)
    return looked_up(image, tables.astype(np.uint8))


def equalize(image: np.ndarray) -> np.ndarray:
    """Return the picture with the values of each channel spread evenly."""
    tables = [_equalizing_table(image[:, :, channel]) for channel in range(image.shape[2])]
    return looked_up(image, np.stack(tables, axis=1))


def _equalizing_table(channel: np.ndarray) -> np.ndarray:
    counts = np.bincount(channel.ravel(), minlength=256)
    present = counts[counts > 0]
    step = int(present[:-1].sum()) // 255
    if step == 0:
        return VALUES.astype(np.uint8)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.minimum((step // 2 + before) // step, 255).astype(np.uint8)
