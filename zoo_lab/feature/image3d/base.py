"""What every step over volumes is: an image step whose picture is the tensor. Runs inside Spark executors.

A volume has a depth, so it is no `mat`: an `ImageFeature` carries it as its `tensor`, under the predecessor's key
"imageTensor", as (depth, height, width, channels).
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.base import ImagePreprocessing, RandomImagePreprocessing
from zoo_lab.feature.image.draws import Drawn, pixel_key
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image3d.sampling import as_volume
from zoo_lab.feature.preprocessing import Preprocessing


class _TakesVolumes(ImagePreprocessing):
    """A step that, called with an array, takes it for a volume instead of an image."""

    def carry(self, value: Any, whole: Preprocessing, run: Callable[[Any], Any]) -> Any:
        """Return what `whole` makes of a volume in whatever form it comes, or of each of many volumes."""
        if not isinstance(value, np.ndarray):
            return super().carry(value, whole, run)
        result = run(ImageFeature(tensor=as_volume(type(self).__name__, value)))
        result = result.tensor if isinstance(result, ImageFeature) else result
        had_no_channels = value.ndim == 3 and isinstance(result, np.ndarray) and result.ndim == 4
        return result[..., 0] if had_no_channels else result


class ImagePreprocessing3D(_TakesVolumes):
    """One step over volumes of (depth, height, width, channels).

    Called with an `ImageFeature` whose tensor is a volume it returns a new one; with an array, whose channel axis may
    be missing, an array; with an `ImageSet` or an RDD of any of these, the same of the results.

    Source: `ImagePreprocessing3D` of Analytics Zoo, there with one channel only.
    """

    @abstractmethod
    def compute(self, volume: np.ndarray) -> np.ndarray:
        """Return what this step makes of one volume, which stays as it was."""

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Return the image with what this step makes of its volume."""
        return feature.replace(tensor=self.compute(volume_of(feature)))


class RandomImagePreprocessing3D(_TakesVolumes, RandomImagePreprocessing):
    """One step over volumes that depends on chance: it first draws, then computes, so that it can be repeated."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the numbers for one volume, by name."""

    @abstractmethod
    def compute(self, volume: np.ndarray, drawn: Drawn) -> np.ndarray:
        """Return what this step makes of one volume with these numbers."""

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Draw, note what was drawn, and compute; a volume without a uri is known by its voxels."""
        if not (feature.uri or feature.seeding.key):
            key = pixel_key(volume_of(feature))
            feature = feature.replace(seeding=dataclasses.replace(feature.seeding, key=key))
        return super().transform(feature)

    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Return the image with what this step makes of its volume with these numbers."""
        return feature.replace(tensor=self.compute(volume_of(feature), drawn))


def volume_of(feature: ImageFeature) -> np.ndarray:
    """Return the volume of an image, or raise `DataError` naming it and saying how it gets one."""
    if feature.tensor is None:
        msg = f"{feature.name}: expected a volume as its tensor; received none. ImageSet.read_volumes reads them."
        raise DataError(msg)
    return as_volume(feature.name, feature.tensor)


def check_triple(checks: Checks, name: str, values: Any) -> None:
    """Expect three finite numbers: depth, height and width, or three angles."""
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    right = array.shape == (3,) and bool(np.isfinite(array).all())
    checks.require(right, f"Expected {name} to be three numbers; received {values!r}.")
