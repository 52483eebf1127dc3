"""The names that zoo_lab.feature.image offers, and the record that all steps share."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import zoo_lab.feature.image as package
from tests.feature.image.battery import STEPS, contents
from tests.feature.image.photographs import feature, part
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import Boxes, ImageFeature

PREDECESSOR = [
    "ImageBytesToMat",
    "ImagePixelBytesToMat",
    "ImageResize",
    "ImageBrightness",
    "Contrast",
    "ImageSaturation",
    "ImageHue",
    "ImageChannelOrder",
    "ImageColorJitter",
    "ImageChannelNormalize",
    "PerImageNormalize",
    "ImagePixelNormalize",
    "ImageChannelScaledNormalizer",
    "ImageAspectScale",
    "ImageRandomAspectScale",
    "ScaleResize",
    "ImageRandomResize",
    "ImageRandomCrop",
    "ImageCenterCrop",
    "ImageFixedCrop",
    "DetectionCrop",
    "RandomAlterAspect",
    "ImageRandomCropper",
    "ImageExpand",
    "FixExpand",
    "ImageFiller",
    "ImageHFlip",
    "ImageMirror",
    "ImageRandomPreprocessing",
    "ImageMatToTensor",
    "ImageMatToFloats",
    "ImageFeatureToTensor",
    "ImageFeatureToSample",
    "ImageSetToSample",
    "ImageRoiNormalize",
    "ImageRoiResize",
    "ImageRoiHFlip",
    "ImageRoiProject",
    "ImageRandomSampler",
    "RowToImageFeature",
    "ImageFeature",
    "ImagePreprocessing",
    "ChainedPreprocessing",
]
TODAY = [
    "ImageRandomResizedCrop",
    "ImageRandomRotation",
    "ImageRandomAffine",
    "ImageRandomPerspective",
    "ImageGaussianBlur",
    "ImageGaussianNoise",
    "ImageCLAHE",
    "ImageCutout",
    "ImageRandAugment",
    "MixUp",
    "CutMix",
]
MODULES = sorted(path.stem for path in Path(package.__file__).parent.glob("[a-z]*.py"))


def test_the_names_are_sorted_and_hold_those_that_users_know():
    assert package.__all__ == sorted(package.__all__) == dir(package)
    assert set(PREDECESSOR) | set(TODAY) <= set(package.__all__)


@pytest.mark.parametrize("name", package.__all__)
def test_a_public_name_loads_and_is_documented(name):
    assert inspect.getdoc(getattr(package, name))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    module = importlib.import_module(f"{package.__name__}.{name}")
    names = {name: getattr(package, name) for name in package.__all__} | {"np": np, "cv2": cv2}
    assert doctest.testmod(module, extraglobs=names).failed == 0


def test_importing_the_package_loads_no_opencv():
    code = "import sys, zoo_lab.feature.image; print('cv2' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_record_is_shared_not_copied_and_travels():
    image = feature()
    changed = image.replace(label=9)
    assert changed.mat is image.mat and changed.boxes is image.boxes and image.label == 3
    assert contents(pickle.loads(pickle.dumps(image))) == contents(image)
    with pytest.raises(AttributeError):
        image.label = 9


def test_one_picture_is_current():
    image = feature()
    floats = image.with_image(part().astype(np.float32))
    assert floats.mat is None and floats.image is floats.floats and floats.original_size == (240, 320, 3)
    back = floats.with_image(part())
    assert back.floats is None and back.image is back.mat


def test_the_predecessors_keys_lead_to_the_attributes():
    image = feature(tensor=np.ones(2, np.float32), bounding_box=(0, 0, 1, 1))
    assert image.get("imageTensor") is image.tensor
    assert image.get("originalSize") == image.get("size") == (240, 320, 3)
    assert image.get("boundingBox") == (0, 0, 1, 1)
    assert image.get("anything") is None
    assert image.with_key("anything", 5).get("anything") == 5
    assert image.with_key("originalSize", (1, 2, 3)).original_size == (1, 2, 3)


def test_the_record_says_what_it_is_and_what_is_wrong():
    assert repr(feature()) == "ImageFeature('folder/china.jpg', 240x320x3, 3 boxes)"
    bad = ImageFeature(uri="x", problem="cut off")
    assert repr(bad) == "ImageFeature('x', no picture, bad: cut off)" and not bad.is_valid
    with pytest.raises(DataError, match=r"a: expected mat as uint8 of \(height, width, channels\); received float64"):
        ImageFeature(uri="a", mat=np.zeros((2, 2, 3)))
    with pytest.raises(DataError, match="expected floats as float32"):
        ImageFeature(floats=np.zeros((2, 2), np.float32))


def test_boxes_change_units_there_and_back():
    boxes = Boxes([(32, 24, 64, 48)], labels=[1])
    parts = boxes.to_normalized(240, 320)
    np.testing.assert_allclose(parts.coordinates, [(0.1, 0.1, 0.2, 0.2)], atol=1e-7)
    np.testing.assert_allclose(parts.to_pixels(240, 320).coordinates, boxes.coordinates, atol=1e-5)
    assert parts.to_normalized(240, 320) is parts and boxes.to_pixels(1, 1) is boxes


@pytest.mark.parametrize("step", [step for step in STEPS if "means of" not in repr(step)], ids=repr)
def test_a_step_shows_the_call_that_makes_it(step):
    names = {name: getattr(package, name) for name in package.__all__}
    assert eval(repr(step), names).__class__ is type(step)
    assert repr(eval(repr(step), names)) == repr(step)


def test_defaults_are_not_shown():
    assert repr(package.ImageColorJitter()) == "ImageColorJitter()"
    assert repr(package.ImagePixelNormalize(np.zeros((4, 5, 3)))) == "ImagePixelNormalize(means of 4x5x3)"
    assert repr(package.ImageResize(300, 200, -1)) == "ImageResize(300, 200, resize_mode=-1)"
