"""Reads images out of TFRecord files without TensorFlow. Runs inside Spark executors.

A record is its length (8 bytes), the check sum of the length (4), the data, and their check sum (4). The data are a
`tf.train.Example`, a protobuf message.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c
import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.loading import Loader, to_load
from zoo_lab.feature.image.protobuf import parse_example

_HEAD, _TAIL = 12, 4
_BOX = tuple(f"image/object/bbox/{side}" for side in ("xmin", "ymin", "xmax", "ymax"))
_BOX_LABEL = "image/object/class/label"
_MASK = 0xA282EAD8


@dataclass(frozen=True)
class Keys:
    """Which features of an Example are what.

    Args:
        image: the encoded image.
        label: the label, None for none.
    """

    image: str = "image/encoded"
    label: str | None = "image/class/label"

    def feature(self, source: ImageFeature, record: bytes) -> ImageFeature:
        """Return the image that a record, data and check sum, holds, or one with the problem where it holds none."""
        data, check = record[:-_TAIL], int.from_bytes(record[-_TAIL:], "little")
        if check != _masked_crc(data):
            return source.replace(problem="its record is damaged: the check sum of its data is another")
        try:
            values = parse_example(data)
        except (IndexError, ValueError, struct.error) as error:
            return source.replace(problem=f"its record is no tf.train.Example ({error})")
        image = values.get(self.image)
        if not image or not isinstance(image[0], bytes):
            known = ", ".join(map(repr, sorted(values)))
            return source.replace(problem=f"its record has no bytes under {self.image!r}; its features are {known}")
        label = values.get(self.label or "")
        return source.replace(bytes=image[0], label=label[0] if label else None, boxes=_boxes(values))


@dataclass(frozen=True)
class Records:
    """Makes the images that a TFRecord file holds.

    Args:
        keys: which features are what.
    """

    keys: Keys

    def __call__(self, uri: str, data: bytes) -> Iterator[ImageFeature]:
        for number, (start, length) in enumerate(spans(io.BytesIO(data), len(data), uri)):
            yield self.keys.feature(ImageFeature(uri=f"{uri}#{number}"), data[start : start + length + _TAIL])


@dataclass(frozen=True)
class LocalRecord(Loader):
    """A record in a file of this machine.

    Args:
        path: the file.
        start, length: where in it the data are, in bytes.
        keys: which features are what.
    """

    path: str
    start: int
    length: int
    keys: Keys

    def load(self, source: ImageFeature) -> ImageFeature:
        """Return the image that the record holds."""
        with Path(self.path).open("rb") as file:
            file.seek(self.start)
            return self.keys.feature(source, file.read(self.length + _TAIL))


def local_records(files: Iterable[str], keys: Keys) -> Iterator[ImageFeature]:
    """Yield the images of TFRecord files of this machine; only the records' lengths are read now."""
    for path in files:
        with Path(path).open("rb") as file:
            for number, (start, length) in enumerate(spans(file, Path(path).stat().st_size, path)):
                yield to_load(f"{path}#{number}", LocalRecord(path, start, length, keys))


def spans(file: BinaryIO, size: int, name: str) -> Iterator[tuple[int, int]]:
    """Yield where the data of each record start and how long they are, in bytes.

    Raises `DataError` naming the file that is no TFRecord or is cut off.
    """
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(_HEAD)
        whole = len(head) == _HEAD
        length, check = struct.unpack("<QI", head) if whole else (0, 0)
        if not whole or check != _masked_crc(head[:8]):
            msg = f"{name}: expected a TFRecord at byte {position:,} of {size:,}; received something else."
            raise DataError(msg)
        if position + _HEAD + length + _TAIL > size:
            msg = (
                f"{name}: expected {length:,} bytes of a record at byte {position:,}; the file is cut off at {size:,}."
            )
            raise DataError(msg)
        yield position + _HEAD, length
        position += _HEAD + length + _TAIL


def _boxes(values: Mapping[str, list[Any]]) -> Boxes | None:
    if any(side not in values for side in _BOX):
        return None
    return Boxes(np.stack([values[side] for side in _BOX], axis=1), labels=values.get(_BOX_LABEL), normalized=True)


def _masked_crc(data: bytes) -> int:
    """Return the check sum of TFRecord: CRC-32C, rotated and with a constant added."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF
