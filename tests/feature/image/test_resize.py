"""Sizes: what the steps that resize and scale give, against OpenCV called directly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part, photograph
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import (
    ImageAspectScale,
    ImageFeature,
    ImageRandomAspectScale,
    ImageRandomResize,
    ImageResize,
    ScaleResize,
)

FRAME = np.zeros((375, 500, 3), np.uint8)
FLAGS = [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4]


@pytest.mark.parametrize("mode", range(5))
@pytest.mark.parametrize("size", [(300, 300), (100, 640), (854, 1280)], ids=str)
def test_resize_is_that_of_opencv(mode, size):
    expected = cv2.resize(photograph(), size[::-1], interpolation=FLAGS[mode])
    np.testing.assert_array_equal(ImageResize(*size, mode)(photograph()), expected)
    gray_expected = cv2.resize(gray(), size[::-1], interpolation=FLAGS[mode])
    np.testing.assert_array_equal(ImageResize(*size, mode)(gray())[:, :, 0], gray_expected)


def test_minus_one_draws_every_mode_for_some_image():
    step = ImageResize(100, 90, -1)
    results = [step(feature(uri=f"{number}.jpg")) for number in range(60)]
    modes = [result.draws[0][1]["resize_mode"] for result in results]
    counts = np.bincount(modes, minlength=5)
    assert (counts >= 4).all()  # 12 expected of each; fewer than 4 comes once in 500 seeds, and the seed is fixed
    for result, mode in zip(results[:10], modes, strict=False):
        np.testing.assert_array_equal(result.mat, cv2.resize(part(), (90, 100), interpolation=FLAGS[mode]))


@pytest.mark.parametrize(
    ("step", "size"),
    [
        (ImageAspectScale(750, max_size=3000), (750, 1000)),
        (ImageAspectScale(600, max_size=1000), (600, 800)),
        (ImageAspectScale(900), (750, 1000)),
        (ImageAspectScale(640, scale_multiple_of=32), (640, 832)),
        (ImageAspectScale(100, min_scale=2), (750, 1000)),
        (ImageRandomAspectScale([600]), (600, 800)),
        (ScaleResize(100, 120), (90, 120)),
        (ScaleResize(100, -1), (100, 133)),
        (ScaleResize(100), (100, 133)),
        (ImageRandomResize(150, 150), (150, 200)),
    ],
    ids=str,
)
def test_scales_of_a_frame_of_375_x_500(step, size):
    assert step(FRAME).shape == (*size, 3)
    assert step(np.ascontiguousarray(FRAME.transpose(1, 0, 2))).shape == (*size[::-1], 3)


@pytest.mark.parametrize(
    ("step", "flag"),
    [(ImageAspectScale(480, resize_mode=3), cv2.INTER_AREA), (ScaleResize(300), cv2.INTER_LINEAR)],
    ids=repr,
)
def test_scaled_pixels_are_those_of_opencv(step, flag):
    result = step(photograph())
    expected = cv2.resize(photograph(), result.shape[1::-1], interpolation=flag)
    np.testing.assert_array_equal(result, expected)


def test_random_resize_draws_every_length_and_is_cubic():
    results = [ImageRandomResize(100, 103)(feature(uri=str(number))) for number in range(40)]
    assert {result.size[0] for result in results} == {100, 101, 102, 103}
    expected = cv2.resize(part(), results[0].size[1::-1], interpolation=cv2.INTER_CUBIC)
    np.testing.assert_array_equal(results[0].mat, expected)


def test_a_scale_is_drawn_from_the_list():
    sizes = {ImageRandomAspectScale([100, 200])(feature(uri=str(number))).size[0] for number in range(20)}
    assert sizes == {100, 200}


def test_a_thin_picture_keeps_at_least_one_pixel():
    thin = ImageFeature(mat=np.zeros((2, 1000, 3), np.uint8))
    assert min(ScaleResize(100, 100)(thin).size) >= 1
    assert min(ImageAspectScale(100, max_size=100)(thin).size) >= 1


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="2 arguments are wrong") as caught:
        ImageResize(0, 300, 7)
    assert "resize_h" in str(caught.value) and "-1 (one of them by chance), 0 (nearest)" in str(caught.value)
    with pytest.raises(ArgumentError, match="at least one length"):
        ImageRandomAspectScale([])
    with pytest.raises(ArgumentError, match="min_size not to be above max_size"):
        ImageRandomResize(20, 10)
