"""Pixels of a real photograph that were moved by chance, computed anew from what was drawn, with numpy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage

from tests.feature.image.photographs import feature, part
from zoo_lab.feature.image import (
    DetectionCrop,
    ImageRandomAffine,
    ImageRandomAspectScale,
    ImageRandomPerspective,
    ImageRandomResizedCrop,
)

HEIGHT, WIDTH = 240, 320
FLAGS = [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4]


@pytest.mark.parametrize("mode", range(5))
def test_a_resized_crop_is_its_window_resized(mode):
    result = ImageRandomResizedCrop(50, 60, resize_mode=mode)(feature().seeded(mode))
    x1, y1, x2, y2 = result.draws[0][1]["window"]
    expected = cv2.resize(part()[y1:y2, x1:x2], (60, 50), interpolation=FLAGS[mode])
    np.testing.assert_array_equal(result.mat, expected)


@pytest.mark.parametrize("seed", range(3))
def test_a_scale_from_a_list_is_a_resize(seed):
    result = ImageRandomAspectScale([100, 200, 300])(feature().seeded(seed))
    height, width, _ = result.size
    assert height in (100, 200, 300) and width == round(height * WIDTH / HEIGHT)
    np.testing.assert_array_equal(result.mat, cv2.resize(part(), (width, height)))


def test_a_detection_crop_is_a_slice():
    result = DetectionCrop("roi")(feature(extra={"roi": [0.25, 0.1, 0.75, 0.9]}))
    np.testing.assert_array_equal(result.mat, part()[24:216, 80:240])


@pytest.mark.parametrize("seed", range(4))
def test_an_affine_change_reads_each_pixel_where_the_drawn_numbers_say(seed):
    result = ImageRandomAffine(20, translate=0.1, scale_low=0.9, scale_high=1.1, shear=15)(feature().seeded(seed))
    drawn = result.draws[0][1]
    angle, lean = np.deg2rad([drawn["degrees"], drawn["shear"]])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = turn @ [[1, np.tan(lean)], [0, 1]] * drawn["scale"]
    middle = np.array([[WIDTH / 2], [HEIGHT / 2]])
    back = np.linalg.inv(matrix)
    check_read_at(result.mat, lambda places: back @ (places - middle - [[drawn["x"]], [drawn["y"]]]) + middle)


@pytest.mark.parametrize("seed", range(4))
def test_a_change_of_perspective_reads_each_pixel_where_the_drawn_corners_say(seed):
    result = ImageRandomPerspective(0.4)(feature().seeded(seed))
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], float)
    back = homography(np.array(result.draws[0][1]["corners"], float), corners)

    def source(places: np.ndarray) -> np.ndarray:
        x, y, scale = back @ np.vstack([places, np.ones(places.shape[1])])
        return np.stack([x / scale, y / scale])

    check_read_at(result.mat, source)


def homography(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The 3 x 3 matrix that brings four points where four others are: eight equations."""
    rows, values = [], []
    for (x, y), (u, v) in zip(before, after, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(rows, values), 1).reshape(3, 3)


def check_read_at(image, source):
    """Expect at each pixel what lies, between pixels in a straight line, where `source` says: (x, y) from the corner.

    OpenCV reads at places rounded to 1/32 pixel: on an edge between black and white that is four levels along each axis.
    """
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    x, y = source(np.stack([columns.ravel(), rows.ravel()])) - 0.5
    inside = (x >= 0) & (x <= WIDTH - 1) & (y >= 0) & (y <= HEIGHT - 1)
    assert inside.mean() > 0.3
    for channel in range(3):
        expected = ndimage.map_coordinates(part()[:, :, channel].astype(float), [y, x], order=1)
        difference = np.abs(image[:, :, channel].ravel() - expected)[inside]
        assert difference.mean() < 0.6 and difference.max() < 8
