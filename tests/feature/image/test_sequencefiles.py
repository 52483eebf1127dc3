"""Hadoop sequence files of the predecessor, against files that are laid out here byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, part
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import Boxes, ImageMatToFloats, ImageSet

TEXT = b"\x19org.apache.hadoop.io.Text"
SYNC = bytes(range(16))
JPEG = cv2.imencode(".jpg", part())[1].tobytes()


def text(data: bytes) -> bytes:
    """A Text of Hadoop: its length as Java writes a variable integer, then the bytes."""
    length = len(data)
    if length < 128:
        return struct.pack("b", length) + data
    size = next(size for size in range(1, 5) if length < 256**size)
    return struct.pack("b", -112 - size) + struct.pack(">I", length)[4 - size :] + data


def write(path: Path, records: list[tuple[bytes, bytes]]) -> Path:
    """A sequence file, version 6, neither compressed nor in blocks."""
    parts = [b"SEQ\x06", TEXT, TEXT, b"\x00\x00", struct.pack(">i", 0), SYNC]
    for key, value in ((text(key), text(value)) for key, value in records):
        parts += [struct.pack(">ii", len(key) + len(value), len(key)), key, value, struct.pack(">i", -1), SYNC]
    path.write_bytes(b"".join(parts))
    return path


def pixels(picture: np.ndarray) -> bytes:
    height, width, _ = picture.shape
    return struct.pack(">ii", width, height) + picture.tobytes()


def boxed(file: bytes, classes: list[float], difficult: list[float], corners: list[list[float]]) -> bytes:
    count = len(classes)
    floats = struct.pack(f">{6 * count}f", *classes, *difficult, *np.ravel(corners))
    # as its writer, which reserves four bytes for each byte of the classes and boxes
    return struct.pack(">ii", len(file), 4 * count) + file + floats + bytes(18 * 4 * count)


def test_pixels_with_a_label_and_a_name_or_none(context, tmp_path):
    small = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    write(tmp_path / "imagenet_0.seq", [(b"n01440764_10026.JPEG\n1", pixels(part())), (b"7", pixels(small))])
    first, second = ImageSet.read_sequence_files(tmp_path, context).collect()
    assert (first.uri, first.label, second.uri, second.label) == ("n01440764_10026.JPEG", 0, "", 6)
    np.testing.assert_array_equal(first.mat, part())
    np.testing.assert_array_equal(second.mat, small)
    assert ImageSet.read_sequence_files(tmp_path, context, one_based_label=False).get_label().collect() == [1, 7]


def test_files_with_their_boxes(context, tmp_path):
    corners = [[10, 20, 110, 120], [5.5, 6, 7, 8]]
    records = [
        (b"/data/VOC2007/JPEGImages/000001.jpg", boxed(JPEG, [12, 15], [0, 1], corners)),
        (b"/data/VOC2007/JPEGImages/000002.jpg", boxed(JPEG, [], [], [])),
    ]
    write(tmp_path / "voc_0.seq", records)
    first, second = ImageSet.read_sequence_files([tmp_path / "voc_0.seq"], context, "boxes").collect()
    assert first.uri == "/data/VOC2007/JPEGImages/000001.jpg"
    np.testing.assert_array_equal(first.boxes.coordinates, np.float32(corners))
    assert (first.boxes.labels.tolist(), first.boxes.difficult.tolist()) == ([11, 14], [False, True])
    np.testing.assert_array_equal(first.mat, cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_UNCHANGED))
    assert len(second.boxes) == 0


def test_records_of_another_layout_are_bad_images(context, tmp_path):
    write(tmp_path / "a.seq", [(b"a.jpg", boxed(JPEG, [], [], [])), (b"b\nlabel", pixels(part())), (b"3", b"short")])
    images = ImageSet.read_sequence_files(tmp_path, context, policy="mark").collect()
    assert all('its record is none of layout "labels": ' in image.problem for image in images)
    with pytest.raises(DataError, match=r'a\.jpg: .*its record is none of layout "labels"'):
        ImageSet.read_sequence_files(tmp_path, context).collect()
    marked = ImageSet.read_sequence_files(tmp_path, context, "boxes", policy="mark").collect()
    assert [bool(image.problem) for image in marked] == [False, True, True]
    with pytest.raises(ArgumentError, match="Did you mean 'boxes'"):
        ImageSet.read_sequence_files(tmp_path, context, "boxs")
    with pytest.raises(DataError, match="there is no such file or folder"):
        ImageSet.read_sequence_files(tmp_path / "none", context)


def test_what_is_written_is_read_again_and_laid_out_as_it_was(context, tmp_path):
    boxes = Boxes([[10, 20, 110, 120], [0, 0, 5, 6]], labels=[11, 0], difficult=[True, False])
    images = [feature(uri=f"folder/{number}.png", label=number, boxes=boxes) for number in range(3)]
    spread = ImageSet.from_arrays(images, sc=context)
    spread.write_sequence_files(tmp_path / "labels")
    again = {image.uri: image for image in ImageSet.read_sequence_files(tmp_path / "labels", context).collect()}
    assert {uri: image.label for uri, image in again.items()} == {f"folder/{number}.png": number for number in range(3)}
    np.testing.assert_array_equal(again["folder/1.png"].mat, part())
    spread.write_sequence_files(tmp_path / "boxes", "boxes")
    found = ImageSet.read_sequence_files(tmp_path / "boxes", context, "boxes").collect()
    for image in found:
        np.testing.assert_array_equal(image.mat, part())
        np.testing.assert_array_equal(image.boxes.coordinates, boxes.coordinates)
        assert (image.boxes.labels.tolist(), image.boxes.difficult.tolist()) == ([11, 0], [True, False])
    files = [path.read_bytes() for path in (tmp_path / "labels").glob("part-*")]
    assert all(file.startswith(b"SEQ\x06" + 2 * TEXT) for file in files)
    record = text(b"folder/1.png\n2") + text(pixels(part()))
    assert sum(record in file for file in files) == 1


def test_what_a_layout_cannot_hold_is_told(context, tmp_path):
    floats = ImageSet.from_arrays([feature(label=1)], sc=context).transform(ImageMatToFloats())
    with pytest.raises(Exception, match=r"expected 8-bit pixels of three channels.*received float32"):
        floats.write_sequence_files(tmp_path / "floats")
