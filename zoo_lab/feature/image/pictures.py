"""What the steps do to pixels with OpenCV, and what they ask of them. Arrays in, new arrays out; knows no steps.

A picture is (height, width, channels); OpenCV drops a single channel, and these functions keep it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature

MODES = {0: "nearest", 1: "linear", 2: "cubic", 3: "area", 4: "Lanczos"}
"""Interpolation by number, as in OpenCV."""
VALUES = np.arange(256, dtype=np.float32)
"""Every value that a pixel of 8 bits can have."""


def with_channels(image: np.ndarray) -> np.ndarray:
    """Return the picture with its axis of channels, which OpenCV drops if there is one channel."""
    return image[:, :, np.newaxis] if image.ndim == 2 else image


def resized(image: np.ndarray, height: int, width: int, mode: int) -> np.ndarray:
    """Return the picture in another size."""
    return with_channels(cv2.resize(image, (width, height), interpolation=mode))


def looked_up(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the uint8 picture with each value replaced by the one that a table of 256 holds for it.

    Args:
        image: uint8.
        table: (256,) for all channels alike, or (256, channels); uint8 or float32.
    """
    return with_channels(cv2.LUT(image, table.reshape(1, 256, -1)))


def rounded(values: np.ndarray) -> np.ndarray:
    """Return values as uint8: rounded, and kept within 0 and 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def bytes_of(feature: ImageFeature, step: str) -> np.ndarray:
    """Return the picture of 8 bits, or raise `DataError` saying where in the chain the step belongs."""
    image = feature.require_image()
    if image.dtype != np.uint8:
        msg = f"{step}: {feature.name}: expected 8-bit pixels; received floats. Put it before the steps that give them."
        raise DataError(msg)
    return image


def color_of(feature: ImageFeature, step: str) -> np.ndarray:
    """Return the 8-bit picture of one or three channels, or raise `DataError`."""
    image = bytes_of(feature, step)
    if image.shape[2] not in (1, 3):
        msg = (
            f"{step}: {feature.name}: expected 1 or 3 channels; received {image.shape[2]}. "
            "ImageBytesToMat(image_codec=1) decodes every file to 3."
        )
        raise DataError(msg)
    return image


def per_channel(values: Sequence[float], feature: ImageFeature, step: str) -> np.ndarray:
    """Return values given for R, G, B in the order of the picture's channels, float32.

    Raises `DataError` if the picture is not of three channels; three equal values also fit one channel.
    """
    channels = feature.size[2]
    if channels == 3:
        return np.array(values[::-1], np.float32)
    if channels == 1 and len(set(values)) == 1:
        return np.array(values[:1], np.float32)
    msg = (
        f"{step}: {feature.name}: expected 3 channels for the values {tuple(values)} of R, G, B; received {channels}. "
        "ImageBytesToMat(image_codec=1) decodes every file to 3; three equal values also fit a gray picture."
    )
    raise DataError(msg)
