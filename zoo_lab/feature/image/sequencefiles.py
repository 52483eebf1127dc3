"""Images in Hadoop sequence files, laid out as the predecessor wrote them: read and written by Spark.

Keys and values are Hadoop's `Text`: a length and bytes. All numbers in a value are of 4 bytes, high byte first.

- "labels": the key is "[name, line feed] label"; the value width, height, and the pixels B, G, R by rows.
- "boxes": the key is where the image came from; the value the length of the image file, 4 times the number of boxes,
  the file, and floats: the class of each box, then for each whether it is difficult, then x1, y1, x2, y2 of each.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.context.jobs import interruptible
from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.files import PathLike, as_paths
from zoo_lab.feature.image.frames import encoded
from zoo_lab.feature.image.hadoop import binary_files, resolved
from zoo_lab.feature.image.imageset_sources import Drained, RddSource
from zoo_lab.feature.image.taking import expect_feature

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.feature.image.imageset import ImageSet
    from zoo_lab.feature.image.imageset_reading import Options
    from zoo_lab.feature.image.pipeline import Pipeline

LAYOUTS = ("labels", "boxes")
_TEXT, _BYTES = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.BytesWritable"
# PySpark makes str of Text, which loses bytes: these formats hand over keys and values as they are in the file
_INPUT = "org.apache.hadoop.mapreduce.lib.input.SequenceFileAsBinaryInputFormat"
_OUTPUT = "org.apache.hadoop.mapreduce.lib.output.SequenceFileAsBinaryOutputFormat"
_RECURSIVE = {"mapreduce.input.fileinputformat.input.dir.recursive": "true"}
_CLASSES = {f"mapreduce.output.seqbinaryoutputformat.{part}.class": _TEXT for part in ("key", "value")}
_HEAD = struct.Struct(">ii")
_FLOAT = np.dtype(">f4")


class _NoRecord(Exception):  # noqa: N818 - it becomes the problem of one image
    """Bytes that are no record of the layout; the message says why."""


def read_sequence_files(
    path: PathLike | Sequence[PathLike], sc: Any, layout: str, one_based_label: bool, options: Options
) -> ImageSet:
    """Return the set of the images in sequence files; see `ImageSet.read_sequence_files`."""
    from zoo_lab.context.nncontext import as_context
    from zoo_lab.feature.image.imageset_distributed import DistributedImageSet

    _check("read_sequence_files", layout)
    context, paths = as_context(sc), as_paths(path)
    binary_files(context, paths, recursive=True, extensions=None)  # says what is missing
    places = ",".join(resolved(context, place) for place in paths)
    rows = context.sc.newAPIHadoopFile(places, _INPUT, _BYTES, _BYTES, conf=_RECURSIVE)
    images = rows.map(Record(layout, int(one_based_label)))
    return DistributedImageSet.of(context, RddSource(images), options.pipeline(), {})


def write_sequence_files(context: NNContext, images: RDD, pipeline: Pipeline, output: PathLike, layout: str) -> None:
    """Write images as sequence files; see `ImageSet.write_sequence_files`.

    Args:
        context: where the images are.
        images: as their source has them.
        pipeline: what their set does to each.
        output, layout: as there.
    """
    _check("write_sequence_files", layout)
    keeping, original = pipeline.keeping_bytes()
    rows = images.mapPartitions(Drained(keeping.run)).mapPartitions(_Records(layout, original))
    place = resolved(context, os.fspath(output))
    with context.jobs.session("zoo_lab: write images") as session, interruptible():
        session.run(lambda: rows.saveAsNewAPIHadoopFile(place, _OUTPUT, _BYTES, _BYTES, conf=_CLASSES))


@dataclass(frozen=True)
class Record:
    """Makes the image of a record: its key and value as they are in the file.

    Args:
        layout: "labels" or "boxes".
        first: the label in the file that counts as 0 here.
    """

    layout: str
    first: int = 1

    def __call__(self, row: tuple[bytes, bytes]) -> ImageFeature:
        key = ""
        try:
            key = _text(bytes(row[0])).decode("utf-8", "replace")
            return (self._labelled if self.layout == "labels" else self._boxed)(key, _text(bytes(row[1])))
        except (_NoRecord, struct.error, ValueError) as problem:
            known = f'its record is none of layout "{self.layout}": {problem}'
            return ImageFeature(uri=key.partition("\n")[0], problem=known)

    def _labelled(self, key: str, value: bytes) -> ImageFeature:
        name, _, label = key.rpartition("\n")
        width, height = _HEAD.unpack_from(value)
        size = (height, width, 3)
        if min(size) < 1 or len(value) != _HEAD.size + height * width * 3:
            msg = f"{len(value):,} bytes for {height:,} x {width:,} pixels of three channels"
            raise _NoRecord(msg)
        pixels = np.frombuffer(value, np.uint8, offset=_HEAD.size).reshape(size)
        return ImageFeature(uri=name, mat=pixels, label=int(float(label)) - self.first)

    def _boxed(self, key: str, value: bytes) -> ImageFeature:
        length, classes = _HEAD.unpack_from(value)
        behind = len(value) - _HEAD.size - length - 6 * classes
        # the predecessor's writer leaves three times as many zeros behind the boxes
        if min(length, classes) < 0 or classes % 4 or behind not in (0, 18 * classes):
            msg = f"{len(value):,} bytes for a file of {length:,} bytes and {classes / 4:g} boxes"
            raise _NoRecord(msg)
        file = value[_HEAD.size : _HEAD.size + length]
        count = classes // 4
        numbers = np.frombuffer(value, _FLOAT, 6 * count, _HEAD.size + length).astype(np.float32)
        labels, difficult = numbers[:count].astype(np.int64) - self.first, numbers[count : 2 * count] != 0
        boxes = Boxes(numbers[2 * count :].reshape(count, 4), labels=labels, difficult=difficult)
        return ImageFeature(uri=key, bytes=file, boxes=boxes)


@dataclass(frozen=True)
class _Records:
    """Makes records, key and value as they are in a file, of images."""

    layout: str
    original: bool

    def __call__(self, images: Iterable[Any]) -> Iterator[tuple[bytes, bytes]]:
        for image in map(expect_feature, images):
            key, value = self._labelled(image) if self.layout == "labels" else self._boxed(image)
            yield _as_text(key.encode()), _as_text(value)

    def _labelled(self, feature: ImageFeature) -> tuple[str, bytes]:
        picture, label = feature.image, feature.label
        label = None if label is None or np.size(label) != 1 else float(np.asarray(label).reshape(-1)[0])
        right = picture is not None and picture.dtype == np.uint8 and picture.shape[2] == 3
        if not right or label is None or not label.is_integer() or label < 0:
            received = "no picture" if picture is None else f"{picture.dtype} of {picture.shape}"
            msg = (
                f"write_sequence_files: {feature.name}: expected 8-bit pixels of three channels and a whole number from "
                f'0 as label; received {received} and label {feature.label!r}. layout="boxes" holds any image file.'
            )
            raise DataError(msg)
        height, width, _ = picture.shape
        name = f"{feature.uri}\n" if feature.uri else ""
        return f"{name}{int(label) + 1}", _HEAD.pack(width, height) + np.ascontiguousarray(picture).tobytes()

    def _boxed(self, feature: ImageFeature) -> tuple[str, bytes]:
        file, boxes = encoded(feature, self.original, "write_sequence_files"), feature.boxes
        head = _HEAD.pack(len(file), 0 if boxes is None else 4 * len(boxes))
        if boxes is None:
            return feature.uri, head + file
        boxes = boxes.to_pixels(*feature.size[:2])
        difficult = np.zeros(len(boxes)) if boxes.difficult is None else boxes.difficult
        numbers = (boxes.labels + 1, difficult, boxes.coordinates)
        return feature.uri, head + file + b"".join(np.asarray(each, _FLOAT).tobytes() for each in numbers)


def _text(data: bytes) -> bytes:
    """Return the bytes of a `Text` as Hadoop writes it, behind their length."""
    if not data:
        msg = "no bytes"
        raise _NoRecord(msg)
    first = data[0] - 256 if data[0] > 127 else data[0]
    more = 0 if first >= -112 else -112 - first  # bytes that the length takes if it is not the first byte itself
    length = first if not more else int.from_bytes(data[1 : 1 + more], "big")
    if first < -120 or length < 0 or len(data) != 1 + more + length:
        msg = f"{len(data):,} bytes that are no Text"
        raise _NoRecord(msg)
    return data[1 + more :]


def _as_text(data: bytes) -> bytes:
    """Return bytes as Hadoop writes a `Text` of them."""
    length = len(data)
    if length <= 127:
        return bytes([length]) + data
    more = -(-length.bit_length() // 8)
    return bytes([256 - 112 - more]) + length.to_bytes(more, "big") + data


def _check(name: str, layout: Any) -> None:
    checks = Checks(f"ImageSet.{name}")
    checks.one_of("layout", layout, LAYOUTS)
    checks.done()
