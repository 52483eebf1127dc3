"""Cuts patches out of volumes: at a given place, at a random one, from the middle. Runs inside Spark executors.

Starts are zero-based unless one says otherwise, and a patch as large as the volume is the volume.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.draws import Drawn
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image3d.base import ImagePreprocessing3D, RandomImagePreprocessing3D, volume_of

Triple = tuple[int, int, int]


class Crop3D(ImagePreprocessing3D):
    """Cuts a patch that starts at a given voxel.

    Args:
        start: (depth, height, width) of the patch's first voxel.
        patch_size: (depth, height, width) of the patch.
        one_based_start: whether starts count from 1, as those of the predecessor do, and not from 0.

    Raises `ArgumentError` listing what is no size, `DataError` where the patch leaves the volume.

    Source: `Crop3D` of Analytics Zoo, whose starts count from 1.

    Example:
        >>> volume = np.arange(24).reshape(2, 3, 4)
        >>> Crop3D((1, 0, 2), (1, 2, 2))(volume).tolist()
        [[[14, 15], [18, 19]]]
        >>> Crop3D((2, 1, 3), (1, 2, 2), one_based_start=True)(volume).tolist()
        [[[14, 15], [18, 19]]]
    """

    def __init__(self, start: Sequence[int], patch_size: Sequence[int], one_based_start: bool = False) -> None:
        checks = Checks("Crop3D")
        for name, values in {"start": start, "patch_size": patch_size}.items():
            checks.require(len(values) == 3, f"Expected {name} as (depth, height, width); received {values!r}.")
        for position, value in enumerate(start):
            check = checks.positive_int if one_based_start else checks.natural_int
            check(f"start[{position}]", value)
        for position, value in enumerate(patch_size):
            checks.positive_int(f"patch_size[{position}]", value)
        checks.done()
        self.start = _triple(start)
        self.patch_size = _triple(patch_size)
        self.one_based_start = one_based_start

    def compute(self, volume: np.ndarray) -> np.ndarray:
        """Return a copy of the patch."""
        first = tuple(at - self.one_based_start for at in self.start)
        return _cut(repr(self), volume, first, self.patch_size)

    def __repr__(self) -> str:
        return f"Crop3D({self.start}, {self.patch_size}{', one_based_start=True' if self.one_based_start else ''})"


class CenterCrop3D(ImagePreprocessing3D):
    """Cuts the patch in the middle; where that lies between two voxels, the one nearer to the start.

    Args:
        crop_depth, crop_height, crop_width: size of the patch in voxels.

    Raises `ArgumentError` listing what is no size, `DataError` where the patch is larger than the volume.

    Source: `CenterCrop3D` of Analytics Zoo.

    Example:
        >>> CenterCrop3D(1, 1, 2)(np.arange(24).reshape(2, 3, 4)).tolist()
        [[[5, 6]]]
    """

    def __init__(self, crop_depth: int, crop_height: int, crop_width: int) -> None:
        self.crop_depth, self.crop_height, self.crop_width = _checked_size(
            "CenterCrop3D", crop_depth, crop_height, crop_width
        )

    @property
    def size(self) -> Triple:
        """(depth, height, width) of the patch in voxels."""
        return self.crop_depth, self.crop_height, self.crop_width

    def compute(self, volume: np.ndarray) -> np.ndarray:
        """Return a copy of the patch."""
        start = tuple(room // 2 for room in _room(repr(self), volume, self.size))
        return _cut(repr(self), volume, start, self.size)

    def __repr__(self) -> str:
        return f"CenterCrop3D{self.size}"


class RandomCrop3D(RandomImagePreprocessing3D):
    """Cuts a patch at a random place, each place with the same chance; draws `start`.

    Args:
        crop_depth, crop_height, crop_width: size of the patch in voxels.

    Raises `ArgumentError` listing what is no size, `DataError` where the patch is larger than the volume.

    Source: `RandomCrop3D` of Analytics Zoo.

    Example:
        >>> RandomCrop3D(2, 2, 2)(np.zeros((4, 5, 6))).shape
        (2, 2, 2)
    """

    def __init__(self, crop_depth: int, crop_height: int, crop_width: int) -> None:
        self.crop_depth, self.crop_height, self.crop_width = _checked_size(
            "RandomCrop3D", crop_depth, crop_height, crop_width
        )

    @property
    def size(self) -> Triple:
        """(depth, height, width) of the patch in voxels."""
        return self.crop_depth, self.crop_height, self.crop_width

    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Draw the patch's first voxel."""
        room = _room(repr(self), volume_of(feature), self.size)
        return {"start": tuple(int(generator.integers(0, most + 1)) for most in room)}

    def compute(self, volume: np.ndarray, drawn: Drawn) -> np.ndarray:
        """Return a copy of the patch that starts where it was drawn."""
        return _cut(repr(self), volume, tuple(drawn["start"]), self.size)

    def __repr__(self) -> str:
        return f"RandomCrop3D{self.size}"


def _checked_size(where: str, depth: int, height: int, width: int) -> Triple:
    checks = Checks(where)
    for name, value in {"crop_depth": depth, "crop_height": height, "crop_width": width}.items():
        checks.positive_int(name, value)
    checks.done()
    return _triple((depth, height, width))


def _triple(values: Sequence[int]) -> Triple:
    return tuple(map(int, values))  # type: ignore[return-value]


def _room(step: str, volume: np.ndarray, size: Triple) -> Triple:
    """Return by how many voxels the patch can be moved along each axis."""
    room = tuple(have - want for have, want in zip(volume.shape, size, strict=False))
    if min(room) < 0:
        msg = f"{step}: expected a volume of at least {size}; received one of {volume.shape[:3]}. Take a smaller patch."
        raise DataError(msg)
    return room  # type: ignore[return-value]


def _cut(step: str, volume: np.ndarray, start: Triple, size: Triple) -> np.ndarray:
    if any(first > most for first, most in zip(start, _room(step, volume, size), strict=True)):
        msg = f"{step}: expected a patch inside the volume of {volume.shape[:3]}; received start {start}, size {size}."
        raise DataError(msg)
    depth, height, width = (slice(first, first + length) for first, length in zip(start, size, strict=True))
    return volume[depth, height, width].copy()
