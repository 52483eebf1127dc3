"""What a set gives of each of its images: picture, label, prediction, record. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.policy import bad_file

Prediction = tuple[str, list[np.ndarray] | None]
_SAMPLE = "sample"


def image_of(value: Any, key: str, to_chw: bool) -> np.ndarray | None:
    """Return the array under a key of an image; None for an image that is marked as bad.

    Args:
        value: what the set has for the image; an array, as a chain may end with, is returned as it is.
        key: "floats" the current picture as float32, "mat" the picture of 8 bits, "imageTensor" what a model takes,
            or a key of one's own.
        to_chw: whether a picture's axes become channels, height, width; a tensor keeps those that its step gave it.

    Raises `DataError` naming the image and the key where there is nothing.
    """
    if isinstance(value, np.ndarray):
        return value
    feature = expect_feature(value)
    if feature.problem:
        return None
    if key == "floats":
        array = None if feature.image is None else feature.image.astype(np.float32)
    else:
        array = feature.get(key)
    if not isinstance(array, np.ndarray):
        msg = f"get_image: {feature.name}: expected an array under {key!r}; received {type(array).__name__}."
        raise DataError(msg)
    is_picture = key in ("floats", "mat")
    return np.ascontiguousarray(array.transpose(2, 0, 1)) if to_chw and is_picture else array


def label_of(value: Any) -> Any:
    """Return the label of an image, None if it has none."""
    return expect_feature(value).label


def uri_of(value: Any) -> str:
    """Return where an image came from."""
    return expect_feature(value).uri


def predict_of(value: Any, key: str) -> Prediction:
    """Return the uri of an image and what a model said of it: a list of arrays, or None."""
    feature = expect_feature(value)
    said = feature.get(key)
    if said is None:
        return feature.uri, None
    return feature.uri, [np.asarray(item) for item in (said if isinstance(said, (list, tuple)) else [said])]


def records_of(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the record (x, y), or x alone, that a model trains on for each image of a partition.

    x is the tensor, or else the picture as it is; `ImageSetToSample` chooses others. Results of a chain that ends with
    no image are records already.

    Raises `DataError` naming both images where two differ in shape, and an image that is marked as bad.
    """
    first: tuple[str, tuple[int, ...]] | None = None
    for value in values:
        record = record_of(value)
        if isinstance(value, ImageFeature) and value.get(_SAMPLE) is None:
            shape = _input(value).shape
            first = first or (value.name, shape)
            if shape != first[1]:
                raise _differs(value.name, shape, *first)
        yield record


def record_of(value: Any) -> Any:
    """Return the record of one image, as `records_of`; raise `DataError` for one that is marked as bad."""
    if not isinstance(value, ImageFeature):
        return value
    if value.problem:
        raise bad_file(value)
    record = value.get(_SAMPLE)
    if record is not None:
        return record
    return _input(value) if value.label is None else (_input(value), value.label)


def expect_feature(value: Any) -> ImageFeature:
    """Return the image, or raise `DataError` if a step of the chain gave something else."""
    if isinstance(value, ImageFeature):
        return value
    msg = (
        f"Expected images; the chain of this set ends with a step that gives {type(value).__name__}. "
        "Take what it gives with collect(), or leave that step out."
    )
    raise DataError(msg)


def _input(feature: ImageFeature) -> np.ndarray:
    return feature.require_image() if feature.tensor is None else feature.tensor


def _differs(name: str, shape: tuple[int, ...], first: str, expected: tuple[int, ...]) -> DataError:
    msg = (
        f"{name}: expected a picture of shape {expected}, as {first} has; received {shape}. Bring all to one size and "
        "one number of channels: read with image_codec=1 and transform with ImageResize(height, width)."
    )
    return DataError(msg)
