from __future__ import annotations

import math

import pytest

from zoo_lab.widgets import wording


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.004, "4 ms"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599.9, "1 h 00 min"),
        (7380, "2 h 03 min"),
        (None, wording.UNKNOWN),
        (math.inf, wording.UNKNOWN),
    ],
)
def test_durations_read_well(seconds, text):
    assert wording.duration(seconds) == text


def test_a_flat_course_is_a_flat_line():
    assert wording.spark([2.0, 2.0, 2.0]) == "▁▁▁"


def test_values_that_are_not_finite_are_left_out_of_the_course():
    assert wording.spark([math.nan, 1.0, 2.0, math.inf]) == "▁█"


def test_a_long_course_fits_its_width():
    assert len(wording.spark([float(index) for index in range(10_000)], width=40)) == 40
