"""Steps that make a picture of bytes: of an encoded file, or of raw pixels. Run inside Spark executors.

What cannot be decoded as a whole raises, naming the file; what to do with it is the policy of the set of images.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.base import ImagePreprocessing
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pictures import with_channels
from zoo_lab.feature.image.reading import CODECS, Unreadable, decode_image

CONVERSIONS = {
    (0, 3): cv2.COLOR_BGR2GRAY,
    (0, 4): cv2.COLOR_BGRA2GRAY,
    (1, 1): cv2.COLOR_GRAY2BGR,
    (1, 4): cv2.COLOR_BGRA2BGR,
}
"""From (codec, channels of the picture) to what gives the channels of that codec."""


@dataclass(frozen=True, repr=False)
class ImageBytesToMat(ImagePreprocessing):
    """Decodes a file (JPEG, PNG, BMP, …) to a picture, channels B, G, R.

    An image without bytes that has a picture, as `ImageSet.read` gives it, only gets the channels asked for.

    Args:
        byte_key: where the bytes are: "bytes", or a key of one's own.
        image_codec: -1 keeps the channels of the file and ignores how the camera was held, 0 makes gray, 1 makes
            colour and turns the picture upright; -1 keeps pixels of 16 bits as floats, 0 and 1 make 8 bits.

    Raises `ArgumentError` for another codec; `DataError` naming the file for bytes that are none, no picture, cut off,
    or a picture too large to decode.

    Source: `ImageBytesToMat` of Analytics Zoo.

    Example:
        >>> file = cv2.imencode(".png", np.zeros((2, 3, 3), np.uint8))[1].tobytes()
        >>> ImageBytesToMat()(file).shape
        (2, 3, 3)
    """

    byte_key: str = "bytes"
    image_codec: int = -1

    def __post_init__(self) -> None:
        checks = Checks("ImageBytesToMat")
        problem = f"Expected image_codec to be -1 (as it is), 0 (gray) or 1 (colour); received {self.image_codec!r}."
        checks.require(self.image_codec in CODECS, problem)
        checks.done()

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Decode one file."""
        if feature.get(self.byte_key) is None and feature.image is not None:
            return feature.with_image(recoded(feature.image, self.image_codec))
        data = bytes_under(feature, self.byte_key, "ImageBytesToMat")
        try:
            image = decode_image(data, self.image_codec)
        except Unreadable as error:
            msg = f"ImageBytesToMat: {feature.name}: {error}."
            raise DataError(msg) from error
        return feature.with_image(image).replace(original_size=image.shape)


@dataclass(frozen=True, repr=False)
class ImagePixelBytesToMat(ImagePreprocessing):
    """Makes a picture of raw pixels of 8 bits, row by row, channels B, G, R.

    Args:
        byte_key: where the bytes are: "bytes", or a key of one's own. `original_size` of the image tells its size.

    Raises `DataError` naming the image if it has no bytes, no size, or bytes for another size.

    Source: `ImagePixelBytesToMat` of Analytics Zoo.

    Example:
        >>> ImagePixelBytesToMat()(ImageFeature(bytes=bytes(6), original_size=(1, 2, 3))).mat.shape
        (1, 2, 3)
    """

    byte_key: str = "bytes"

    def transform(self, feature: ImageFeature) -> ImageFeature:
        """Make the picture of one image."""
        data = bytes_under(feature, self.byte_key, "ImagePixelBytesToMat")
        size = feature.original_size
        if size is None or np.prod(size) != len(data):
            msg = (
                f"ImagePixelBytesToMat: {feature.name}: expected original_size (height, width, channels) of "
                f"{len(data)} bytes; received {size}. Set original_size when the image is made."
            )
            raise DataError(msg)
        return feature.replace(mat=np.frombuffer(data, np.uint8).reshape(size).copy(), floats=None)


def recoded(image: np.ndarray, codec: int) -> np.ndarray:
    """Return a decoded picture with the channels that a codec asks for: 0 one, 1 three, -1 those that it has.

    Example:
        >>> recoded(np.zeros((2, 3, 1), np.uint8), 1).shape
        (2, 3, 3)
    """
    conversion = CONVERSIONS.get((codec, image.shape[2]))
    return image if conversion is None else with_channels(cv2.cvtColor(image, conversion))


def bytes_under(feature: ImageFeature, key: str, step: str) -> bytes:
    """Return the bytes under a key, or raise `DataError`."""
    data = feature.get(key)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        msg = f"{step}: {feature.name}: expected bytes under {key!r}; received {type(data).__name__}."
        raise DataError(msg)
    return bytes(data)
