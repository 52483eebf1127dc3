"""What every image step is: it takes an `ImageFeature` and gives a new one. Runs inside Spark executors.

base calls the step, whatever the image comes in · a step computes · movement maps the boxes · draws gives the numbers.
"""

from __future__ import annotations

import dataclasses
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError, DataError, ZooLabError
from zoo_lab.feature.image.draws import Drawn, pixel_key
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.strength import at_strength
from zoo_lab.feature.preprocessing import CarriedPreprocessing, Collection, Preprocessing


class ImageCollection(Collection):
    """Many images, such as an `ImageSet`; a step or a chain that is called with one goes to each image of it."""

    @abstractmethod
    def transform(self, step: Preprocessing) -> Any:
        """Return a new collection of what `step` makes of each image; this one stays as it was."""


class ImagePreprocessing(CarriedPreprocessing):
    """One step over images.

    Called with an `ImageFeature` it returns a new one; with an array of (height, width[, channels]), uint8 or
    float32, or with encoded bytes, it returns an array; with an `ImageCollection`, an RDD of any of these or a
    DataFrame column (Spark's image struct, or binary) it returns the same of the results.
    """

    @abstractmethod
    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Return what this step makes of one good image, which stays as it was."""

    def __call__(self, value: Any) -> Any:
        return self.carry(value, self, self._one)

    def carry(self, value: Any, whole: Preprocessing, run: Callable[[Any], Any]) -> Any:
        """Return what `whole` makes of an image in whatever form it comes, or of each of many images."""
        if isinstance(value, ImageFeature):
            return run(value)
        if isinstance(value, (np.ndarray, bytes, bytearray)):
            return unwrapped(run(wrapped(value)), value)
        return carried_many(value, whole, self._refused)

    def replay(self, feature: ImageFeature, draws: Iterable[tuple[str, Drawn]]) -> Any:
        """Return what this step makes of `feature` with the `draws` of a finished image instead of new ones."""
        return replay(self, feature, draws)

    def __repr__(self) -> str:
        """Return the call that makes this step; arguments that have their default are left out."""
        fields = dataclasses.fields(self) if dataclasses.is_dataclass(self) else ()
        values = [(field, getattr(self, field.name)) for field in fields]
        needed = [repr(value) for field, value in values if field.default is dataclasses.MISSING]
        named = [f"{field.name}={value!r}" for field, value in values[len(needed) :] if value != field.default]
        return f"{type(self).__name__}({', '.join([*needed, *named])})"

    def _refused(self, value: Any) -> Any:
        msg = (
            f"{type(self).__name__}: expected an ImageFeature, an array, bytes, an ImageSet, an RDD or a DataFrame "
            f"column; received {type(value).__module__}.{type(value).__qualname__}."
        )
        raise ArgumentError(msg)

    def _one(self, feature: ImageFeature) -> Any:
        if feature.problem:
            return feature
        try:
            return self.transform(feature)
        except (ZooLabError, MemoryError):
            raise
        except Exception as error:  # whatever it is, of thousands of images only the name of this one finds it
            msg = f"{self!r}: {feature.name}: {type(error).__name__}: {error}"
            raise DataError(msg) from error


class RandomImagePreprocessing(ImagePreprocessing):
    """One step that depends on chance: it first draws, then applies what it drew, so that it can be repeated."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, feature: ImageFeature) -> Drawn:
        """Return the numbers for one image, by name; plain numbers, words and tuples."""

    @abstractmethod
    def apply(self, feature: ImageFeature, drawn: Drawn) -> ImageFeature:
        """Return what this step makes of one image with these numbers; no chance is left."""

    @property
    def by_chance(self) -> bool:
        """Whether what it makes of an image depends on seed and epoch."""
        return True

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Draw, note what was drawn, and apply it."""
        feature = with_key_of_pixels(feature)
        name = type(self).__name__
        drawn = self._scripted(feature) if feature.seeding.script is not None else self._drawn(feature)
        return self.apply(feature.with_draw(name, drawn), drawn)

    def _drawn(self, feature: ImageFeature) -> Drawn:
        name = type(self).__name__
        count = sum(step == name for step, _ in feature.draws)
        generator = feature.seeding.generator(feature.seeding.key or feature.uri, name, count)
        return at_strength(self, feature.seeding.strength).draw(generator, feature)

    def _scripted(self, feature: ImageFeature) -> Drawn:
        position = len(feature.draws)
        script = feature.seeding.script
        step, drawn = script[position] if position < len(script) else ("nothing", {})
        if step != type(self).__name__:
            msg = (
                f"replay: expected draw {position} to be of {type(self).__name__}; received one of {step}. "
                "Replay the draws with the chain that made them, on the image it was given."
            )
            raise ArgumentError(msg)
        return drawn


def replay(step: Preprocessing, feature: ImageFeature, draws: Iterable[tuple[str, Drawn]]) -> Any:
    """Return what a step or a chain makes of an image with the draws of a finished image instead of new ones.

    Args:
        step: what made the finished image.
        feature: the image that it was made of.
        draws: `draws` of the finished image, also after a way through JSON.

    Raises `ArgumentError` if the draws are of other steps.

    Example:
        >>> image = ImageFeature(uri="a.png", mat=np.zeros((50, 50, 3), np.uint8))
        >>> first = ImageRandomCrop(20, 20)(image.seeded(7))
        >>> replay(ImageRandomCrop(20, 20), image, first.draws).draws == first.draws
        True
    """
    result = step(feature.replaying(draws))
    if not isinstance(result, ImageFeature):
        return result
    return result.replace(seeding=dataclasses.replace(result.seeding, script=None))


def with_key_of_pixels(feature: ImageFeature) -> ImageFeature:
    """Return the image, known by a digest of its pixels from here on if it has no uri."""
    if feature.uri or feature.seeding.key:
        return feature
    return feature.replace(seeding=dataclasses.replace(feature.seeding, key=pixel_key(feature.require_image())))


def wrapped(value: Any) -> ImageFeature:
    """Return an array or encoded bytes as an image without a uri.

    Raises `DataError` for an array that is neither uint8 nor float, or has no height and width.
    """
    if isinstance(value, (bytes, bytearray)):
        return ImageFeature(bytes=bytes(value))
    is_image = value.ndim in (2, 3) and (value.dtype == np.uint8 or value.dtype.kind == "f")
    if not is_image:
        msg = (
            "expected an image as uint8 or float array of (height, width[, channels]); "
            f"received {value.dtype} of shape {value.shape}."
        )
        raise DataError(msg)
    return ImageFeature().with_image(value)


def unwrapped(result: Any, given: Any) -> Any:
    """Return the array of an image: its tensor once there is one, else its picture; other results as they are.

    The array is never the one that was `given`, so that changing one leaves the other.
    """
    if not isinstance(result, ImageFeature):
        return result
    array = result.require_image() if result.tensor is None else result.tensor
    return array.copy() if isinstance(given, np.ndarray) and np.may_share_memory(array, given) else array


def carried_many(value: Any, whole: Preprocessing, run: Callable[[Any], Any]) -> Any:
    """Return what `whole` makes of each value in a collection, an RDD or a DataFrame column, or `run` of one value."""
    if isinstance(value, Collection):
        return value.transform(whole)
    if _is_spark(value, "pyspark", "RDD"):
        return value.map(whole)
    if _is_spark(value, "pyspark.sql", "Column"):
        from zoo_lab.feature.image.column import transformed_column

        return transformed_column(value, whole)
    return run(value)


def _is_spark(value: Any, module: str, name: str) -> bool:
    """Tell whether `value` is of a class of Spark: where its module is not loaded, it is not."""
    return module in sys.modules and isinstance(value, getattr(sys.modules[module], name))
