"""From the picture to what a model takes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import (
    ChainedPreprocessing,
    ImageChannelNormalize,
    ImageFeature,
    ImageFeatureToSample,
    ImageFeatureToTensor,
    ImageMatToFloats,
    ImageMatToTensor,
    ImageSetToSample,
)

BGR = part().astype(np.float32)


def test_layout_and_order_of_the_channels():
    """The order is changed in either format (defect 6)."""
    np.testing.assert_array_equal(ImageMatToTensor()(part()), BGR.transpose(2, 0, 1))
    np.testing.assert_array_equal(ImageMatToTensor(to_RGB=True)(part()), BGR[:, :, ::-1].transpose(2, 0, 1))
    np.testing.assert_array_equal(ImageMatToTensor(format="NHWC")(part()), BGR)
    np.testing.assert_array_equal(ImageMatToTensor(to_RGB=True, format="NHWC")(part()), BGR[:, :, ::-1])


def test_two_tensors_never_share_memory():
    """share_buffer gave all images of a set one buffer (defect 6)."""
    step = ImageMatToTensor(share_buffer=True)
    first = step(feature()).tensor
    kept = first.copy()
    second = step(feature(mat=np.zeros((240, 320, 3), np.uint8))).tensor
    np.testing.assert_array_equal(first, kept)
    assert not np.may_share_memory(first, second)
    floats = feature(mat=None, floats=BGR.copy())
    assert not np.may_share_memory(ImageMatToTensor(format="NHWC")(floats).tensor, floats.floats)


def test_one_channel_becomes_two_axes_and_transparency_stays_last():
    assert ImageMatToTensor()(gray()).shape == ImageMatToTensor(format="NHWC")(gray()).shape == (240, 320)
    four = np.dstack([part(), part()[:, :, :1]])
    np.testing.assert_array_equal(ImageMatToTensor(to_RGB=True, format="NHWC")(four), four[:, :, [2, 1, 0, 3]])


def test_the_picture_stays_beside_the_tensor_and_keys_can_be_chosen():
    result = ImageMatToTensor(tensor_key="second")(ImageMatToTensor()(feature()))
    assert result.mat is not None and result.tensor is result.get("imageTensor")
    np.testing.assert_array_equal(result.get("second"), result.tensor)


def test_floats_are_the_picture_or_are_kept_beside_it():
    result = ImageMatToFloats()(feature())
    np.testing.assert_array_equal(result.floats, BGR)
    assert result.mat is None and result.image is result.floats
    beside = ImageMatToFloats(out_key="copy")(feature())
    np.testing.assert_array_equal(beside.get("copy"), BGR)
    assert beside.image is beside.mat


def test_records_for_training():
    image = ImageMatToTensor()(feature())
    tensor, label = ImageFeatureToSample()(image)
    assert tensor is image.tensor is ImageFeatureToTensor()(image) and label == 3
    assert ImageFeatureToSample()(image.replace(label=None)) is image.tensor
    x, y = ImageSetToSample()(image).get("sample")
    assert x is image.tensor and y == 3
    both, targets = ImageSetToSample(["imageTensor", "mat"], ["label", "uri"], "record")(image).get("record")
    assert both[1] is image.mat and targets == [3, "folder/china.jpg"]
    assert ImageSetToSample(target_keys=None)(image).get("sample") is image.tensor


def test_a_missing_tensor_or_target_raises():
    for step in (ImageFeatureToTensor(), ImageFeatureToSample(), ImageSetToSample()):
        with pytest.raises(DataError, match=r"china.jpg: expected a value under 'imageTensor'; received none"):
            step(feature())
    with pytest.raises(DataError, match="under 'label'"):
        ImageSetToSample()(ImageMatToTensor()(feature(label=None)))


def test_a_whole_chain_on_an_array_gives_the_tensor():
    chain = ChainedPreprocessing([ImageChannelNormalize(123, 117, 104), ImageMatToTensor(), ImageFeatureToTensor()])
    np.testing.assert_array_equal(chain(part()), (BGR - [104, 117, 123]).transpose(2, 0, 1))
    bad = ImageFeature(uri="bad", problem="cut off")
    assert chain(bad) is bad


def test_wrong_arguments_are_told():
    with pytest.raises(ArgumentError, match="Did you mean 'NHWC'"):
        ImageMatToTensor(format="HWC")
    with pytest.raises(ArgumentError, match=r"\['label'\] is one"):
        ImageSetToSample(target_keys="label")
