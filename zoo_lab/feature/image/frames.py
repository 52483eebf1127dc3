"""Images as rows of a table, and rows as images. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.row import FIELDS, NoPicture, pixels_of_row, row_of_feature
from zoo_lab.feature.image.taking import expect_feature

BOXES = (
    "struct<normalized: boolean, coordinates: array<array<float>>, labels: array<bigint>, scores: array<float>, "
    "difficult: array<boolean>, centers: array<array<float>>>"
)
PICTURE = "struct<origin: string, height: int, width: int, nChannels: int, mode: int, data: binary>"
_COLUMNS = ("labels", "scores", "difficult", "centers")


def schema(label_type: str, picture: str = PICTURE) -> str:
    """Return the columns of a table of images: uri, image, label, boxes, problem."""
    return f"uri string, image {picture}, label {label_type}, boxes {BOXES}, problem string"


@dataclass(frozen=True)
class PictureRows:
    """Makes rows with the image struct of Spark, which has the pixels themselves."""

    def __call__(self, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        for feature in map(expect_feature, values):
            yield _row(feature, None if feature.image is None else tuple(row_of_feature(feature).values()))


@dataclass(frozen=True)
class EncodedRows:
    """Makes rows with an image file in them: the original one, or a PNG of the picture.

    Args:
        original: whether images have the bytes that they were read from and nothing has changed since.
    """

    original: bool

    def __call__(self, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        for feature in map(expect_feature, values):
            yield _row(feature, None if feature.problem else encoded(feature, self.original, "write_parquet"))


def encoded(feature: ImageFeature, original: bool, what: str) -> bytes:
    """Return an image as a file: its own if that is still `original`, or else a PNG of its picture.

    Raises `DataError` saying `what` takes only pictures that PNG can hold.
    """
    if original and feature.bytes is not None:
        return feature.bytes
    image = feature.require_image()
    if image.dtype != np.uint8 or image.shape[2] not in (1, 3, 4):
        msg = (
            f"{what}: {feature.name}: expected a picture of 8 bits with 1, 3 or 4 channels; received "
            f"{image.dtype} of {image.shape}. Write the set before such steps, or write what to_dataframe() gives."
        )
        raise DataError(msg)
    return cv2.imencode(".png", image)[1].tobytes()


@dataclass(frozen=True)
class RowReader:
    """Makes images of the rows of a table.

    Args:
        image: column with Spark's image struct, or with image files as bytes.
        label, uri, boxes, problem: columns, or None where there is none.
    """

    image: str
    label: str | None = None
    uri: str | None = None
    boxes: str | None = None
    problem: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return list(dict.fromkeys(name for name in vars(self).values() if name is not None))

    def __call__(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[ImageFeature]:
        for row in rows:
            yield self._feature(row)

    def _feature(self, row: Mapping[str, Any]) -> ImageFeature:
        picture = row[self.image]
        known = {
            "label": None if self.label is None else row[self.label],
            "boxes": None if self.boxes is None else _boxes(row[self.boxes]),
            "problem": (row[self.problem] or "") if self.problem is not None else "",
        }
        uri = str(row[self.uri] or "") if self.uri is not None else _origin(picture)
        feature = ImageFeature(uri=uri, **known)
        if picture is None:
            return feature.replace(problem=feature.problem or f"the column {self.image!r} is null")
        if isinstance(picture, (bytes, bytearray, memoryview)):
            return feature.replace(bytes=bytes(picture))
        try:
            return feature.with_image(pixels_of_row({name: picture[name] for name in FIELDS}))
        except NoPicture as problem:
            return feature.replace(problem=f"its row holds no picture: {problem}")


def _row(feature: ImageFeature, image: Any) -> tuple[Any, ...]:
    label = feature.label
    label = label.tolist() if isinstance(label, (np.generic, np.ndarray)) else label
    return feature.uri, image, label, _boxes_row(feature.boxes), feature.problem or None


def _origin(picture: Any) -> str:
    is_file = picture is None or isinstance(picture, (bytes, bytearray, memoryview))
    return "" if is_file else picture["origin"] or ""


def _boxes_row(boxes: Boxes | None) -> tuple[Any, ...] | None:
    if boxes is None:
        return None
    columns = [getattr(boxes, name) for name in _COLUMNS]
    return boxes.normalized, boxes.coordinates.tolist(), *(None if c is None else c.tolist() for c in columns)


def _boxes(row: Mapping[str, Any] | None) -> Boxes | None:
    if row is None:
        return None
    return Boxes(row["coordinates"], normalized=row["normalized"], **{name: row[name] for name in _COLUMNS})
