"""Reads a volume between its voxels. Runs inside Spark executors.

A volume is an array (depth, height, width, channels). Coordinates are zero-based voxel indices in the order depth,
height, width; every mapping here goes from a voxel of the result to the place in the source that it is read from.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.core.optional import require

Mapping = Callable[[np.ndarray], np.ndarray]
CLAMP_MODES = ("clamp", "padding")
INTERPOLATIONS = ("linear", "nearest")
_SLAB_VOXELS = 1 << 19
_DECIMALS = 9


def as_volume(where: str, values: np.ndarray) -> np.ndarray:
    """Return `values` as an array (depth, height, width, channels); a missing channel axis is added.

    Raises `DataError` naming `where` for anything else.

    Example:
        >>> as_volume("scan", np.zeros((4, 5, 6))).shape
        (4, 5, 6, 1)
    """
    array = np.asarray(values)
    if array.ndim not in (3, 4) or 0 in array.shape or array.dtype.kind not in "fiub":
        msg = (
            f"{where}: expected a volume of numbers (depth, height, width) or (depth, height, width, channels); "
            f"received shape {array.shape} of {array.dtype}."
        )
        raise DataError(msg)
    return array if array.ndim == 4 else array[..., np.newaxis]


def centre_of(shape: tuple[int, ...]) -> np.ndarray:
    """Return the middle of a volume of this shape as (depth, height, width); half indices lie between two voxels."""
    return (np.array(shape[:3], np.float64) - 1) / 2


def resample(
    volume: np.ndarray,
    mapping: Mapping,
    *,
    size: tuple[int, int, int] | None = None,
    margin: float | None = None,
    fill: float = 0.0,
    interpolation: str = "linear",
) -> np.ndarray:
    """Return the volume that has at each voxel what `mapping` finds in `volume`.

    Args:
        volume: (depth, height, width, channels).
        mapping: takes voxel indices of the result, shape (3, …), and gives places in the source, float64, same shape.
        size: (depth, height, width) of the result; None = that of the volume.
        margin: voxels that a place may lie outside the source and still get the nearest voxel; None for any distance.
        fill: what places farther outside get.
        interpolation: "linear" between the eight voxels around (float32, or float64 if the volume is), or "nearest",
            which keeps the volume's type and so its label numbers.
    """
    order = INTERPOLATIONS[::-1].index(interpolation)
    size = size or volume.shape[:3]
    result = np.empty((*size, volume.shape[3]), _result_type(volume, interpolation))
    slices = max(1, _SLAB_VOXELS // (size[1] * size[2]))
    for start in range(0, size[0], slices):
        slab = slice(start, min(start + slices, size[0]))
        result[slab] = _sample(volume, mapping(_indices(slab, size)), order, margin, fill)
    return result


def _result_type(volume: np.ndarray, interpolation: str) -> np.dtype:
    if interpolation == "nearest" or volume.dtype == np.float64:
        return volume.dtype
    return np.dtype(np.float32)


def _indices(slab: slice, shape: tuple[int, ...]) -> np.ndarray:
    grid = np.indices((slab.stop - slab.start, *shape[1:3]), dtype=np.float64)
    grid[0] += slab.start
    return grid


def _sample(volume: np.ndarray, places: np.ndarray, order: int, margin: float | None, fill: float) -> np.ndarray:
    # a quarter turn ends on a voxel but for the last bits of its sine: those must decide nothing
    places = np.round(places, _DECIMALS)
    ndimage = require("scipy.ndimage", extra="volumes", why="Rotating or warping a volume")
    values = [
        ndimage.map_coordinates(_floats(channel, order), places, order=order, mode="nearest", prefilter=False)
        for channel in np.moveaxis(volume, -1, 0)
    ]
    sampled = np.stack(values, axis=-1)
    if margin is not None:
        sampled[_outside(places, volume.shape, margin)] = fill
    return sampled


def _floats(channel: np.ndarray, order: int) -> np.ndarray:
    return channel.astype(np.float64) if order else channel


def _outside(places: np.ndarray, shape: tuple[int, ...], margin: float) -> np.ndarray:
    last = np.array(shape[:3], np.float64).reshape(3, *[1] * (places.ndim - 1)) - 1
    return ((places < -margin) | (places > last + margin)).any(axis=0)
