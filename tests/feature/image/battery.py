"""What every image step must do, and the steps that it is run over: all of the package, so that none is forgotten."""

from __future__ import annotations

import dataclasses
import inspect
import json
import pickle
from typing import Any

import cv2
import numpy as np

from tests.feature.image.photographs import feature, part
from zoo_lab.feature.image import (
    Boxes,
    Contrast,
    DetectionCrop,
    FixExpand,
    ImageAspectScale,
    ImageBrightness,
    ImageBytesToMat,
    ImageCenterCrop,
    ImageChannelNormalize,
    ImageChannelOrder,
    ImageChannelScaledNormalizer,
    ImageCLAHE,
    ImageColorJitter,
    ImageCutout,
    ImageExpand,
    ImageFeature,
    ImageFeatureToSample,
    ImageFeatureToTensor,
    ImageFiller,
    ImageFixedCrop,
    ImageGaussianBlur,
    ImageGaussianNoise,
    ImageHFlip,
    ImageHue,
    ImageMatToFloats,
    ImageMatToTensor,
    ImageMirror,
    ImagePixelBytesToMat,
    ImagePixelNormalize,
    ImagePreprocessing,
    ImageRandAugment,
    ImageRandomAffine,
    ImageRandomAspectScale,
    ImageRandomCrop,
    ImageRandomCropper,
    ImageRandomPerspective,
    ImageRandomPreprocessing,
    ImageRandomResize,
    ImageRandomResizedCrop,
    ImageRandomRotation,
    ImageRandomSampler,
    ImageResize,
    ImageRoiHFlip,
    ImageRoiNormalize,
    ImageRoiProject,
    ImageRoiResize,
    ImageSaturation,
    ImageSetToSample,
    PerImageNormalize,
    RandomAlterAspect,
    RandomImagePreprocessing,
    ScaleResize,
)
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing

PNG = cv2.imencode(".png", part())[1].tobytes()
ROW = {"origin": "a.png", "height": 1, "width": 2, "nChannels": 3, "mode": 16, "data": bytes(range(6))}
WHOLE = feature(
    bytes=part().tobytes(),
    tensor=np.ones((3, 4), np.float32),
    extra={"png": PNG, "roi": [0.1, 0.2, 0.7, 0.9]},
)

MOVING = [
    ImageResize(100, 150),
    ImageResize(300, 200, -1),
    ImageAspectScale(300, scale_multiple_of=32),
    ImageRandomAspectScale([100, 200, 300]),
    ScaleResize(150, 180),
    ImageRandomResize(100, 300),
    ImageRandomCrop(200, 150),
    ImageCenterCrop(250, 200),
    ImageFixedCrop(0.1, 0.1, 0.8, 0.9),
    DetectionCrop("roi"),
    RandomAlterAspect(min_area_ratio=0.5),
    ImageRandomResizedCrop(150, 200, scale_low=0.5),
    ImageRandomCropper(300, 200, True),
    ImageRandomCropper(300, 200, False, "Center"),
    ImageExpand(max_expand_ratio=2),
    FixExpand(300, 400),
    ImageHFlip(),
    ImageMirror(),
    ImageRandomRotation(-30, 30),
    ImageRandomAffine(20, translate=0.1, scale_low=0.8, scale_high=1.2, shear=10),
    ImageRandomPerspective(0.3),
    ImageRandomSampler(),
    ImageRandomPreprocessing(ChainedPreprocessing([ImageHFlip(), ImageResize(90, 80, -1)]), 0.5),
]
"""Steps that move pixels."""

COLORING = [
    ImageBrightness(-32, 32),
    Contrast(0.5, 1.5),
    ImageSaturation(0.5, 1.5),
    ImageHue(-18, 18),
    ImageChannelOrder(),
    ImageColorJitter(random_order_prob=0.5),
    ImageColorJitter(shuffle=True),
    ImageChannelNormalize(123, 117, 104, 58, 57, 56),
    ImageChannelScaledNormalizer(123, 117, 104, 0.017),
    PerImageNormalize(0, 1),
    ImagePixelNormalize(np.full((240, 320, 3), 100.0)),
    ImageFiller(0.1, 0.2, 0.5, 0.6),
    ImageCutout(holes=2),
    ImageGaussianBlur(),
    ImageGaussianNoise(),
    ImageCLAHE(),
    ImageRandAugment(),
]
"""Steps that change pixels where they are."""

OTHERS = [
    ImageBytesToMat("png"),
    ImagePixelBytesToMat(),
    ImageMatToFloats(),
    ImageMatToTensor(),
    ImageMatToTensor(to_RGB=True, format="NHWC"),
    ImageFeatureToTensor(),
    ImageFeatureToSample(),
    ImageSetToSample(),
    ImageRoiNormalize(),
    ImageRoiResize(),
    ImageRoiHFlip(),
    ImageRoiProject(),
]

STEPS = [*MOVING, *COLORING, *OTHERS]
NO_STEPS = {ImagePreprocessing, RandomImagePreprocessing}


def check_transform(step: Preprocessing, image: ImageFeature = WHOLE) -> None:
    """Check what holds for every step: it leaves its input, travels, repeats, replays, and passes on bad images."""
    before = contents(image)
    result = step(image)
    assert contents(image) == before, "the input was changed"
    assert contents(pickle.loads(pickle.dumps(step))(image)) == contents(result), "it does not travel by pickle"
    assert contents(step(image)) == contents(result), "a repetition differs"
    check_documented(step)
    if isinstance(result, ImageFeature):
        replayed = step.replay(image.seeded(99), json.loads(json.dumps(result.draws)))
        assert contents(replayed) == contents(result), "a replay differs"
        assert result.uri == image.uri and result.label == image.label
        drew = [name for name, _ in result.draws]
        assert drew[:1] == [type(step).__name__] * step.by_chance
    if not step.by_chance:
        assert contents(step(image.seeded(5, epoch=3))) == contents(result), "it says that nothing depends on chance"
    bad = image.replace(problem="truncated")
    assert step(bad) is bad


def check_documented(step: Preprocessing) -> None:
    """Check that the class says what it does, what each argument means, and shows an example."""
    text = inspect.getdoc(type(step))
    assert "Example:\n" in text
    assert [field.name for field in dataclasses.fields(step) if f"{field.name}: " not in text] == []


def contents(value: Any) -> Any:
    """Everything that an image holds, to be compared: arrays as their bytes; only the draws' seed and script differ."""
    if isinstance(value, ImageFeature):
        names = [field.name for field in dataclasses.fields(value) if field.name != "seeding"]
        return {name: contents(getattr(value, name)) for name in names}
    if isinstance(value, Boxes):
        return {field.name: contents(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: contents(item) for key, item in value.items()}
    return [contents(item) for item in value] if isinstance(value, (list, tuple)) else value
