"""The sheet as a PNG: pictures where they belong, boxes in the colours of their classes, dashed where they are true."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from zoo_lab.widgets.viewer.contact import contact_sheet
from zoo_lab.widgets.viewer.items import PREDICTION, TRUTH, Box, Item, Picture, Side
from zoo_lab.widgets.viewer.sheet import Sheet

BLUE, AMBER = (37, 99, 235), (217, 119, 6)


def green(width: int = 60, height: int = 60) -> Picture:
    kept = io.BytesIO()
    Image.new("RGB", (width, height), (0, 255, 0)).save(kept, "PNG")
    return Picture(kept.getvalue(), "image/png", width, height)


def page(*items: Item, names: tuple[str, ...] = ("cat", "dog"), threshold: float = 0.0) -> np.ndarray:
    play = {"steps": [], "seed": 0, "epoch": 0}
    data = contact_sheet(Sheet("Set", len(items), True, items, names, threshold, (), play))
    return np.asarray(Image.open(io.BytesIO(data)))


def count(pixels: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((pixels == color).all(axis=2).sum())


def test_each_picture_is_there_in_its_shape():
    one, two = page(Item("a.png", (Side(green()),))), page(Item("a.png", (Side(green(60, 30)), Side(green(60, 30)))))
    assert count(one, (0, 255, 0)) == 128 * 128
    assert count(two, (0, 255, 0)) == 2 * 128 * 64


def test_boxes_have_the_colour_of_their_class_and_true_ones_are_dashed():
    corners = (0.25, 0.25, 0.75, 0.75)
    said = page(Item("a", (Side(green(), (Box(corners, "dog", 0.9, PREDICTION),)),)))
    true = page(Item("a", (Side(green(), (Box(corners, "dog", None, TRUTH),)),)))
    assert (count(said, BLUE), count(true, BLUE)) == (0, 0)
    assert 1.5 < count(said, AMBER) / count(true, AMBER) < 2.5


def test_a_box_below_the_threshold_is_not_drawn():
    item = Item("a", (Side(green(), (Box((0.1, 0.1, 0.9, 0.9), "cat", 0.4, PREDICTION),)),))
    assert count(page(item), BLUE) > 0
    assert count(page(item, threshold=0.5), BLUE) == 0


def test_what_cannot_be_shown_says_why_and_no_images_make_a_page():
    bad = page(Item("a.png", (Side(problem="it is empty"),)))
    assert count(bad, (0, 255, 0)) == 0
    assert (bad != 255).any()
    assert page().shape[2] == 3
