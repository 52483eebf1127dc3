"""Spark's image struct (origin, height, width, nChannels, mode, data) to an image and back. Runs inside executors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.base import carried_many
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.preprocessing import CarriedPreprocessing, Preprocessing

FIELDS = ("origin", "height", "width", "nChannels", "mode", "data")
DEPTHS = {0: np.uint8, 5: np.float32}
"""OpenCV's types of pixels by the last three bits of its mode; 16 = three channels of 8 bits."""
_DEPTHS = 8


@dataclass(frozen=True)
class RowToImageFeature(CarriedPreprocessing):
    """Makes an image of a row of Spark's image struct, as `NNImageReader` reads it; also of a dict of its fields.

    Raises `DataError` for another row, or pixels that do not fit its size.

    Source: `RowToImageFeature` of Analytics Zoo.

    Example:
        >>> row = {"origin": "a.png", "height": 1, "width": 2, "nChannels": 3, "mode": 16, "data": bytes(6)}
        >>> RowToImageFeature()(row)
        ImageFeature('a.png', 1x2x3)
    """

    def __call__(self, value: Any) -> Any:
        """Return the image, or for a DataFrame column or an RDD that of each row."""
        return self.carry(value, self, feature_of_row)

    def carry(self, value: Any, whole: Preprocessing, run: Callable[[Any], Any]) -> Any:
        """Return what `run` makes of one row, or `whole` of each of many rows."""
        return carried_many(value, whole, run)


class NoPicture(DataError):
    """Fields of the image struct that hold no picture; the message says what was expected and what came."""


def pixels_of_row(fields: Mapping[str, Any]) -> np.ndarray:
    """Return the picture in the fields of the image struct, read-only.

    Raises `NoPicture` where they hold none.
    """
    mode, data = fields["mode"], fields["data"] or b""
    size = tuple(fields[name] or 0 for name in ("height", "width", "nChannels"))
    dtype = DEPTHS.get(mode % _DEPTHS) if mode is not None and mode >= 0 else None
    expected = 0 if dtype is None or min(size) < 1 else math.prod(size) * np.dtype(dtype).itemsize
    if not expected or mode // _DEPTHS + 1 != size[2] or len(data) != expected:
        msg = (
            "expected mode 16 (8 bits) or 21 (floats), or those of other channels, and pixels of its size; "
            f"received mode {mode}, size {size} and {len(data)} bytes"
        )
        raise NoPicture(msg)
    return np.frombuffer(bytes(data), dtype).reshape(size)


def feature_of_row(row: Any) -> ImageFeature:
    """Return the image in a row of the image struct, or in an outer row whose only field it is."""
    fields = _fields(row)
    try:
        image = pixels_of_row(fields)
    except NoPicture as problem:
        msg = f"RowToImageFeature: {fields['origin'] or 'a row without an origin'}: {problem}."
        raise DataError(msg) from None
    return ImageFeature(uri=fields["origin"] or "").with_image(image).replace(original_size=image.shape)


def row_of_feature(feature: ImageFeature) -> dict[str, Any]:
    """Return the fields of the image struct of an image; its mode tells 8-bit pixels from floats."""
    image = np.ascontiguousarray(feature.require_image())
    height, width, channels = image.shape
    depth = next(code for code, dtype in DEPTHS.items() if image.dtype == dtype)
    mode = depth + _DEPTHS * (channels - 1)
    return dict(zip(FIELDS, (feature.uri, height, width, channels, mode, image.tobytes()), strict=True))


def _fields(row: Any) -> dict[str, Any]:
    names = row.keys() if isinstance(row, Mapping) else getattr(row, "__fields__", None)
    if names is not None and set(FIELDS) <= set(names):
        return {name: row[name] for name in FIELDS}
    if names is not None and len(names) == 1:
        return _fields(row[next(iter(names))])
    msg = f"RowToImageFeature: expected a row of {', '.join(FIELDS)}; received {type(row).__name__} {names or ''}."
    raise DataError(msg)
