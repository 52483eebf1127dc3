"""Windows cut out of pictures, canvases around them, and rectangles that cover them, against plain slices."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part, photograph
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import (
    Boxes,
    DetectionCrop,
    FixExpand,
    ImageCenterCrop,
    ImageCutout,
    ImageExpand,
    ImageFeature,
    ImageFiller,
    ImageFixedCrop,
    ImageRandomCrop,
    ImageRandomCropper,
    ImageRandomResizedCrop,
    RandomAlterAspect,
)

FRAME = np.zeros((375, 500, 3), np.uint8)
SMALL = ImageFeature(uri="small", mat=np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3))


def test_a_random_crop_starts_everywhere_the_first_row_and_column_included():
    """Of 5 x 4 pixels a window of 3 x 3 can start at 3 rows and 2 columns, each as likely (defect 1)."""
    corners = []
    for seed in range(300):
        result = ImageRandomCrop(3, 3)(SMALL.seeded(seed))
        [(_, drawn)] = result.draws
        corners.append((drawn["y"], drawn["x"]))
        np.testing.assert_array_equal(result.mat, SMALL.mat[drawn["y"] :, drawn["x"] :][:3, :3])
    counts = {corner: corners.count(corner) for corner in corners}
    assert set(counts) == {(y, x) for y in range(3) for x in range(2)}
    assert min(counts.values()) > 25  # 50 expected, deviation 6.5


def test_a_random_crop_of_the_whole_size_is_the_whole_picture():
    np.testing.assert_array_equal(ImageRandomCrop(4, 5)(SMALL).mat, SMALL.mat)  # defect 1


@pytest.mark.parametrize("step", [ImageRandomCrop(10, 3), ImageCenterCrop(10, 3)], ids=repr)
def test_a_window_larger_than_the_picture_is_cut_or_refused(step):
    assert step(SMALL).size == (3, 4, 3)
    with pytest.raises(DataError, match=r"small: expected a window within 4 x 5 pixels.*is_clip=True gives what"):
        type(step)(10, 3, False)(SMALL)


def test_the_center_crop_is_the_middle():
    np.testing.assert_array_equal(ImageCenterCrop(200, 100)(photograph()), photograph()[163:263, 220:420])
    assert ImageCenterCrop(200, 200)(FRAME).shape == (200, 200, 3)
    np.testing.assert_array_equal(ImageCenterCrop(4, 5)(SMALL).mat, SMALL.mat)


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ((0, 0, 50 / 500, 50 / 375), (50, 50)),
        ((0, 0, 600, 700, False), (375, 500)),
        ((0, 0, 0.5, 0.5), (187, 250)),
        ((10, 20, 30, 60, False), (40, 20)),
        ((-0.5, 0.5, 0.5, 2), (188, 250)),
    ],
    ids=str,
)
def test_fixed_crops_of_a_frame_of_375_x_500(arguments, size):
    assert ImageFixedCrop(*arguments)(FRAME).shape == (*size, 3)


def test_a_fixed_crop_is_a_slice_and_notes_its_window():
    result = ImageFixedCrop(10, 20, 110, 70, normalized=False)(feature())
    np.testing.assert_array_equal(result.mat, part()[20:70, 10:110])
    assert result.bounding_box == (10, 20, 110, 70)
    assert result.original_size == (240, 320, 3)


def test_a_fixed_crop_outside_is_refused():
    with pytest.raises(DataError, match=r"china.jpg: expected a window within 320 x 240 pixels; received x from 400"):
        ImageFixedCrop(400, 0, 500, 10, normalized=False)(feature())
    with pytest.raises(DataError, match="is_clip=True"):
        ImageFixedCrop(0, 0, 2, 1, is_clip=False)(feature())


@pytest.mark.parametrize(
    "roi",
    [
        [0, 0, 0.5, 0.5],
        np.array([[0, 0, 0.5, 0.5], [0, 0, 1, 1]]),
        [[3, 0.9, 0, 0, 0.5, 0.5]],
        Boxes([[0, 0, 250, 187]]),
    ],
    ids=["numbers", "rows", "detection", "boxes"],
)
def test_a_detection_crop_takes_the_first_window_of_the_image(roi):
    assert DetectionCrop("roi")(ImageFeature(mat=FRAME).with_key("roi", roi)).size == (187, 250, 3)


def test_a_detection_crop_in_pixels_and_from_predictions():
    found = ImageFeature(mat=FRAME, predict=[10, 20, 110, 220])
    assert DetectionCrop("predict", normalized=False)(found).size == (200, 100, 3)
    with pytest.raises(DataError, match="expected x1, y1, x2, y2 under 'predict'; received None"):
        DetectionCrop("predict")(feature())


@pytest.mark.parametrize("seed", range(5))
def test_expand_pastes_the_picture_into_a_field_of_one_colour(seed):
    result = ImageExpand(1, 2, 3, 1.5, 2.5)(feature().seeded(seed))
    [(_, drawn)] = result.draws
    assert result.size == (int(240 * drawn["ratio"]), int(320 * drawn["ratio"]), 3)
    expected = np.full(result.size, [3, 2, 1], np.uint8)
    expected[drawn["y"] :][:240, drawn["x"] : drawn["x"] + 320] = part()
    np.testing.assert_array_equal(result.mat, expected)
    x, y = drawn["x"], drawn["y"]
    assert result.bounding_box == (-x, -y, result.size[1] - x, result.size[0] - y)


def test_expand_of_a_frame_and_expand_by_nothing():
    assert ImageExpand(min_expand_ratio=2, max_expand_ratio=2)(FRAME).shape == (750, 1000, 3)
    assert ImageExpand(max_expand_ratio=1.005)(feature()).size == (240, 320, 3)
    assert ImageExpand() == ImageExpand(123, 117, 104, 1.0, 4.0)
    with pytest.raises(DataError, match="expected 3 channels for the values"):
        ImageExpand()(gray())
    assert ImageExpand(7, 7, 7, 2, 2)(gray()).shape == (480, 640, 1)


def test_fix_expand_puts_the_picture_into_the_middle():
    assert FixExpand(600, 600)(FRAME).shape == (600, 600, 3)
    result = FixExpand(300, 400)(part())
    np.testing.assert_array_equal(result[30:270, 40:360], part())
    assert result.sum() == part().sum()
    with pytest.raises(DataError, match="expected at most 100 x 400 pixels"):
        FixExpand(100, 400)(part())


def test_filler_covers_ratios_rounded_up():
    assert (ImageFiller(0, 0, 1, 1, 7)(FRAME) == 7).all()
    expected = part().copy()
    expected[80:161, 33:161] = 255  # ceil of 80, 160.8, 32.32 and 160.64
    np.testing.assert_array_equal(ImageFiller(0.101, 1 / 3, 0.502, 0.67)(part()), expected)


@pytest.mark.parametrize("seed", range(5))
def test_cutout_covers_what_it_drew(seed):
    step = ImageCutout(holes=3, size_low=0.2, size_high=0.3, value=9)
    result = step(feature().seeded(seed))
    expected = part().copy()
    for x1, y1, x2, y2 in result.draws[0][1]["rectangles"]:
        assert 0 <= x1 < x2 <= 320 and 0 <= y1 < y2 <= 240
        assert x2 - x1 <= 97 and y2 - y1 <= 73
        expected[y1:y2, x1:x2] = 9
    np.testing.assert_array_equal(result.mat, expected)


MODES = {"NEAREST": cv2.INTER_NEAREST, "LINEAR": cv2.INTER_LINEAR, "CUBIC": cv2.INTER_CUBIC, "AREA": cv2.INTER_AREA}


@pytest.mark.parametrize("name", MODES)
def test_alter_aspect_resizes_with_the_interpolation_it_is_given(name):
    """Defect 5: the name was ignored."""
    result = RandomAlterAspect(interp_mode=name, crop_length=100)(feature())
    x1, y1, x2, y2 = result.draws[0][1]["window"]
    expected = cv2.resize(part()[y1:y2, x1:x2], (100, 100), interpolation=MODES[name])
    np.testing.assert_array_equal(result.mat, expected)
    assert result.bounding_box == (x1, y1, x2, y2)


@pytest.mark.parametrize(
    ("step", "areas", "shapes"),
    [
        (RandomAlterAspect(0.2, 0.5, 0.75), (0.2, 0.5), (0.75, 4 / 3)),
        (ImageRandomResizedCrop(50, 60, 0.3, 0.6, 0.5, 1), (0.3, 0.6), (0.5, 1)),
    ],
    ids=["alter_aspect", "resized_crop"],
)
def test_areas_and_shapes_are_within_their_bounds_and_reach_them(step, areas, shapes):
    windows = np.array([step(feature().seeded(seed)).draws[0][1]["window"] for seed in range(200)])
    widths, heights = (windows[:, 2:] - windows[:, :2]).T
    ratio, shape = widths * heights / (240 * 320), widths / heights
    # a side is rounded by up to half a pixel of about 100
    assert areas[0] * 0.98 < ratio.min() < areas[0] * 1.1 and areas[1] * 0.9 < ratio.max() < areas[1] * 1.02
    assert shapes[0] * 0.98 < shape.min() < shapes[0] * 1.1 and shapes[1] * 0.9 < shape.max() < shapes[1] * 1.02
    assert (windows >= 0).all() and windows[:, 2].max() <= 320 and windows[:, 3].max() <= 240


def test_a_window_that_never_fits_leaves_the_whole_or_the_middle():
    strip = ImageFeature(uri="strip", mat=np.zeros((10, 1000, 3), np.uint8))
    assert RandomAlterAspect(0.9, 1, 0.9)(strip).draws[0][1]["window"] == (0, 0, 1000, 10)
    assert ImageRandomResizedCrop(5, 5, 0.9, 1, 1, 1)(strip).draws[0][1]["window"] == (495, 0, 505, 10)


@pytest.mark.parametrize("method", ["Random", "Center"])
def test_the_cropper_cuts_mirrors_half_and_gives_floats(method):
    results = [ImageRandomCropper(100, 80, True, method)(feature().seeded(seed)) for seed in range(40)]
    mirrored = 0
    for result in results:
        drawn = result.draws[0][1]
        window = part()[drawn["y"] : drawn["y"] + 80, drawn["x"] : drawn["x"] + 100]
        expected = window[:, ::-1] if drawn["mirrored"] else window
        np.testing.assert_array_equal(result.floats, expected.astype(np.float32))
        mirrored += drawn["mirrored"]
    assert 8 < mirrored < 32
    corners = {(result.draws[0][1]["x"], result.draws[0][1]["y"]) for result in results}
    assert corners == {(110, 80)} if method == "Center" else len(corners) > 30


def test_the_cropper_refuses_what_does_not_fit():
    with pytest.raises(DataError, match="expected a window within"):
        ImageRandomCropper(500, 80, True)(feature())
    with pytest.raises(DataError, match="expected 3 channels; received 1"):
        ImageRandomCropper(50, 80, True)(gray())
    with pytest.raises(ArgumentError, match="Did you mean 'Random'"):
        ImageRandomCropper(50, 80, True, "random")


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="x1 < x2 and y1 < y2"):
        ImageFixedCrop(0.5, 0, 0.5, 1)
    with pytest.raises(ArgumentError, match="2 arguments are wrong"):
        ImageExpand("red", min_expand_ratio=0.5)
    with pytest.raises(ArgumentError, match="Did you mean 'CUBIC'"):
        RandomAlterAspect(interp_mode="CUBICS")
    with pytest.raises(ArgumentError, match="end_x to be a number from 0 to 1; received 3"):
        ImageFiller(0, 0, 3, 1)
