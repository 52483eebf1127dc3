"""Boxes: units, the predecessor's steps, and the sampler of SSD; numbers of REFERENCE cases 18 and 21."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.feature.image.photographs import feature, part
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import (
    Boxes,
    ChainedPreprocessing,
    ImageCenterCrop,
    ImageExpand,
    ImageFeature,
    ImageFixedCrop,
    ImageHFlip,
    ImageRandomPreprocessing,
    ImageRandomSampler,
    ImageResize,
    ImageRoiHFlip,
    ImageRoiNormalize,
    ImageRoiProject,
    ImageRoiResize,
)
from zoo_lab.feature.image.sampler import drawn_windows, overlap

CLOSE = {"atol": 2e-4}  # float32 of coordinates up to 500


def frame(*boxes: tuple[float, ...]) -> ImageFeature:
    """A picture of 375 x 500 pixels (height x width) with boxes."""
    return ImageFeature(uri="frame", mat=np.zeros((375, 500, 3), np.uint8), boxes=Boxes(boxes))


def chain(*steps):
    return ChainedPreprocessing(steps)


# Chains of the predecessor: a step that moves pixels, and its step for the boxes


@pytest.mark.parametrize(
    ("before", "after"), [((2, 84, 59, 248), (441, 84, 498, 248)), ((320, 2, 496, 375), (4, 2, 180, 375))], ids=str
)
def test_flipped_boxes_in_pixels(before, after):
    result = chain(ImageHFlip(), ImageRoiHFlip(normalized=False))(frame(before))
    np.testing.assert_allclose(result.boxes.coordinates, [after], **CLOSE)


def test_normalized_boxes():
    result = ImageRoiNormalize()(frame((2, 84, 59, 248)))
    np.testing.assert_allclose(result.boxes.coordinates, [(0.004, 0.224, 0.118, 0.661333)], atol=1e-6)
    flipped = chain(ImageHFlip(), ImageRoiHFlip())(result)
    np.testing.assert_allclose(flipped.boxes.coordinates, [(0.882, 0.224, 0.996, 0.661333)], atol=1e-6)
    assert flipped.boxes.normalized


def test_resized_boxes():
    result = chain(ImageResize(300, 300), ImageRoiResize())(frame((2, 84, 59, 248)))
    np.testing.assert_allclose(result.boxes.coordinates, [(1.2, 67.2, 35.4, 198.4)], **CLOSE)
    parts = chain(ImageRoiNormalize(), ImageResize(300, 300), ImageRoiResize(normalized=True))(frame((2, 84, 59, 248)))
    np.testing.assert_allclose(parts.boxes.coordinates, [(0.004, 0.224, 0.118, 0.661333)], atol=1e-6)


@pytest.mark.parametrize(
    "steps", [[ImageRoiHFlip(False)], [ImageRoiResize()], [ImageRoiHFlip(False), ImageRoiHFlip(False)]], ids=str
)
def test_a_roi_step_never_moves_boxes_against_the_pixels(steps):
    """Alone, twice, or after a chance that did not come about: the boxes stay on what they show."""
    boxes = [(2, 84, 59, 248), (320, 2, 496, 375)]
    np.testing.assert_array_equal(chain(*steps)(frame(*boxes)).boxes.coordinates, boxes)
    never = ImageRandomPreprocessing(ImageHFlip(), 0)
    np.testing.assert_array_equal(chain(never, *steps)(frame(*boxes)).boxes.coordinates, boxes)


def test_roi_steps_give_the_units_that_they_name():
    boxes = frame((50, 75, 100, 150))
    np.testing.assert_allclose(ImageRoiHFlip()(boxes).boxes.coordinates, [(0.1, 0.2, 0.2, 0.4)], atol=1e-6)
    back = chain(ImageRoiNormalize(), ImageRoiResize(normalized=False))(boxes).boxes
    np.testing.assert_allclose(back.coordinates, [(50, 75, 100, 150)], **CLOSE)
    assert not back.normalized


def test_project_drops_boxes_whose_middle_was_cut_off():
    """Of a window of 100 x 100: a box mostly inside, one with its middle outside, one fully outside."""
    boxes = frame((50, 50, 140, 140), (80, 80, 200, 200), (150, 150, 300, 300))
    window = ImageFixedCrop(0, 0, 100, 100, normalized=False)
    followed = window(boxes).boxes
    np.testing.assert_array_equal(followed.coordinates, [(50, 50, 100, 100), (80, 80, 100, 100)])
    kept = chain(window, ImageRoiProject())(boxes).boxes
    np.testing.assert_array_equal(kept.coordinates, [(50, 50, 100, 100)])
    loose = chain(window, ImageRoiProject(need_meet_center_constraint=False))(boxes).boxes
    np.testing.assert_array_equal(loose.coordinates, followed.coordinates)


def test_the_middle_is_that_of_the_whole_object_through_several_steps():
    """Flipped and resized after the crop, the box's own middle (140 of 100) is still outside."""
    steps = [ImageFixedCrop(0, 0, 100, 100, False), ImageHFlip(), ImageResize(50, 50), ImageRoiNormalize()]
    result = chain(*steps)(frame((80, 80, 200, 200), (0, 0, 60, 60)))
    np.testing.assert_allclose(result.boxes.centers, [(-0.4, 1.4), (0.7, 0.3)], atol=1e-6)
    assert len(ImageRoiProject()(result).boxes) == 1
    assert ImageRoiProject()(result).boxes.centers is None


