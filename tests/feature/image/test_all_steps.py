"""Every step of the package: pure, repeatable, portable, documented; and boxes stay on what they show."""

from __future__ import annotations

import json

import numpy as np
import pytest

import zoo_lab.feature.image as package
from tests.feature.image.battery import COLORING, MOVING, NO_STEPS, OTHERS, STEPS, check_transform
from tests.feature.image.photographs import BOXES, feature, gray, painted, part, seen_box
from zoo_lab.feature.image import (
    Boxes,
    DetectionCrop,
    ImageBytesToMat,
    ImageExpand,
    ImageFeature,
    ImagePixelBytesToMat,
    ImagePreprocessing,
    ImageRandAugment,
    ImageRandomAffine,
    ImageRandomCropper,
    ImageRandomPerspective,
    ImageRandomRotation,
)

SLANTED = (ImageRandAugment, ImageRandomAffine, ImageRandomPerspective, ImageRandomRotation)
RANDOM = [step for step in STEPS if step.by_chance]
STILL = [step for step in (*COLORING, *OTHERS) if not isinstance(step, (ImageBytesToMat, ImagePixelBytesToMat))]
ANY_CHANNELS = [step for step in (*MOVING, *COLORING) if not isinstance(step, (ImageRandomCropper, ImageExpand))]
ANY_CHANNELS = [step for step in ANY_CHANNELS if "Normalize" not in type(step).__name__]
ON_ARRAYS = [step for step in (*MOVING, *COLORING) if not isinstance(step, DetectionCrop)]
"""DetectionCrop takes its window from the image, which an array has not."""


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_a_step_is_pure_repeatable_portable_and_documented(step):
    check_transform(step)


def test_every_public_step_is_in_the_battery():
    offered = [getattr(package, name) for name in package.__all__]
    classes = {one for one in offered if isinstance(one, type) and issubclass(one, ImagePreprocessing)}
    assert classes - NO_STEPS == {type(step) for step in STEPS}


@pytest.mark.parametrize("step", RANDOM, ids=repr)
def test_another_seed_epoch_or_image_draws_anew(step):
    image = feature(extra={"roi": [0.1, 0.2, 0.7, 0.9]})
    drawn = [step(image.seeded(seed, epoch)).draws for seed in range(4) for epoch in range(4)]
    drawn += [step(image.replace(uri=f"{number}.jpg")).draws for number in range(4)]
    different = {json.dumps(draws) for draws in drawn}
    has_no_chance = repr(step) in (
        "ImageResize(100, 150)",
        "ImageRandomCropper(300, 200, False, cropper_method='Center')",
    )
    assert len(different) == 1 if has_no_chance else len(different) >= 2


@pytest.mark.parametrize("step", RANDOM, ids=repr)
def test_what_is_drawn_is_plain_and_can_be_written_down(step):
    draws = step(feature(extra={"roi": [0, 0, 1, 1]})).draws
    written = json.loads(json.dumps(draws))
    assert [name for name, _ in written] == [name for name, _ in draws]


@pytest.mark.parametrize("step", MOVING, ids=repr)
@pytest.mark.parametrize("box", BOXES, ids=str)
def test_boxes_follow_the_pixels(step, box):
    """A white rectangle on black is moved by the step; its box must lie around the white pixels.

    Tolerance: a rounded or interpolated edge is at most 1.5 pixels off, or as much as one old pixel became; half a pixel
    more where a slanted box ends in a corner too thin to be seen.
    """
    for seed in range(3):
        image = painted(box).with_key("roi", [0.1, 0.2, 0.7, 0.9]).seeded(seed)
        result = step(image)
        if not len(result.boxes):
            continue  # cut off: the test below is about that
        height, width, _ = result.size
        tolerance = (1.5 + 0.5 * isinstance(step, SLANTED)) * max(1, width / 320, height / 240)
        np.testing.assert_allclose(result.boxes.coordinates[0], seen_box(result.image), atol=tolerance)


@pytest.mark.parametrize("step", MOVING, ids=repr)
def test_boxes_are_left_out_only_when_nothing_of_them_is_seen(step):
    for box in BOXES:
        result = step(painted(box).with_key("roi", [0.1, 0.2, 0.7, 0.9]))
        if len(result.boxes) == 0 and "Sampler" not in repr(step):
            assert (result.image > 127).sum() <= 3 * (max(result.size))  # at most a line of interpolated pixels


@pytest.mark.parametrize("step", MOVING, ids=repr)
def test_normalized_boxes_follow_as_those_in_pixels_do(step):
    image = feature(extra={"roi": [0.1, 0.2, 0.7, 0.9]})
    pixels = step(image)
    parts = step(image.replace(boxes=image.boxes.to_normalized(240, 320)))
    assert parts.boxes.normalized
    np.testing.assert_array_equal(parts.boxes.labels, pixels.boxes.labels)
    in_pixels = parts.boxes.to_pixels(*parts.size[:2]).coordinates
    np.testing.assert_allclose(in_pixels, pixels.boxes.coordinates, atol=1e-3)  # float32 there and back


@pytest.mark.parametrize("step", STILL, ids=repr)
def test_steps_that_move_nothing_leave_the_boxes_where_they_are(step):
    result = step(feature(tensor=np.ones(3, np.float32)))
    if isinstance(result, ImageFeature):
        in_pixels = result.boxes.to_pixels(240, 320).coordinates
        np.testing.assert_allclose(in_pixels, BOXES, atol=1e-4)  # float32 there and back


@pytest.mark.parametrize("step", ANY_CHANNELS, ids=repr)
def test_gray_pictures_keep_their_one_channel(step):
    result = step(feature(mat=gray(), extra={"roi": [0.1, 0.2, 0.7, 0.9]}))
    assert result.size[2] == 1


@pytest.mark.parametrize("step", MOVING, ids=repr)
def test_steps_that_move_pixels_take_floats_too(step):
    image = feature(extra={"roi": [0.1, 0.2, 0.7, 0.9]})
    floats = image.with_image(image.mat.astype(np.float32))
    bytes_result, floats_result = step(image), step(floats)
    assert floats_result.floats.dtype == np.float32
    assert bytes_result.draws == floats_result.draws
    # 8-bit results are rounded, and cubic or Lanczos ones cut at 0 and 255
    np.testing.assert_allclose(np.clip(floats_result.floats, 0, 255), bytes_result.image, atol=2)


@pytest.mark.parametrize("step", ON_ARRAYS, ids=repr)
def test_arrays_come_in_and_go_out(step):
    image = part()
    result = step(image)
    assert isinstance(result, np.ndarray) and result.flags.writeable
    assert not np.may_share_memory(result, image)


def test_boxes_without_any_stay_so():
    empty = feature(boxes=Boxes(np.empty((0, 4))))
    for step in MOVING[:6]:
        assert len(step(empty).boxes) == 0
