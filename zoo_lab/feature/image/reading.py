"""Turns the bytes of a file into a picture, or says what is wrong with them. Runs inside Spark executors.

A file is looked at before it is decoded: its header tells how large the picture would be, and a JPEG whose end is
missing is told apart from a whole one, whatever the decoder would make of it.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.movement import stretched

MAX_PIXELS = 100_000_000
"""Pixels that a picture may have unless another limit is given: 300 MB once decoded to three channels."""
MOST_PIXELS = 2 * 89_478_485
"""The highest limit there can be: Pillow opens nothing beyond it."""
CODECS = {-1: cv2.IMREAD_UNCHANGED, 0: cv2.IMREAD_GRAYSCALE, 1: cv2.IMREAD_COLOR}
"""Image codecs by number, as in OpenCV: -1 as the file is, 0 to gray, 1 to B, G, R."""
_LINEAR = 1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG = b"\xff\xd8"
_LAST = b"\xff\xd9"
_END, _START, _NOTHING = b"\xd9", b"\xd8", b"\x01"
# within the coded pixels 0xff is followed by 0 or a restart: anything else begins the next part of the file
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


class Unreadable(DataError):
    """Bytes that are no whole picture; the message says why and names no file."""


def decode_image(data: bytes, image_codec: int = -1, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Return the picture in the bytes of a file, (height, width, channels), channels B, G, R (and alpha).

    Args:
        data: a file of any format that both OpenCV and Pillow know: JPEG, PNG, BMP, TIFF, WebP, GIF, JPEG 2000, PNM.
        image_codec: -1 as the file is, except for its EXIF rotation, which is left out: 1 channel for gray, 4 with
            transparency, float32 with the very values of 16 bits; 0 to one channel and 1 to three, both of 8 bits.
        max_pixels: height × width beyond which nothing is decoded.

    Raises `Unreadable`, a `DataError`, for a file that is empty, no picture, cut off, damaged or too large.

    Source: `cv2.imdecode`.

    Example:
        >>> data = cv2.imencode(".png", np.zeros((2, 3), np.uint8))[1].tobytes()
        >>> decode_image(data).shape, decode_image(data, image_codec=1).shape
        ((2, 3, 1), (2, 3, 3))
    """
    _expect_whole(data, max_pixels)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), CODECS[image_codec])
    except cv2.error as error:
        msg = f"OpenCV cannot decode it: {error.err}"
        raise Unreadable(msg) from error
    if image is None:
        msg = "OpenCV cannot decode it: it is cut off or damaged, or of a kind that OpenCV does not know"
        raise Unreadable(msg)
    return np.ascontiguousarray(image[:, :, np.newaxis] if image.ndim == 2 else image)


@dataclass(frozen=True)
class ImageReader:
    """Makes a picture of an image's bytes, and notes as its problem what is wrong with them.

    Args:
        image_codec, max_pixels: as in `decode_image`.
        resize_height, resize_width: size that the picture is brought to (linear), boxes included; -1 keeps its own.
        keep_bytes: whether the image keeps its bytes beside its picture.
    """

    image_codec: int = -1
    max_pixels: int = MAX_PIXELS
    resize_height: int = -1
    resize_width: int = -1
    keep_bytes: bool = False

    def __call__(self, feature: ImageFeature) -> ImageFeature:
        if feature.problem or feature.bytes is None or feature.image is not None:
            return feature
        try:
            image = decode_image(feature.bytes, self.image_codec, self.max_pixels)
        except Unreadable as error:
            return feature.replace(problem=str(error))
        read = feature.with_image(image)
        read = read if self.keep_bytes else read.replace(bytes=None)
        if self.resize_height < 1:
            return read
        return stretched(read, self.resize_height, self.resize_width, _LINEAR)


def _expect_whole(data: bytes, max_pixels: int) -> None:
    if not data:
        msg = "it is empty"
        raise Unreadable(msg)
    width, height = _size_of_jpeg(data) or _size_in_header(data)
    if width * height > max_pixels:
        msg = f"its picture of {height:,} × {width:,} pixels is over the limit of max_pixels={max_pixels:,}"
        raise Unreadable(msg)
    if data.startswith(_JPEG) and not _jpeg_has_its_end(data):
        msg = f"it is cut off: a JPEG of {height} × {width} pixels that ends after {len(data):,} bytes without its end"
        raise Unreadable(msg)


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a JPEG whose parts are in order up to its frame; None leaves it to Pillow, which takes
    longer for it than OpenCV for some of its other work."""
    position = len(_JPEG)
    while data.startswith(_JPEG) and data[position : position + 1] == b"\xff" and position + 9 <= len(data):
        if data[position + 1] in _FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return (width, height) if width and height else None
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


def _size_in_header(data: bytes) -> tuple[int, int]:
    """Return (width, height) without decoding anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures: the limit is our own
            with Image.open(io.BytesIO(data)) as opened:
                return opened.size
    except Image.DecompressionBombError as error:
        msg = f"its picture is over the limit of pixels: {error}"
        raise Unreadable(msg) from error
    except Exception as error:  # a damaged header gives errors of many kinds
        msg = f"it is no picture of a known format: {len(data):,} bytes that start with {data[:8]!r}"
        raise Unreadable(msg) from error


def _jpeg_has_its_end(data: bytes) -> bool:
    """Walk through the parts of a JPEG file; those of an embedded preview are inside a part and do not count."""
    if data.endswith(_LAST):  # nearly all do, and a file cut off behind its preview has no pixels to decode
        return True
    position = len(_JPEG)
    while found := _MARKER.search(data, position):
        if found[1] == _END:
            return True
        position = found.end()
        if found[1] not in (_START, _NOTHING):
            position += int.from_bytes(data[position : position + 2], "big")
    return False
