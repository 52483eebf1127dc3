"""RandAugment's changes against Pillow, by which they were defined, and the way it chooses them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from tests.feature.image.photographs import feature, gray, painted, part, photograph, seen_box
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import ImageRandAugment, ImageRandomRotation, enhance
from zoo_lab.feature.image.randaugment import CHANGES, MOVES

PILLOW = Image.fromarray(photograph()[:, :, ::-1])


def differences(result: np.ndarray, expected: Image.Image) -> np.ndarray:
    return np.abs(result[:, :, ::-1].astype(int) - np.asarray(expected))


@pytest.mark.parametrize("factor", [0.1, 0.73, 1.0, 1.9])
@pytest.mark.parametrize("name", ["brightness", "color", "contrast", "sharpness"])
def test_enhancements_are_those_of_pillow(name, factor):
    """Pillow cuts off fractions where we round, and its gray differs by one: 2 levels, times the factor's stretch."""
    expected = getattr(ImageEnhance, name.capitalize())(PILLOW).enhance(factor)
    assert differences(getattr(enhance, name)(photograph(), factor), expected).max() <= 2


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_posterize_is_that_of_pillow(bits):
    assert differences(enhance.posterize(photograph(), bits), ImageOps.posterize(PILLOW, bits)).max() == 0


@pytest.mark.parametrize("threshold", [0, 77, 255])
def test_solarize_is_that_of_pillow(threshold):
    assert differences(enhance.solarize(photograph(), threshold), ImageOps.solarize(PILLOW, threshold)).max() == 0


@pytest.mark.parametrize("image", [photograph(), (photograph() // 3 + 20).astype(np.uint8)], ids=["full", "flat"])
def test_autocontrast_and_equalize_are_those_of_pillow(image):
    pillow = Image.fromarray(image[:, :, ::-1])
    assert differences(enhance.autocontrast(image), ImageOps.autocontrast(pillow)).max() <= 1
    assert differences(enhance.equalize(image), ImageOps.equalize(pillow)).max() == 0


def test_a_picture_of_one_value_has_nothing_to_stretch():
    flat = np.full((5, 5, 3), 77, np.uint8)
    for change in (enhance.autocontrast, enhance.equalize):
        np.testing.assert_array_equal(change(flat), flat)


def test_every_change_is_as_likely_and_goes_both_ways():
    drawn = [
        ImageRandAugment(3, 15)(feature(uri=str(number), mat=part(8, 8), boxes=None)).draws for number in range(300)
    ]
    changes = [change for [(_, one)] in drawn for change in one["changes"]]
    counts = Counter(name for name, _ in changes)
    assert set(counts) == set(CHANGES) and len(CHANGES) == 14
    assert min(counts.values()) > 35 and max(counts.values()) < 100  # 64 expected, deviation 8
    assert {amount for _, amount in changes} == {-0.5, 0.5}


@pytest.mark.parametrize("name", MOVES)
def test_boxes_follow_each_change_of_place(name):
    step = ImageRandAugment()
    image = painted((100, 80, 160, 140))
    for amount in (-0.3, 0.3):
        result = step.apply(image, {"changes": ((name, amount),)})
        np.testing.assert_allclose(result.boxes.coordinates[0], seen_box(result.mat), atol=1.5)
        assert result.boxes.coordinates.round().tolist() != image.boxes.coordinates.tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("brightness", lambda image: enhance.brightness(image, 1.45)),
        ("color", lambda image: enhance.color(image, 1.45)),
        ("contrast", lambda image: enhance.contrast(image, 1.45)),
        ("sharpness", lambda image: enhance.sharpness(image, 1.45)),
        ("posterize", lambda image: enhance.posterize(image, 6)),
        ("solarize", lambda image: enhance.solarize(image, 127.5)),
        ("rotate", ImageRandomRotation(15, 15)),
    ],
)
def test_half_the_strength_is_half_of_torchvisions_range(name, expected):
    result = ImageRandAugment().apply(feature(), {"changes": ((name, 0.5),)})
    np.testing.assert_array_equal(result.mat, expected(part()))


@pytest.mark.parametrize(("name", "moves"), [("translate_x", (72, 0)), ("translate_y", (0, 54)), ("shear_x", (15, 0))])
def test_half_the_strength_moves_as_torchvision_does(name, moves):
    """150 of 331 pixels of the side, or 0.3 pixels per row: half of it for a box whose upper edge is at row 100."""
    image = painted((100, 100, 101, 101))
    x1, y1, _, _ = ImageRandAugment().apply(image, {"changes": ((name, 0.5),)}).boxes.coordinates[0]
    np.testing.assert_allclose((x1 - 100, y1 - 100), moves, atol=0.6)


def test_no_magnitude_leaves_most_pixels():
    """Without strength only the changes without an amount are left: stretching and spreading the values."""
    for name in set(CHANGES) - {"autocontrast", "equalize", "solarize"}:
        result = ImageRandAugment(1, 0).apply(feature(), {"changes": ((name, 0.0),)})
        np.testing.assert_array_equal(result.mat, part())


def test_gray_pictures_are_changed_too():
    for name in CHANGES:
        assert ImageRandAugment().apply(feature(mat=gray()), {"changes": ((name, 0.4),)}).size == (240, 320, 1)


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="2 arguments are wrong"):
        ImageRandAugment(0, 31)
