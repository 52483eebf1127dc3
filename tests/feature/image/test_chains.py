"""The predecessor's chains on its own test files: classification against OpenCV, detection with boxes of VOC."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from zoo_lab.feature.image import (
    Boxes,
    ChainedPreprocessing,
    ImageAspectScale,
    ImageBytesToMat,
    ImageCenterCrop,
    ImageChannelNormalize,
    ImageColorJitter,
    ImageExpand,
    ImageFeature,
    ImageFeatureToTensor,
    ImageHFlip,
    ImageMatToFloats,
    ImageMatToTensor,
    ImageRandomPreprocessing,
    ImageRandomSampler,
    ImageResize,
    ImageRoiHFlip,
    ImageRoiNormalize,
    ImageRoiProject,
)

CLASSIFY = ChainedPreprocessing(
    [
        ImageBytesToMat(image_codec=1),
        ImageResize(256, 256),
        ImageCenterCrop(224, 224),
        ImageChannelNormalize(123, 117, 104),
        ImageMatToTensor(),
        ImageFeatureToTensor(),
    ]
)
DETECT = ChainedPreprocessing(
    [
        ImageBytesToMat(),
        ImageRoiNormalize(),
        ImageColorJitter(),
        ImageRandomPreprocessing(ChainedPreprocessing([ImageExpand(), ImageRoiProject()]), 0.5),
        ImageRandomSampler(),
        ImageResize(300, 300, -1),
        ImageRandomPreprocessing(ChainedPreprocessing([ImageHFlip(), ImageRoiHFlip()]), 0.5),
        ImageChannelNormalize(123, 117, 104),
        ImageMatToFloats(),
    ]
)


def voc(folder: Path) -> list[ImageFeature]:
    """The ten images of the VOC folder, with their boxes in pixels."""
    found = []
    for path in sorted((folder / "images" / "VOCdevkit" / "VOC2007" / "JPEGImages").glob("*.jpg")):
        tree = ElementTree.parse(path.parent.parent / "Annotations" / f"{path.stem}.xml")
        edges = ("xmin", "ymin", "xmax", "ymax")
        boxes = [[float(box.findtext(edge)) for edge in edges] for box in tree.iter("bndbox")]
        found.append(ImageFeature(uri=path.name, bytes=path.read_bytes(), boxes=Boxes(boxes, np.arange(len(boxes)))))
    assert len(found) == 10
    return found


def test_classification_of_every_real_file_is_that_of_opencv(test_data):
    files = [path for path in (test_data / "images" / "imagenet").rglob("*") if path.is_file()]
    assert len(files) == 11
    for path in files:
        image = cv2.resize(cv2.imread(str(path), cv2.IMREAD_COLOR), (256, 256))[16:240, 16:240]
        expected = (image.astype(np.float32) - [104, 117, 123]).transpose(2, 0, 1)
        np.testing.assert_array_equal(CLASSIFY(path.read_bytes()), expected)


@pytest.mark.parametrize("epoch", range(3))
def test_detection_keeps_boxes_in_the_picture_and_of_its_objects(test_data, epoch):
    for image in voc(test_data):
        result = DETECT(image.seeded(1, epoch))
        assert result.floats.shape == (300, 300, 3) and np.isfinite(result.floats).all()
        boxes = result.boxes
        assert boxes.normalized and set(boxes.labels) <= set(image.boxes.labels)
        assert ((boxes.coordinates >= 0) & (boxes.coordinates <= 1)).all()
        assert (boxes.coordinates[:, :2] < boxes.coordinates[:, 2:]).all()


def test_detection_sees_other_pictures_in_each_epoch_and_most_objects_in_the_long_run(test_data):
    image = voc(test_data)[0]
    results = [DETECT(image.seeded(1, epoch)) for epoch in range(30)]
    assert len({result.floats.tobytes() for result in results}) >= 28  # by chance nothing happens in some of them
    assert set(np.concatenate([result.boxes.labels for result in results])) == set(image.boxes.labels)


def test_the_pixels_in_a_box_are_those_of_its_object(test_data):
    """Without chance: what the moved box cuts out of the scaled picture is the scaled cut of the box."""
    chain = ChainedPreprocessing([ImageBytesToMat(), ImageAspectScale(600), ImageHFlip()])
    for image in voc(test_data):
        result = chain(image)
        original = ImageBytesToMat()(image).mat
        for before, after in zip(image.boxes.coordinates, result.boxes.coordinates, strict=True):
            x1, y1, x2, y2 = before.astype(int)
            u1, v1, u2, v2 = after.round().astype(int)
            expected = cv2.resize(original[y1:y2, x1:x2][:, ::-1], (u2 - u1, v2 - v1)).astype(float)
            # cut first or scaled first: the edges take in other neighbours
            assert np.abs(result.mat[v1:v2, u1:u2] - expected).mean() < 8
