"""Turns arrays into pictures that a page can draw. Runs inside Spark executors."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.widgets.viewer.items import Picture, Volume

_SHARP = 128 * 128
_QUALITY = 88
_CHANNELS = (1, 3, 4)
_GRAY_LEVELS = 255
_LEVELS = 65535
_MOST_VOXELS = 1 << 24


def rendered(image: np.ndarray, edge: int) -> Picture:
    """Return a picture (height, width, channels) as an image file, no side longer than `edge`.

    Small ones are PNG, exact to the bit; larger ones JPEG. Floats beyond 0 to 255, as normalizing gives them, are
    spread from dark to bright, and the picture's note says so. Of five and more channels, the first three are shown.
    """
    height, width, channels = image.shape
    image, note = _drawable(_in_bytes_channels(image))
    if channels not in _CHANNELS:
        first = f"channel 1 of {channels}" if channels == 2 else f"channels 1 to 3 of {channels}"
        note = f"{first}; {note}" if note else first
    scale = edge / max(height, width)
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    exact = image.shape[0] * image.shape[1] <= _SHARP or (image.ndim == 3 and image.shape[2] == 4)
    ending, options = (".png", []) if exact else (".jpg", [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    data = cv2.imencode(ending, image, options)[1].tobytes()
    return Picture(data, "image/png" if exact else "image/jpeg", width, height, note)


def as_picture(value: Any) -> np.ndarray | None:
    """Return what a chain has made as a picture (height, width, channels): its picture, or else its tensor."""
    array = value
    if isinstance(value, ImageFeature):
        array = value.tensor if value.image is None else value.image
    if not isinstance(array, np.ndarray) or array.ndim not in (2, 3) or 0 in array.shape:
        return None
    if array.ndim == 2:
        return array[:, :, np.newaxis]
    first_is_channels = array.shape[0] in _CHANNELS and array.shape[2] not in _CHANNELS
    return array.transpose(1, 2, 0) if first_is_channels else array


def as_volume_of(value: Any) -> np.ndarray | None:
    """Return the volume (depth, height, width, channels) that an image carries as its tensor, or None."""
    array = value.tensor if isinstance(value, ImageFeature) and value.image is None else value
    return array if isinstance(array, np.ndarray) and array.ndim == 4 and 0 not in array.shape else None


def middle_slice(volume: np.ndarray) -> np.ndarray:
    """Return the slice through the middle of what is bright, its first channel from dark to bright, as a picture."""
    values = np.nan_to_num(volume[..., 0].astype(np.float32), posinf=0, neginf=0)
    brightness = (values - values.min()).sum(axis=(1, 2), dtype=np.float64)
    depths = np.arange(len(values))
    depth = round(float(np.average(depths, weights=brightness if brightness.any() else None)))
    return _spread(values[depth, :, :, np.newaxis])


def levels_of(volume: np.ndarray, channel: int) -> Volume:
    """Return one channel of a volume in 65,536 levels; of very large ones every second voxel, or fewer."""
    values = volume[..., min(channel, volume.shape[3] - 1)]
    shape = values.shape
    stride = 1
    while np.prod([-(-length // stride) for length in shape]) > _MOST_VOXELS:
        stride += 1
    values = values[::stride, ::stride, ::stride].astype(np.float32)
    low, high = _limits(values)
    scale = _LEVELS / (high - low) if high > low else 0.0
    levels = np.rint((np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * scale).astype(np.uint16)
    return Volume(levels, low, high, tuple(map(int, shape)))


def _in_bytes_channels(image: np.ndarray) -> np.ndarray:
    """Return the channels that an image file can hold."""
    channels = image.shape[2]
    if channels in _CHANNELS:
        return image
    return image[:, :, :1] if channels == 2 else image[:, :, :3]


def _drawable(image: np.ndarray) -> tuple[np.ndarray, str]:
    """Return a picture of 8 bits, and a note where its values were changed for it."""
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image), ""
    values = image.astype(np.float32)
    low, high = _limits(values)
    if low >= 0 and 1 < high <= _GRAY_LEVELS:
        return np.rint(np.nan_to_num(values)).astype(np.uint8), ""
    return _spread(values), f"values {low:.3g} … {high:.3g}, from dark to bright"


def _spread(values: np.ndarray) -> np.ndarray:
    low, high = _limits(values)
    scale = _GRAY_LEVELS / (high - low) if high > low else 0.0
    return np.rint((np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * scale).astype(np.uint8)


def _limits(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
