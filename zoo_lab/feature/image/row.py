"""Spark's image struct (origin, height, width, nChannels, mode, data) to an image and back. Runs inside executors."""

from __future__ import annotations

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


def feature_of_row(row: Any) -> ImageFeature:
    """Return the image in a row of the image struct, or in an outer row whose only field it is."""
    fields = _fields(row)
    data, size = fields["data"], (fields["height"], fields["width"], fields["nChannels"])
    known = None not in (data, fields["mode"], *size)
    dtype = DEPTHS.get(fields["mode"] % 8) if known else None
    if dtype is None or min(size) < 1 or np.prod(size) * np.dtype(dtype).itemsize != len(data):
        msg = (
            f"RowToImageFeature: {fields['origin'] or 'a row without an origin'}: expected mode 16 (8 bits) or 21 "
            f"(floats) and pixels of its size; received mode {fields['mode']}, size {size}, {len(data or b'')} bytes."
        )
        raise DataError(msg)
    image = np.frombuffer(bytes(data), dtype).reshape(size).copy()
    return ImageFeature(uri=fields["origin"] or "").with_image(image).replace(original_size=size)


def row_of_feature(feature: ImageFeature) -> dict[str, Any]:
    """Return the fields of the image struct of an image; its mode tells 8-bit pixels from floats."""
    image = np.ascontiguousarray(feature.require_image())
    height, width, channels = image.shape
    mode = (5 if image.dtype == np.float32 else 0) + 8 * (channels - 1)
    return dict(zip(FIELDS, (feature.uri, height, width, channels, mode, image.tobytes()), strict=True))


def _fields(row: Any) -> dict[str, Any]:
    names = row.keys() if isinstance(row, Mapping) else getattr(row, "__fields__", None)
    if names is not None and set(FIELDS) <= set(names):
        return {name: row[name] for name in FIELDS}
    if names is not None and len(names) == 1:
        return _fields(row[next(iter(names))])
    msg = f"RowToImageFeature: expected a row of {', '.join(FIELDS)}; received {type(row).__name__} {names or ''}."
    raise DataError(msg)
