from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from zoo_lab.widgets.svg import Box, Series, chart, ticks

BOX = Box(50, 10, 200, 100)


def paths(series):
    root = ElementTree.fromstring(f"<svg>{chart(BOX, series)}</svg>")
    return {path.get("class"): path.get("d") for path in root.iter("path")}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (0.1, 0.42, [0.1, 0.2, 0.3, 0.4]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (3, 3, [3])],
)
def test_ticks_are_round_numbers(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_a_falling_curve_goes_down_on_the_screen():
    first, last = paths([Series("s0", [1, 2], [2.0, 1.0])])["line s0"][1:].split("L")
    assert float(first.split()[1]) < float(last.split()[1])
    assert (float(first.split()[0]), float(last.split()[0])) == (50.0, 250.0)


def test_values_that_are_not_finite_are_left_out():
    assert paths([Series("s0", [1, 2, 3], [1.0, math.nan, 2.0])])["line s0"].count("L") == 1


def test_one_point_and_a_flat_line_have_a_place_too():
    assert "nan" not in chart(BOX, [Series("s0", [1], [0.0])])
    assert "nan" not in chart(BOX, [Series("s0", [1, 2], [5.0, 5.0])])
