"""Boxes among outputs and targets: told from what they hold, and put on the picture as parts of it."""

from __future__ import annotations

import numpy as np
import pytest

from zoo_lab.train.watchboxes import reading_of

PICTURE = np.zeros((20, 40, 3), np.float32)
PARTS = np.array([[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 0.25, 0.5]])
PIXELS = PARTS * (40, 20, 40, 20)


@pytest.mark.parametrize("corners", [PARTS, PIXELS], ids=["parts", "pixels"])
def test_corners_are_read_in_the_units_of_their_targets(corners):
    reading = reading_of(PICTURE, corners * 1.2, corners)
    assert [row[0][:2] for row in reading.truth(corners, corners)] == [("", None)] * 2
    np.testing.assert_allclose([row[0][2:] for row in reading.truth(corners, corners)], PARTS, atol=1e-3)
    np.testing.assert_allclose(
        [row[0][2:] for row in reading.predicted(corners * 1.2, corners)], PARTS * 1.2, atol=1e-3
    )


def test_several_boxes_of_a_row_and_rows_that_only_fill_up():
    targets = np.zeros((2, 3, 5))
    targets[0, :2] = [[1, *PIXELS[0]], [2, *PIXELS[1]]]
    targets[1] = -1
    targets[1, 0] = [0, *PIXELS[1]]
    found = np.array([[[2, 0.9, *PIXELS[1]], [1, 0.02, *PIXELS[0]]], [[0, 0.5, *PIXELS[0]], [3, 0.7, *PIXELS[1]]]])
    reading = reading_of(PICTURE, found, targets)
    assert [[row[0] for row in rows] for rows in reading.truth(found, targets)] == [["1", "2"], ["0"]]
    said = reading.predicted(found, targets)
    assert [[row[:2] for row in rows] for rows in said] == [[("2", 0.9)], [("3", 0.7), ("0", 0.5)]]
    np.testing.assert_allclose(said[0][0][2:], PARTS[1], atol=1e-3)


def test_detections_without_targets_that_say_where_are_shown_alone():
    found = np.array([[[1, 0.9, *PARTS[0]]]])
    reading = reading_of(PICTURE, found, None)
    assert reading.truth(found, None) == [()]
    assert reading.predicted(found, None)[0][0][:2] == ("1", 0.9)


def test_another_output_says_what_a_box_shows():
    outputs = {"kind": np.array([[0.2, 0.8], [0.7, 0.3]]), "box": PARTS + 0.1}
    targets = {"box": PARTS, "kind": np.array([1, 1])}
    reading = reading_of(PICTURE, outputs, targets)
    assert [row[0][0] for row in reading.truth(outputs, targets)] == ["1", "1"]
    assert [row[0][:2] for row in reading.predicted(outputs, targets)] == [("1", 0.8), ("0", 0.7)]


def test_what_is_not_finite_is_no_box():
    broken = PARTS.copy()
    broken[0, 2] = np.nan
    reading = reading_of(PICTURE, broken, PARTS)
    assert [len(rows) for rows in reading.predicted(broken, PARTS)] == [0, 1]


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [
        (PARTS, PARTS[:, ::-1]),  # the right lower corner first
        (PARTS, PARTS * 100),  # beyond the picture
        (PARTS, -PARTS),
        (PARTS, np.zeros((2, 4))),  # nothing anywhere
        (PARTS[:, :3], PARTS[:, :3]),
        (np.full((2, 4), 0.25), np.array([0, 3])),  # four classes
        (np.full((2, 3, 6), 0.5), np.zeros((2, 3, 6))),  # labels are whole numbers
    ],
)
def test_other_numbers_are_no_boxes(outputs, targets):
    assert reading_of(PICTURE, outputs, targets) is None
