"""Every file is decoded as OpenCV does it, or told what is wrong with it: nothing comes out empty or grey."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.reading import ImageReader, Unreadable, decode_image

ENDINGS = ["jpg", "png", "bmp", "tiff", "webp", "gif", "jp2", "ppm"]


@pytest.fixture(scope="module")
def photograph(test_data: Path) -> np.ndarray:
    return cv2.imread(str(test_data / "images" / "cat_dog" / "dogs" / "dog.7012.jpg"))


def encoded(image: np.ndarray, ending: str, *options: int) -> bytes:
    return cv2.imencode(f".{ending}", image, options)[1].tobytes()


def pillow(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def test_every_real_file_is_decoded_as_opencv_does_it(test_data):
    files = sorted(path for path in (test_data / "images").rglob("*.*") if path.suffix not in (".xml", ".txt"))
    assert len(files) == 42
    for path in files:
        expected = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        decoded = decode_image(path.read_bytes())
        assert decoded.ndim == 3
        np.testing.assert_array_equal(decoded.reshape(expected.shape), expected)
        np.testing.assert_array_equal(decode_image(path.read_bytes(), 1), cv2.imread(str(path), cv2.IMREAD_COLOR))
        gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(decode_image(path.read_bytes(), 0)[..., 0], gray)


def test_a_thumbnail_of_1398_bytes_is_a_whole_picture(test_data):
    data = (test_data / "images" / "cat_dog" / "dogs" / "dog.7011.jpg").read_bytes()
    with Image.open(io.BytesIO(data)) as strict:
        expected = np.asarray(strict)[..., ::-1]
    assert expected.shape == (49, 67, 3)
    # two builds of libjpeg round differently by a few grey values
    assert np.abs(decode_image(data).astype(int) - expected).max() <= 3


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_photograph_that_is_cut_off_is_told(photograph, ending, part):
    data = encoded(photograph, ending)
    assert decode_image(data).shape == photograph.shape
    with pytest.raises(Unreadable):
        decode_image(data[: int(len(data) * part)])


@pytest.mark.parametrize("missing", [1, 2, 100, 5_000, 20_000])
def test_a_jpeg_without_its_end_is_told(test_data, missing):
    data = (test_data / "images" / "cat_dog" / "dogs" / "dog.7012.jpg").read_bytes()
    for rest in (b"", bytes(missing)):  # cut off, or a download that left zeros
        with pytest.raises(Unreadable, match=r"cut off: a JPEG of 345 × 500 pixels"):
            decode_image(data[:-missing] + rest)


def test_neither_a_preview_nor_a_progressive_scan_nor_a_tail_hides_or_fakes_the_end(photograph):
    data = encoded(photograph, "jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2)
    preview = encoded(cv2.resize(photograph, (60, 40)), "jpg")
    with_preview = data[:2] + b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview + data[2:]
    for whole in (data, with_preview, data + b"a tail"):
        np.testing.assert_array_equal(decode_image(whole), decode_image(data))
    behind_the_preview = len(preview) + 6
    for cut in (data[: len(data) // 2], with_preview[: len(data) // 2], with_preview[:behind_the_preview]):
        with pytest.raises(Unreadable):
            decode_image(cut)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"no picture", b"\0" * 1000, b"GIF89a"])
def test_what_is_no_picture_is_told(data):
    with pytest.raises(Unreadable, match="it is empty" if not data else "no picture of a known format"):
        decode_image(data)


def test_a_picture_over_the_limit_is_not_decoded(photograph):
    data = encoded(photograph, "png")
    assert decode_image(data, max_pixels=345 * 500).shape == photograph.shape
    with pytest.raises(Unreadable, match=r"345 × 500 pixels is over the limit of max_pixels=172,499"):
        decode_image(data, max_pixels=345 * 500 - 1)


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_decompression_bomb_is_told_by_its_header(side):
    header = bytearray(encoded(np.zeros((1, 1), np.uint8), "png"))
    header[16:24] = side.to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(Unreadable, match="over the limit"):
        decode_image(bytes(header))


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("LA", 4), ("P", 3), ("RGB", 3), ("RGBA", 4)], ids=str
)
def test_any_number_of_channels_is_read(mode, channels):
    data = pillow(Image.new(mode, (6, 5), 1), "PNG")
    assert decode_image(data).shape == (5, 6, channels)
    assert decode_image(data, 1).shape == (5, 6, 3)
    assert decode_image(data, 0).shape == (5, 6, 1)


def test_16_bits_keep_their_values_as_floats_or_become_8_bits():
    deep = np.random.default_rng(0).integers(0, 1 << 16, (5, 6, 3), dtype=np.uint16)
    feature = ImageFeature(uri="deep.png", bytes=encoded(deep, "png"))
    kept = ImageReader()(feature)
    assert kept.floats.dtype == np.float32
    np.testing.assert_array_equal(kept.floats, deep)
    assert ImageReader(image_codec=1)(feature).mat.dtype == np.uint8


def test_a_reader_notes_the_problem_or_brings_picture_and_boxes_to_one_size(photograph):
    reader = ImageReader(resize_height=100, resize_width=50)
    boxes = Boxes([[0, 0, 250, 345]])
    read = reader(ImageFeature(uri="a.png", bytes=encoded(photograph, "png"), boxes=boxes))
    np.testing.assert_array_equal(read.mat, cv2.resize(photograph, (50, 100)))
    np.testing.assert_allclose(read.boxes.coordinates, [[0, 0, 25, 100]], rtol=1e-6)
    assert read.original_size == photograph.shape
    assert (read.bytes, read.draws) == (None, ())
    bad = reader(ImageFeature(uri="a.png", bytes=b""))
    assert (bad.problem, bad.image) == ("it is empty", None)
    assert isinstance(Unreadable("it is empty"), DataError)
