"""A chain to play with: switches, parameters, seed and epoch, and the chain that comes of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.feature.image.battery import STEPS
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import (
    ChainedPreprocessing,
    ImageBrightness,
    ImageExpand,
    ImageFeature,
    ImageFixedCrop,
    ImageHFlip,
    ImageRandomPreprocessing,
    ImageSet,
    ImageResize,
)
from zoo_lab.feature.image.playable import arguments, changed, parameters
from zoo_lab.feature.image.playground import Playground
from zoo_lab.feature.image.setsource import SetSource
from zoo_lab.feature.image3d import AffineTransform3D, CenterCrop3D, Crop3D, RandomCrop3D, Rotate3D
from zoo_lab.feature.preprocessing import SeqToTensor

NESTED = ImageRandomPreprocessing(ChainedPreprocessing([ImageExpand(), ImageHFlip()]), 0.5)


def params(play: Playground, step: int) -> dict:
    return {parameter["path"]: parameter for parameter in play.told()["steps"][step]["params"]}


def test_steps_that_were_not_changed_are_the_very_objects():
    first, second = ImageHFlip(), ImageResize(30, 40)
    play = Playground([ChainedPreprocessing([first, second])])
    assert play.steps == (first, second)
    assert all(step is given for step, given in zip(play.steps, (first, second), strict=True))


def test_a_switch_takes_a_step_out_and_puts_it_back():
    play = Playground([ImageHFlip(), ImageResize(30, 40)])
    play.change({"on": {"0": False}})
    assert repr(play.chain) == "ChainedPreprocessing([ImageResize(30, 40)])"
    assert play.told()["code"] == "ChainedPreprocessing([\n    ImageResize(30, 40),\n])"
    play.change({"on": {"1": False}})
    assert play.chain is None
    play.change({"on": {"0": True, "1": True}})
    assert len(play.steps) == 2


def test_a_parameter_makes_a_new_step_and_leaves_the_given_one():
    given = ImageBrightness(-10.0, 10.0)
    play = Playground([given])
    play.change({"values": {"0/delta_low": 5, "0/delta_high": 25.5}})
    assert play.steps == (ImageBrightness(5.0, 25.5),)
    assert (given.delta_low, given.delta_high) == (-10.0, 10.0)
    play.change({"reset": True})
    assert play.steps[0] is given


def test_parameters_of_steps_within_steps_have_a_path():
    play = Playground([NESTED])
    assert "0/preprocessing/0/max_expand_ratio" in params(play, 0)
    play.change({"values": {"0/preprocessing/0/max_expand_ratio": 2, "0/prob": 1}})
    [step] = play.steps
    assert step.preprocessing.transformers[0] == ImageExpand(max_expand_ratio=2.0)
    assert step.prob == 1


def test_a_value_that_a_step_refuses_leaves_it_and_says_why():
    play = Playground([ImageRandomPreprocessing(ImageHFlip(), 0.5)])
    play.change({"values": {"0/prob": 3}})
    [told] = play.told()["steps"]
    assert "prob" in told["problem"]
    assert play.steps[0].prob == 0.5
    play.change({"values": {"0/prob": 0.25}})
    assert (play.told()["steps"][0]["problem"], play.steps[0].prob) == ("", 0.25)


@pytest.mark.parametrize("path", ["0/__class__", "0/prob/x", "0/preprocessing", "0/nothing"])
def test_only_what_is_offered_can_be_changed(path):
    play = Playground([ImageRandomPreprocessing(ImageHFlip(), 0.5)])
    play.change({"values": {path: 1}})
    assert "expected one of its parameters" in play.told()["steps"][0]["problem"]


def test_text_is_read_as_a_literal_and_never_run():
    step = SeqToTensor([2, 2])
    assert changed(step, ["size"], "(4,)").size == (4,)
    with pytest.raises(ArgumentError, match="literal"):
        changed(step, ["size"], "__import__('os').getcwd()")


def test_seed_and_epoch_are_kept():
    play = Playground([ImageHFlip()], (7, 2))
    assert (play.seed, play.epoch) == (7, 2)
    play.change({"epoch": 3})
    play.change({"seed": -4})
    assert (play.seed, play.epoch) == (0, 3)
    play.change({"reset": True})
    assert (play.seed, play.epoch) == (7, 2)


def test_ranges_come_from_the_step_as_it_was_given_and_hold_its_value():
    first = ImageFixedCrop(0, 0, 0.5, 1.5, normalized=False)
    for parameter in parameters(first, first):
        if parameter["kind"] == "number":
            assert parameter["low"] <= parameter["value"] <= parameter["high"]
            assert parameter["step"] > 0
    later = changed(first, ["hx"] if "hx" in arguments(first) else list(arguments(first))[:1], 0.25)
    ranges = [[(p["low"], p["high"]) for p in parameters(step, first) if "low" in p] for step in (first, later)]
    assert ranges[0] == ranges[1]


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_every_step_can_be_described_and_made_again(step):
    json.dumps(list(parameters(step, step)))
    known = arguments(step)
    assert repr(type(step)(**known)) == repr(step)


def test_volume_steps_have_a_slider_for_each_number():
    play = Playground([Rotate3D([0, 0, 1]), RandomCrop3D(2, 3, 4), Crop3D((1, 0, 2), (5, 6, 7))])
    assert list(params(play, 0)) == [
        "0/rotation_angles/0",
        "0/rotation_angles/1",
        "0/rotation_angles/2",
        "0/interpolation",
    ]
    assert list(params(play, 1)) == ["1/crop_depth", "1/crop_height", "1/crop_width"]
    play.change({"values": {"0/rotation_angles/1": -0.5, "1/crop_height": 6, "2/start/2": 3.0}})
    rotated, cropped, cut = play.steps
    assert (rotated.rotation_angles, cropped.size, cut.start) == ((0.0, -0.5, 1.0), (2, 6, 4), (1, 0, 3))
    assert changed(Rotate3D([0, 0, 1]), ["rotation_angles"], "(0, 1, 0)").rotation_angles == (0.0, 1.0, 0.0)
    told = [one for one in play.told()["steps"][0]["params"] if one["kind"] == "number"]
    assert all(
        one["low"] <= one["value"] <= one["high"] and one["label"].startswith("rotation_angles[") for one in told
    )
    play.change({"values": {"2/start/5": 1, "2/start/0/0": 1}})
    assert "expected one of its parameters" in play.told()["steps"][2]["problem"]


def test_a_matrix_is_a_literal_that_can_be_changed():
    step = AffineTransform3D(np.eye(3))
    [told] = [one for one in parameters(step, step) if one["path"] == "affine_mat"]
    assert (told["kind"], told["value"]) == ("literal", "[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]")
    turned = changed(step, ["affine_mat"], told["value"].replace("[1.0, 0.0, 0.0]", "[2.0, 0.0, 0.0]"))
    assert np.array_equal(turned.affine_mat, np.diag([2.0, 1, 1]))


def test_a_volume_is_sent_again_when_a_slider_of_its_chain_moves():
    volume = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6, 1)
    images = ImageSet.from_arrays([ImageFeature(uri="knee", tensor=volume)]).transform(CenterCrop3D(2, 3, 4))
    source = SetSource(images)
    assert source.volume(0, 1, 0).shape == (2, 3, 4)
    source.change({"values": {"0/crop_depth": 4, "0/crop_width": 6}})
    sent = source.volume(0, 1, 0)
    assert sent.shape == (4, 3, 6)
    expected = volume[:, 1:4, :, 0]
    assert np.allclose(sent.low + sent.levels / 65535 * (sent.high - sent.low), expected, atol=0.01)
    assert source.volume(0, 0, 0).shape == (4, 5, 6)
