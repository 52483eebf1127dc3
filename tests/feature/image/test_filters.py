"""Blur, noise and equalized contrast, against OpenCV and the statistics of what was added."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part, photograph
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import ImageCLAHE, ImageGaussianBlur, ImageGaussianNoise


def test_blur_is_the_convolution_with_a_bell():
    """Against a convolution with the bell itself; OpenCV takes weights of 8 bits for pixels of 8 bits."""
    floats = part().astype(np.float32)
    offsets = np.arange(-6, 7)
    bell = np.exp(-(offsets**2) / (2 * 1.5**2))
    bell /= bell.sum()
    padded = np.pad(floats, [(6, 6), (6, 6), (0, 0)], mode="reflect")
    rows = sum(weight * padded[start : start + 240] for start, weight in enumerate(bell))
    expected = sum(weight * rows[:, start : start + 320] for start, weight in enumerate(bell))
    np.testing.assert_allclose(ImageGaussianBlur(1.5, 1.5, 13)(floats), expected, atol=1e-2)
    np.testing.assert_allclose(ImageGaussianBlur(1.5, 1.5, 13)(part()).astype(float), expected, atol=1.5)


def test_a_wider_blur_leaves_less_detail():
    details = [ImageGaussianBlur(sigma, sigma)(part()).astype(float).std() for sigma in (0.1, 1, 3, 9)]
    assert details == sorted(details, reverse=True)
    assert ImageGaussianBlur()(gray()).shape == gray().shape


def test_noise_has_the_mean_and_deviation_that_it_drew():
    middle = np.full((200, 200, 3), 128, np.uint8)
    result = ImageGaussianNoise(8, 12, mean=3)(feature(mat=middle))
    added = result.mat.astype(float) - 128
    [(_, drawn)] = result.draws
    assert 8 <= drawn["std"] <= 12
    assert abs(added.mean() - 3) < 0.15  # 120,000 numbers: deviation of the mean 0.03
    assert abs(added.std() - drawn["std"]) < 0.15
    assert abs(np.corrcoef(added[:, :, 0].ravel(), added[:, :, 1].ravel())[0, 1]) < 0.02


def test_noise_saturates_bytes_and_not_floats():
    white = np.full((50, 50, 3), 255, np.uint8)
    assert ImageGaussianNoise(30, 30)(white).max() == 255
    assert ImageGaussianNoise(30, 30)(white.astype(np.float32)).max() > 255


def test_clahe_equalizes_the_lightness_only():
    expected = cv2.cvtColor(photograph(), cv2.COLOR_BGR2LAB)
    expected[:, :, 0] = cv2.createCLAHE(2.0, (4, 4)).apply(expected[:, :, 0])
    result = ImageCLAHE(2, 2, 4)(photograph())
    np.testing.assert_array_equal(result, cv2.cvtColor(expected, cv2.COLOR_LAB2BGR))
    dark = (gray() // 4).astype(np.uint8)
    equalized = ImageCLAHE(40, 40, 1)(dark)
    assert equalized.std() > 2 * dark.std() and equalized.shape == dark.shape


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="2 arguments are wrong"):
        ImageGaussianBlur(0, 2, kernel_size=4)
    with pytest.raises(ArgumentError, match="std_low not to be above std_high"):
        ImageGaussianNoise(5, 2)
    with pytest.raises(DataError, match="expected 8-bit pixels"):
        ImageCLAHE()(part().astype(np.float32))
