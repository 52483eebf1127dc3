"""What every step over volumes must do, and an independent way to read between voxels."""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import Callable

import numpy as np

from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing


def check_transform(step: Preprocessing) -> None:
    """Check what holds for every step: input unchanged, repeatable, picklable, documented, every form of a volume."""
    volume = np.random.default_rng(7).normal(size=(6, 7, 8, 2)).astype(np.float32)
    before = volume.copy()
    feature = ImageFeature(uri="knee.nii", tensor=volume).seeded(seed=3, epoch=1)
    done = step(feature)
    np.testing.assert_array_equal(volume, before)
    assert not np.shares_memory(done.tensor, volume)
    assert done.uri == "knee.nii"
    for again in (step, pickle.loads(pickle.dumps(step)), ChainedPreprocessing([step])):
        np.testing.assert_array_equal(again(feature).tensor, done.tensor)
    np.testing.assert_array_equal(step.replay(feature.seeded(99), done.draws).tensor, done.tensor)
    assert step(volume).ndim == 4
    assert step(volume[..., 0]).shape == step(volume).shape[:3]
    bad = ImageFeature(uri="bad.nii", problem="cut off")
    assert step(bad) is bad
    assert type(step).__name__ in repr(step)
    assert "Example" in inspect.getdoc(type(step))


def check_channels(step: Preprocessing) -> None:
    """Check that every channel is moved as if it were alone."""
    volume = np.random.default_rng(1).normal(size=(6, 7, 8, 2)).astype(np.float32)
    feature = ImageFeature(uri="knee.nii", tensor=volume)
    apart = [step(feature.replace(tensor=volume[..., [channel]])).tensor for channel in range(2)]
    np.testing.assert_array_equal(step(feature).tensor, np.concatenate(apart, axis=-1))


def trilinear(
    volume: np.ndarray, source_of: Callable[[np.ndarray], np.ndarray], margin: float, fill: float
) -> np.ndarray:
    """Return, voxel by voxel, what `volume` (depth, height, width) has at the zero-based place that `source_of` gives.

    Places up to `margin` outside are moved to the border, those beyond get `fill`.
    """
    result = np.empty(volume.shape, np.float64)
    last = np.array(volume.shape) - 1
    for index in np.ndindex(volume.shape):
        place = np.round(source_of(np.array(index, np.float64)), 9)
        if (place < -margin).any() or (place > last + margin).any():
            result[index] = fill
            continue
        place = np.clip(place, 0, last)
        low = np.minimum(np.floor(place).astype(int), last)
        part = place - low
        total = 0.0
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(corner, part, 1 - part))
            total += weight * volume[tuple(np.minimum(low + corner, last))]
        result[index] = total
    return result


def rotated_by_the_books(
    angles: tuple[float, float, float], shape: tuple[int, ...]
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the source of a voxel as the predecessor computes it: 1-based, axes depth, width, height."""
    yaw, pitch, roll = angles
    cos, sin = math.cos, math.sin
    matrix = [
        [
            cos(yaw) * cos(pitch),
            cos(yaw) * sin(pitch) * sin(roll) - sin(yaw) * cos(roll),
            cos(yaw) * sin(pitch) * cos(roll) + sin(yaw) * sin(roll),
        ],
        [
            sin(yaw) * cos(pitch),
            sin(yaw) * sin(pitch) * sin(roll) + cos(yaw) * cos(roll),
            sin(yaw) * sin(pitch) * cos(roll) - cos(yaw) * sin(roll),
        ],
        [-sin(pitch), cos(pitch) * sin(roll), cos(pitch) * cos(roll)],
    ]
    depth, height, width = shape
    centre = [(depth + 1) / 2, (width + 1) / 2, (height + 1) / 2]

    def source(index: np.ndarray) -> np.ndarray:
        i, k, j = index + 1  # depth, height, width from 1
        offset = [i - centre[0], j - centre[1], k - centre[2]]
        x, y, z = (sum(m * o for m, o in zip(row, offset, strict=True)) for row in matrix)
        return np.array([x + centre[0], z + centre[2], y + centre[1]]) - 1

    return source
