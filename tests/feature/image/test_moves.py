"""Flips, turns, leans and perspective, against numpy and OpenCV called directly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part, photograph
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import (
    Boxes,
    ImageFeature,
    ImageHFlip,
    ImageMirror,
    ImageRandomAffine,
    ImageRandomPerspective,
    ImageRandomRotation,
)


@pytest.mark.parametrize("image", [photograph(), gray()], ids=["colour", "gray"])
def test_flips_exchange_columns_and_rows(image):
    np.testing.assert_array_equal(ImageHFlip()(image), image[:, ::-1])
    np.testing.assert_array_equal(ImageMirror()(image), image[::-1, ::-1])


def test_half_a_turn_moves_boxes_on_both_axes():
    boxes = ImageMirror()(feature(boxes=Boxes([[2, 84, 59, 200]]))).boxes
    np.testing.assert_array_equal(boxes.coordinates, [[320 - 59, 240 - 200, 320 - 2, 240 - 84]])


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (270, 3), (-90, 3), (0, 0)])
def test_quarter_turns_of_a_square_are_exact_and_against_the_clock(degrees, turns):
    square = photograph()[:200, :200].copy()
    result = ImageRandomRotation(degrees, degrees)(square)
    # linear interpolation on a grid of 1/32 pixel: a turn by floating point may be off by one level
    np.testing.assert_allclose(result.astype(int), np.rot90(square, turns), atol=1)


@pytest.mark.parametrize("degrees", [-25.0, 10.0])
def test_a_turn_is_that_of_opencv_around_the_middle(degrees):
    middle = ((320 - 1) / 2, (240 - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
    expected = cv2.warpAffine(part(), matrix, (320, 240), borderValue=(9, 9, 9))
    result = ImageRandomRotation(degrees, degrees, fill=9)(part())
    # warpAffine and warpPerspective round the place of a pixel differently, by up to 1/32 pixel
    assert np.abs(result.astype(int) - expected).mean() < 0.5


@pytest.mark.parametrize("seed", range(4))
def test_an_affine_change_moves_points_as_it_drew(seed):
    """Points of a 3 x 3 white spot on black must be where the drawn angle, lean, factor and shift bring them."""
    step = ImageRandomAffine(20, translate=0.1, scale_low=0.9, scale_high=1.1, shear=15)
    spot = np.zeros((240, 320, 3), np.uint8)
    spot[99:102, 199:202] = 255
    result = step(ImageFeature(uri="spot", mat=spot).seeded(seed))
    drawn = result.draws[0][1]
    angle, lean = np.deg2rad([drawn["degrees"], drawn["shear"]])
    x, y = np.array([200.5 - 160, 100.5 - 120]) * drawn["scale"]
    x += np.tan(lean) * y
    expected = [
        160 + drawn["x"] + np.cos(angle) * x + np.sin(angle) * y,
        120 + drawn["y"] - np.sin(angle) * x + np.cos(angle) * y,
    ]
    weights = result.mat[:, :, 0].astype(float)
    rows, columns = np.mgrid[:240, :320] + 0.5
    found = [(columns * weights).sum() / weights.sum(), (rows * weights).sum() / weights.sum()]
    np.testing.assert_allclose(found, expected, atol=0.15)  # the middle of an interpolated spot


def test_an_affine_change_stays_within_its_bounds_and_reaches_them():
    step = ImageRandomAffine(20, translate=0.1, scale_low=0.9, scale_high=1.1, shear=15)
    drawn = [step(feature().seeded(seed)).draws[0][1] for seed in range(100)]
    for name, most in {"degrees": 20, "shear": 15, "x": 32, "y": 24}.items():
        values = np.array([one[name] for one in drawn])
        assert -most <= values.min() < -0.8 * most and 0.8 * most < values.max() <= most
    scales = np.array([one["scale"] for one in drawn])
    assert 0.9 <= scales.min() < 0.93 and 1.07 < scales.max() <= 1.1


def test_no_amount_leaves_the_picture():
    np.testing.assert_array_equal(ImageRandomAffine(0)(part()), part())
    np.testing.assert_array_equal(ImageRandomPerspective(0)(part()), part())


@pytest.mark.parametrize("seed", range(3))
def test_perspective_brings_the_corners_where_it_drew(seed):
    white = ImageFeature(uri="white", mat=np.full((240, 320, 3), 255, np.uint8)).seeded(seed)
    result = ImageRandomPerspective(0.4)(white)
    corners = np.array(result.draws[0][1]["corners"])
    assert (np.abs(corners - [[0, 0], [320, 0], [320, 240], [0, 240]]) <= [64, 48]).all()
    expected = np.zeros((240, 320), np.uint8)
    cv2.fillConvexPoly(expected, np.rint((corners - 0.5) * 16).astype(int), 255, shift=4)
    differing = (result.mat[:, :, 0] > 127) != (expected > 127)
    assert differing.sum() < 1200  # within a pixel of an outline of some 1,100 pixels


def test_what_comes_in_has_the_fill_of_every_channel():
    result = ImageRandomRotation(45, 45, fill=200)(feature())
    assert (result.mat[0, 0] == 200).all()
    assert (ImageRandomRotation(45, 45, fill=200)(gray())[0, 0] == 200).all()


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="degrees_low not to be above degrees_high"):
        ImageRandomRotation(10, -10)
    with pytest.raises(ArgumentError, match="3 arguments are wrong"):
        ImageRandomAffine(-1, translate=2, scale_low=0)
    with pytest.raises(ArgumentError, match=r"distortion to be a number from 0 to 0.99; received 1.5"):
        ImageRandomPerspective(1.5)
