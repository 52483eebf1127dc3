"""Steps at the end of a chain: from the picture to what a model takes. Run inside Spark executors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.base import ImagePreprocessing
from zoo_lab.feature.image.feature import ImageFeature


@dataclass(frozen=True, repr=False)
class ImageMatToTensor(ImagePreprocessing):
    """Makes the float32 tensor that a model takes.

    A picture of one channel becomes (height, width), as in the predecessor.

    Args:
        to_RGB: whether the channels B, G, R become R, G, B, in either format.
        tensor_key: where the tensor goes: "imageTensor" is the attribute `tensor`; or a key of one's own.
        share_buffer: taken from the predecessor; every tensor has its own memory.
        format: "NCHW" for (channels, height, width), "NHWC" for (height, width, channels).

    Raises `ArgumentError` listing the wrong arguments.

    Source: `ImageMatToTensor` of Analytics Zoo.

    Example:
        >>> ImageMatToTensor()(np.zeros((4, 5, 3), np.uint8)).shape
        (3, 4, 5)
    """

    to_RGB: bool = False  # noqa: N815, the predecessor's name
    tensor_key: str = "imageTensor"
    share_buffer: bool = True
    format: str = "NCHW"

    def __post_init__(self) -> None:
        checks = Checks("ImageMatToTensor")
        checks.one_of("format", self.format, ("NCHW", "NHWC"))
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Make the tensor of one image."""
        image = feature.require_image()
        if self.to_RGB and image.shape[2] >= 3:
            image = image[:, :, [2, 1, 0, *range(3, image.shape[2])]]
        if image.shape[2] == 1:
            image = image[:, :, 0]
        elif self.format == "NCHW":
            image = image.transpose(2, 0, 1)
        return feature.with_key(self.tensor_key, np.array(image, np.float32, order="C"))


@dataclass(frozen=True, repr=False)
class ImageMatToFloats(ImagePreprocessing):
    """Makes float32 of the pixels, (height, width, channels).

    Args:
        valid_height: taken from the predecessor, which makes up pictures of this size for bad images; here a bad
            image stays marked as bad.
        valid_width: likewise.
        valid_channel: likewise.
        out_key: "floats" makes it the picture; under another key it is kept beside the picture.
        share_buffer: taken from the predecessor; every array has its own memory.

    Source: `ImageMatToFloats` of Analytics Zoo.

    Example:
        >>> ImageMatToFloats()(np.zeros((4, 5, 3), np.uint8)).dtype.name
        'float32'
    """

    valid_height: int = 300
    valid_width: int = 300
    valid_channel: int = 3
    out_key: str = "floats"
    share_buffer: bool = True

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Make floats of one image."""
        floats = np.array(feature.require_image(), np.float32)
        return feature.with_image(floats) if self.out_key == "floats" else feature.with_key(self.out_key, floats)


@dataclass(frozen=True, repr=False)
class ImageFeatureToTensor(ImagePreprocessing):
    """Gives the tensor of an image instead of the image, as the last step before a model.

    Raises `DataError` for an image without one.

    Source: `ImageFeatureToTensor` of Analytics Zoo.

    Example:
        >>> ImageFeatureToTensor()(ImageFeature(tensor=np.ones(2, np.float32))).tolist()
        [1.0, 1.0]
    """

    def transform(self, feature: ImageFeature) -> np.ndarray:
        """Return the tensor of one image."""
        return feature.require("imageTensor", "ImageFeatureToTensor", "Put ImageMatToTensor() before it.")


@dataclass(frozen=True, repr=False)
class ImageFeatureToSample(ImagePreprocessing):
    """Gives the record (tensor, label) of an image instead of the image; only the tensor if it has no label.

    Raises `DataError` for an image without a tensor.

    Source: `ImageFeatureToSample` of Analytics Zoo.

    Example:
        >>> ImageFeatureToSample()(ImageFeature(tensor=np.ones(2, np.float32), label=3))
        (array([1., 1.], dtype=float32), 3)
    """

    def transform(self, feature: ImageFeature) -> Any:
        """Return the record of one image."""
        tensor = feature.require("imageTensor", "ImageFeatureToSample", "Put ImageMatToTensor() before it.")
        return tensor if feature.label is None else (tensor, feature.label)


@dataclass(frozen=True, repr=False)
class ImageSetToSample(ImagePreprocessing):
    """Puts the record that a model trains on under a key of the image: (inputs, targets), or only inputs.

    Args:
        input_keys: what the model takes; of several a list is made.
        target_keys: what it shall give; None or empty = no targets.
        sample_key: where the record goes.

    Raises `ArgumentError` for no input keys, `DataError` for an image without a value under one of the keys.

    Source: `ImageSetToSample` of Analytics Zoo.

    Example:
        >>> feature = ImageFeature(tensor=np.ones(2, np.float32), label=3)
        >>> ImageSetToSample()(feature).get("sample")
        (array([1., 1.], dtype=float32), 3)
    """

    input_keys: Sequence[str] = ("imageTensor",)
    target_keys: Sequence[str] | None = ("label",)
    sample_key: str = "sample"

    def __post_init__(self) -> None:
        checks = Checks("ImageSetToSample")
        for name in ("input_keys", "target_keys"):
            keys = getattr(self, name)
            is_list = not isinstance(keys, str)
            checks.require(is_list, f"Expected {name} to be a list of keys; received {keys!r}. [{keys!r}] is one.")
            object.__setattr__(self, name, tuple(keys or ()))
        checks.require(bool(self.input_keys), "Expected input_keys to hold at least one key; received none.")
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Make the record of one image."""
        inputs = self._values(feature, self.input_keys)
        record = (inputs, self._values(feature, self.target_keys)) if self.target_keys else inputs
        return feature.with_key(self.sample_key, record)

    def _values(self, feature: ImageFeature, keys: Sequence[str]) -> Any:
        repair = "Set it before, or leave it out of the keys."
        values = [feature.require(key, "ImageSetToSample", repair) for key in keys]
        return values if len(values) > 1 else values[0]
