"""What is stored of a row becomes the record that a model takes, whenever it is read; no Spark is needed for it."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import part
from zoo_lab.core.errors import DataError
from zoo_lab.feature.arrayrows import ArrayRows
from zoo_lab.feature.image import (
    Boxes,
    ImageBytesToMat,
    ImageCenterCrop,
    ImageFeature,
    ImageHFlip,
    ImageMatToTensor,
    ImageRandomCrop,
    ImageResize,
    ImageSetToSample,
)
from zoo_lab.feature.image.imagerows import ImageBlocks, ImageRows
from zoo_lab.feature.image.pinning import split
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.reading import ImageReader
from zoo_lab.feature.image3d import RandomCrop3D
from zoo_lab.feature.preprocessing import ChainedPreprocessing
from zoo_lab.feature.rowchain import Chain, Moment, RowChain
from zoo_lab.feature.structure import Structure

JPEG = cv2.imencode(".jpg", part())[1].tobytes()
NOW = Moment(seed=3, epoch=1, training=True)


def whole(maker, stored):
    return RowChain.learnt(Chain(maker), stored).whole(stored, 0, NOW)


def as_objects(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_files_in_an_array_are_decoded_each_time():
    chain = (ImageBytesToMat(), ImageRandomCrop(20, 10), ImageMatToTensor(format="NHWC"))
    found = whole(ArrayRows(Structure("x", "y"), chain), {"x": as_objects(JPEG, JPEG), "y": np.array([1, 0])})
    expected = ChainedPreprocessing(chain)(ImageFeature(bytes=JPEG).seeded(3, 1)).tensor
    np.testing.assert_array_equal(found["x"], [expected, expected])
    np.testing.assert_array_equal(found["y"], [1, 0])


@pytest.mark.parametrize("channels", [0, 2])
def test_arrays_of_volumes_go_to_steps_over_volumes(channels):
    volumes = np.random.default_rng(0).normal(size=(3, 6, 7, 8, *[channels] * bool(channels))).astype("float32")
    crop = RandomCrop3D(2, 3, 4)
    found = whole(ArrayRows(Structure("x"), (crop,)), {"x": volumes})["x"]
    tensors = volumes if channels else volumes[..., np.newaxis]
    expected = [crop(ImageFeature(tensor=tensor).seeded(3, 1)).tensor for tensor in tensors]
    np.testing.assert_array_equal(found, expected)


def pinned(features, pipeline, as_files):
    [block] = ImageBlocks(pipeline, as_files)(0, features)
    return block


def test_a_record_of_ones_own_is_made_of_boxes_and_keys():
    chain = (ImageHFlip(), ImageMatToTensor(format="NHWC"), ImageSetToSample(["imageTensor", "age"], ["target"]))
    feature = ImageFeature(uri="a", mat=part(4, 6)).with_key("age", 7).with_key("target", np.eye(2, dtype="float32"))
    stored = pinned([feature, feature.replace(uri="b")], Pipeline(), as_files=True)
    found = whole(ImageRows(ImageReader(), chain), stored)
    np.testing.assert_array_equal(found["x[0]"][1], part(4, 6)[:, ::-1])
    assert found["x[1]"].tolist() == [7, 7] and found["y"].shape == (2, 2, 2)


@pytest.mark.parametrize("as_files", [True, False])
def test_bad_files_follow_the_policy_when_they_are_pinned(as_files):
    images = [
        ImageFeature(uri="good.jpg", bytes=JPEG, boxes=Boxes([[1, 2, 3, 4]])),
        ImageFeature(uri="bad.jpg", bytes=b"?"),
    ]
    assert len(pinned(images, Pipeline(policy="skip"), as_files)["image"]) == 1
    for policy in ("raise", "mark"):
        with pytest.raises(DataError, match=r"bad\.jpg: expected an image file that can be read"):
            pinned(images, Pipeline(policy=policy), as_files)


def test_only_the_steps_before_chance_are_done_once():
    chain = ChainedPreprocessing(
        [ImageResize(9, 9), ChainedPreprocessing([ImageCenterCrop(8, 8), ImageRandomCrop(4, 4)])]
    )
    before, after = split((chain, ImageHFlip()))
    assert [type(step).__name__ for step in before] == ["ImageResize", "ImageCenterCrop"]
    assert [type(step).__name__ for step in after] == ["ImageRandomCrop", "ImageHFlip"]
    assert split((ImageResize(9, 9, -1),))[0] == ()


def test_an_image_that_was_drawn_before_goes_on_counting():
    """A second random crop after pinning draws other numbers than the first, as it would in one chain."""
    crop = ImageRandomCrop(30, 30)
    first = crop(ImageFeature(uri="a", mat=part()).seeded(3, 1))
    stored = pinned([dataclasses.replace(first)], Pipeline(), as_files=False)
    found = whole(ImageRows(ImageReader(), (ImageRandomCrop(9, 9),)), stored)["x"][0]
    np.testing.assert_array_equal(found, ImageRandomCrop(9, 9)(first).mat)