def test_expand_and_project_keep_every_box():
    result = chain(ImageExpand(min_expand_ratio=2), ImageRoiProject())(feature())
    x, y = -result.bounding_box[0], -result.bounding_box[1]
    np.testing.assert_array_equal(result.boxes.coordinates, feature().boxes.coordinates + np.array([x, y, x, y]))
    np.testing.assert_array_equal(result.boxes.labels, [0, 1, 2])


def test_labels_scores_and_marks_go_with_their_boxes():
    boxes = Boxes([(0, 0, 10, 10), (60, 60, 90, 90)], labels=[4, 5], scores=[0.5, 0.9], difficult=[True, False])
    result = ImageCenterCrop(250, 200)(frame().replace(boxes=boxes))
    assert len(result.boxes) == 0
    result = ImageFixedCrop(50, 50, 100, 100, False)(frame().replace(boxes=boxes)).boxes
    assert result.labels.tolist() == [5] and result.difficult.tolist() == [False]
    np.testing.assert_allclose(result.scores, [0.9])


def test_images_without_boxes_pass():
    for step in (ImageRoiNormalize(), ImageRoiProject(), ImageRoiHFlip(), ImageRoiResize(), ImageRandomSampler()):
        assert step(feature(boxes=None)).boxes is None


def test_boxes_check_their_arrays():
    with pytest.raises(ArgumentError, match="2 arguments are wrong") as caught:
        Boxes([(0, 0, 1, 1)], labels=[1, 2], scores=[0.1, 0.2])
    assert "labels of 1 boxes; received 2" in str(caught.value)
    with pytest.raises(ArgumentError, match=r"shape \(n, 4\); received \(1, 3\)"):
        Boxes([(0, 0, 1)])
    assert len(Boxes([])) == 0 and Boxes([]).coordinates.shape == (0, 4)


# The sampler


def test_overlaps_are_those_computed_by_hand():
    box = [(0.2, 0.3, 0.3, 0.5)]
    others = [(0.1, 0.1, 0.3, 0.4), (0.1, 0.1, 0.4, 0.6), (0, 0, 0.1, 0.1)]
    np.testing.assert_allclose(overlap(box, others), [[1 / 7, 2 / 15, 0]], atol=1e-12)
    assert overlap([(0, 0, 0, 0)], [(0, 0, 0, 0)]).tolist() == [[0]]


def test_drawn_windows_are_within_their_bounds():
    windows = drawn_windows(np.random.default_rng(0), 2000)
    widths, heights = (windows[:, 2:] - windows[:, :2]).T
    assert windows.min() >= 0 and windows.max() <= 1
    scales, shapes = np.sqrt(widths * heights), widths / heights
    assert scales.min() + 1e-9 >= 0.3 and scales.max() <= 1 + 1e-9
    assert shapes.min() + 1e-9 >= 0.5 and shapes.max() <= 2 + 1e-9
    assert scales.min() < 0.32 and shapes.min() < 0.55 and shapes.max() > 1.9


def samples(count: int) -> list[ImageFeature]:
    return [ImageRandomSampler()(feature().seeded(seed)) for seed in range(count)]


def test_the_sampler_keeps_the_whole_or_cuts_a_window_near_a_box():
    whole = 0
    for result in samples(100):
        window = result.draws[0][1]["window"]
        if window == (0, 0, 1, 1):
            whole += 1
            np.testing.assert_array_equal(result.mat, part())
            continue
        x1, y1, x2, y2 = (int(edge * side) for edge, side in zip(window, itertools.cycle((320, 240)), strict=False))
        np.testing.assert_array_equal(result.mat, part()[y1:y2, x1:x2])
    assert 5 < whole < 40  # one of up to seven: about 14, more where some sampler finds nothing


def test_the_sampler_keeps_the_boxes_whose_middle_is_inside():
    whole = feature().boxes
    for result in samples(40):
        window = np.array(result.draws[0][1]["window"]) * (320, 240, 320, 240)
        middles = (whole.coordinates[:, :2] + whole.coordinates[:, 2:]) / 2
        inside = ((middles >= np.floor(window[:2])) & (middles <= np.floor(window[2:]))).all(axis=1)
        assert result.boxes.labels.tolist() == whole.labels[inside].tolist()


def test_an_overlap_of_nine_tenths_is_found_for_a_box_that_fills_the_picture():
    full = feature(boxes=Boxes([(0, 0, 320, 240)]))
    windows = [ImageRandomSampler()(full.seeded(seed)).draws[0][1]["window"] for seed in range(150)]
    assert any(overlap([window], [(0, 0, 1, 1)])[0, 0] > 0.9 for window in windows if window != (0, 0, 1, 1))
    assert any(overlap([window], [(0, 0, 1, 1)])[0, 0] < 0.3 for window in windows)


def test_each_sampler_takes_a_window_with_its_overlap():
    """Of a box that fills the picture, two of six samplers give 0.7 and more, and the others by chance: 0.56 in all."""
    full = feature(boxes=Boxes([(0, 0, 320, 240)]))
    windows = [ImageRandomSampler()(full.seeded(seed)).draws[0][1]["window"] for seed in range(400)]
    overlaps = overlap([window for window in windows if window != (0, 0, 1, 1)], [(0, 0, 1, 1)])
    assert 0.47 < (overlaps > 0.7).mean() < 0.65  # deviation 0.027; a window without a condition gives 0.23
