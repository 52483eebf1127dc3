"""Chance: one seed gives one result whatever the partitioning, and what was drawn can be replayed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.feature.image.battery import contents
from tests.feature.image.photographs import feature, part
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import (
    ChainedPreprocessing,
    Contrast,
    Draw,
    ImageBrightness,
    ImageChannelNormalize,
    ImageColorJitter,
    ImageExpand,
    ImageFeature,
    ImageHFlip,
    ImageMatToTensor,
    ImageRandomCrop,
    ImageRandomPreprocessing,
    ImageRandomSampler,
    ImageResize,
    replay,
)

SSD = ChainedPreprocessing(
    [
        ImageColorJitter(),
        ImageRandomPreprocessing(ImageExpand(), 0.5),
        ImageRandomSampler(),
        ImageResize(60, 60, -1),
        ImageRandomPreprocessing(ImageHFlip(), 0.5),
        ImageChannelNormalize(123, 117, 104),
        ImageMatToTensor(),
    ]
)
SMALL = [feature(uri=f"{number}.jpg", mat=part()[number : number + 90, :120].copy()) for number in range(12)]
SMALL = [image.replace(boxes=image.boxes.replace(coordinates=image.boxes.coordinates / 3)) for image in SMALL]


def test_partitions_order_and_company_change_nothing(context: NNContext):
    here = {image.uri: contents(SSD(image.seeded(5, 2))) for image in SMALL}
    for partitions in (1, 2, 5):
        rdd = context.sc.parallelize([image.seeded(5, 2) for image in reversed(SMALL)], partitions)
        there = {result.uri: contents(result) for result in SSD(rdd).collect()}
        assert there == here


def test_without_a_seed_the_seed_is_zero():
    assert contents(SSD(SMALL[0])) == contents(SSD(SMALL[0].seeded(0, 0)))
    assert contents(SSD(SMALL[0])) != contents(SSD(SMALL[0].seeded(1)))


def test_a_set_of_draws_replays_the_chain_that_made_it():
    for image in SMALL:
        result = SSD(image.seeded(7))
        again = replay(SSD, image, result.draws)
        assert contents(again) == contents(result) == contents(SSD(image.replaying(result.draws)))
        assert again.seeding.script is None  # further steps draw anew
        assert result.draws[0][0] == "ImageColorJitter"


def test_the_draws_of_a_step_within_a_chance_follow_the_coin():
    chance = ImageRandomPreprocessing(ChainedPreprocessing([ImageResize(50, 50, -1), ImageRandomCrop(9, 9)]), 0.5)
    drawn = {tuple(name for name, _ in chance(feature().seeded(seed)).draws) for seed in range(10)}
    coin = "ImageRandomPreprocessing"
    assert drawn == {(coin,), (coin, "ImageResize", "ImageRandomCrop")}


def test_the_chance_is_as_told():
    applied = [ImageRandomPreprocessing(ImageHFlip(), 0.3)(feature().seeded(seed)).draws for seed in range(400)]
    assert 90 < sum(drawn["applied"] for [(_, drawn)] in applied) < 150  # 120 expected, deviation 9
    for prob, expected in ((0, part()), (1, part()[:, ::-1])):
        np.testing.assert_array_equal(ImageRandomPreprocessing(ImageHFlip(), prob)(part()), expected)


def test_a_replay_with_another_chain_is_refused():
    result = SSD(SMALL[0])
    with pytest.raises(ArgumentError, match="draw 0 to be of ImageResize; received one of ImageColorJitter"):
        ImageResize(5, 5, -1).replay(SMALL[0], result.draws)
    with pytest.raises(ArgumentError, match="received one of nothing"):
        ImageResize(5, 5, -1).replay(SMALL[0], [])


def test_another_step_added_leaves_what_the_others_draw():
    """A step is known by its name and how many of that name came before, so a switch in a chain moves nothing else."""
    plain = ChainedPreprocessing([ImageRandomCrop(50, 50), ImageBrightness(-9, 9)])(feature())
    more = ChainedPreprocessing([Contrast(0.5, 2), ImageRandomCrop(50, 50), ImageBrightness(-9, 9)])(feature())
    assert more.draws[1:] == plain.draws


def test_two_steps_of_one_kind_draw_apart():
    twice = ChainedPreprocessing([ImageBrightness(-9, 9), ImageBrightness(-9, 9)])(feature())
    assert twice.draws[0] != twice.draws[1]


def test_arrays_are_known_by_their_pixels():
    crop = ImageRandomCrop(50, 50)
    images = [np.roll(part(), shift, axis=1) for shift in range(8)]
    corners = {crop(ImageFeature(mat=image)).draws[0][1]["x"] for image in images}
    assert len(corners) > 4
    np.testing.assert_array_equal(crop(images[0]), crop(images[0].copy()))


def test_a_new_process_draws_the_same():
    """Python salts its own hash of strings anew in each process."""
    code = "from zoo_lab.feature.image import Draw; print(Draw(3, 1).generator('bild-ä.jpg', 'ImageHue', 2).random())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) == Draw(3, 1).generator("bild-ä.jpg", "ImageHue", 2).random()


def test_seed_epoch_step_count_and_image_each_change_the_numbers():
    places = [(Draw(), "a", "x", 0), (Draw(1), "a", "x", 0), (Draw(0, 1), "a", "x", 0)]
    places += [(Draw(), "b", "x", 0), (Draw(), "a", "y", 0), (Draw(), "a", "x", 1), (Draw(-1), "a", "x", 0)]
    places += [(Draw(1, 0), "a", "x", 0)]  # the same as the second
    numbers = [draw.generator(key, step, count).random() for draw, key, step, count in places]
    assert len(set(numbers)) == len(numbers) - 1 and numbers[1] == numbers[-1]


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match="2 arguments are wrong") as caught:
        ImageRandomPreprocessing(len, 7)
    assert "preprocessing to be a step or a chain; received builtin" in str(caught.value)
