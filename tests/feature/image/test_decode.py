"""Bytes become pictures, or an error that names the file."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import ImageBytesToMat, ImageFeature, ImagePixelBytesToMat

PNG = cv2.imencode(".png", part())[1].tobytes()
JPEG = cv2.imencode(".jpg", part())[1].tobytes()


def test_a_real_photograph_decodes_as_opencv_reads_it(test_data):
    path = test_data / "images" / "pascal" / "000025.jpg"
    result = ImageBytesToMat()(ImageFeature(uri=str(path), bytes=path.read_bytes()))
    np.testing.assert_array_equal(result.mat, cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    assert result.size == result.original_size == (375, 500, 3)


@pytest.mark.parametrize(("codec", "size"), [(-1, (240, 320, 3)), (0, (240, 320, 1)), (1, (240, 320, 3))])
def test_the_codec_decides_the_channels(codec, size):
    result = ImageBytesToMat(image_codec=codec)(PNG)
    flag = {-1: cv2.IMREAD_UNCHANGED, 0: cv2.IMREAD_GRAYSCALE, 1: cv2.IMREAD_COLOR}[codec]
    np.testing.assert_array_equal(result.reshape(size), cv2.imdecode(np.frombuffer(PNG, np.uint8), flag).reshape(size))
    assert result.shape == size


def test_a_gray_file_keeps_one_channel_until_told(test_data):
    data = (test_data / "images" / "gray" / "gray.bmp").read_bytes()
    assert ImageBytesToMat()(data).shape[2] == 1
    assert ImageBytesToMat(image_codec=1)(data).shape[2] == 3


def test_transparency_and_16_bits():
    transparent = np.dstack([part(), part()[:, :, :1]])
    assert ImageBytesToMat()(cv2.imencode(".png", transparent)[1].tobytes()).shape == (240, 320, 4)
    deep = part().astype(np.uint16) * 257
    file = cv2.imencode(".png", deep)[1].tobytes()
    np.testing.assert_array_equal(ImageBytesToMat()(file), deep.astype(np.float32))
    np.testing.assert_array_equal(ImageBytesToMat(image_codec=1)(file), part())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"no picture at all", "no picture"),
        (PNG[: len(PNG) // 2], "cut off"),
        (JPEG[: len(JPEG) // 2], "cut off"),
    ],
    ids=["empty", "text", "half a PNG", "half a JPEG"],
)
def test_what_is_no_whole_picture_raises_and_names_the_file(data, problem):
    """Never a silent empty sample (defect 25)."""
    with pytest.raises(DataError, match=f"ImageBytesToMat: dogs/7011.jpg: .*{problem}"):
        ImageBytesToMat()(ImageFeature(uri="dogs/7011.jpg", bytes=data))


def test_bytes_under_a_key_of_ones_own():
    image = ImageFeature(uri="a").with_key("file", PNG)
    np.testing.assert_array_equal(ImageBytesToMat("file")(image).mat, part())
    with pytest.raises(DataError, match="a: expected bytes under 'bytes'; received NoneType"):
        ImageBytesToMat()(image)


def test_a_picture_without_bytes_gets_the_channels_asked_for():
    """A set has decoded its files already; a chain written for files runs on it as well."""
    transparent = np.dstack([part(), gray()])
    for image in (part(), gray(), transparent):
        kept = ImageBytesToMat()(feature(mat=image)).mat
        np.testing.assert_array_equal(kept, image)
        assert ImageBytesToMat(image_codec=1)(feature(mat=image)).size == (240, 320, 3)
        assert ImageBytesToMat(image_codec=0)(feature(mat=image)).size == (240, 320, 1)
    np.testing.assert_array_equal(ImageBytesToMat(image_codec=1)(feature(mat=transparent)).mat, part())


def test_raw_pixels_take_the_size_of_the_image():
    image = ImageFeature(uri="raw", bytes=part().tobytes(), original_size=(240, 320, 3))
    result = ImagePixelBytesToMat()(image)
    np.testing.assert_array_equal(result.mat, part())
    assert result.mat.flags.writeable
    with pytest.raises(DataError, match=r"raw: expected original_size .* of 230400 bytes; received \(2, 2, 3\)"):
        ImagePixelBytesToMat()(image.replace(original_size=(2, 2, 3)))


def test_steps_before_decoding_say_what_is_missing():
    from zoo_lab.feature.image import ImageHFlip

    with pytest.raises(
        DataError, match=r"a.jpg: expected a picture; received none. Start the chain with ImageBytesToM"
    ):
        ImageHFlip()(ImageFeature(uri="a.jpg", bytes=PNG))


def test_an_unknown_codec_is_refused():
    with pytest.raises(ArgumentError, match="image_codec to be -1"):
        ImageBytesToMat(image_codec=7)
