"""What makes floats of the pixels, against numpy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part, photograph
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import (
    ImageChannelNormalize,
    ImageChannelScaledNormalizer,
    ImagePixelNormalize,
    PerImageNormalize,
)

RGB = photograph()[:, :, ::-1].astype(np.float64)
MEANS = (123.0, 117.0, 104.0)
STDS = (58.0, 57.0, 56.0)


def test_means_and_deviations_belong_to_red_green_and_blue():
    """Both in the order R, G, B, on pixels that are B, G, R (defect 3); float32 against float64: 1e-5."""
    result = ImageChannelNormalize(*MEANS, *STDS)(photograph())
    np.testing.assert_allclose(result[:, :, ::-1], (RGB - MEANS) / STDS, atol=1e-5)
    assert result.dtype == np.float32


def test_the_deviations_default_to_one():
    np.testing.assert_array_equal(ImageChannelNormalize(*MEANS)(photograph())[:, :, ::-1], RGB - MEANS)


def test_the_scaled_normalizer_multiplies():
    result = ImageChannelScaledNormalizer(127.5, 127.5, 127.5, 0.007843)(photograph())
    np.testing.assert_allclose(result[:, :, ::-1], (RGB - 127.5) * 0.007843, atol=1e-6)


@pytest.mark.parametrize(
    "step", [ImageChannelNormalize(*MEANS, *STDS), ImageChannelScaledNormalizer(*MEANS, 0.1)], ids=repr
)
def test_floats_are_normalized_as_bytes_are(step):
    np.testing.assert_allclose(step(part().astype(np.float32)), step(part()), atol=1e-6)


def test_a_gray_picture_needs_equal_values():
    np.testing.assert_array_equal(ImageChannelNormalize(5, 5, 5, 2, 2, 2)(gray()), (gray().astype(np.float32) - 5) / 2)
    with pytest.raises(DataError, match="expected 3 channels for the values"):
        ImageChannelNormalize(*MEANS)(gray())


@pytest.mark.parametrize("norm", [cv2.NORM_MINMAX, cv2.NORM_INF, cv2.NORM_L1, cv2.NORM_L2])
@pytest.mark.parametrize("image", [photograph(), gray()], ids=["colour", "gray"])
def test_per_image_normalize_is_that_of_opencv_in_floats(norm, image):
    expected = cv2.normalize(image.astype(np.float64), None, -1, 1, norm).reshape(image.shape)
    result = PerImageNormalize(-1, 1, norm)(image)
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert result.dtype == np.float32


def test_a_picture_of_one_value_becomes_the_least_of_the_range():
    assert PerImageNormalize(2, 3)(np.full((2, 2, 3), 9, np.uint8)).tolist() == np.full((2, 2, 3), 2.0).tolist()


def test_pixel_normalize_subtracts_a_picture():
    means = np.random.default_rng(0).uniform(0, 255, part().shape)
    expected = part() - means.astype(np.float32)
    np.testing.assert_array_equal(ImagePixelNormalize(means)(part()), expected)
    np.testing.assert_array_equal(ImagePixelNormalize(means.ravel())(part()), expected)
    with pytest.raises(DataError, match=r"folder/china.jpg: expected a picture of the size of the means, \(2, 2, 3\)"):
        ImagePixelNormalize(np.zeros((2, 2, 3)))(feature())


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="2 arguments are wrong") as caught:
        ImageChannelNormalize("red", 117, 104, 0, 1, 1)
    assert "std_r not to be 0" in str(caught.value) and "mean_r to be a number; received 'red'" in str(caught.value)
    with pytest.raises(ArgumentError, match=r"norm_type to be one of 1 \(largest\).*received 3"):
        PerImageNormalize(0, 1, 3)
    with pytest.raises(ArgumentError, match="means as numbers"):
        ImagePixelNormalize("mean.png")
