"""Boxes of VOC and COCO come with their images, alike on this machine and on the workers; bad files are named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import ImageResize, ImageSet
from zoo_lab.feature.image.coco import parse_annotations
from zoo_lab.feature.image.voc import CLASSES, parse_annotation

LABELS = {name: label for label, name in enumerate(CLASSES)}


@pytest.fixture(params=["local", "distributed"])
def sc(request: pytest.FixtureRequest) -> Any:
    return None if request.param == "local" else request.getfixturevalue("context")


@pytest.fixture
def voc(test_data: Path) -> Path:
    return test_data / "images" / "VOCdevkit" / "VOC2007"


def test_the_image_of_the_reference_has_its_boxes(test_data):
    path = test_data / "images" / "pascal" / "000025.xml"
    name, boxes = parse_annotation(path.read_bytes(), str(path), LABELS)
    assert name == "000025.jpg"
    assert [2, 84, 59, 248] in boxes.coordinates.tolist()
    assert [320, 2, 496, 375] in boxes.coordinates.tolist()
    normalized = boxes.to_normalized(375, 500).coordinates[boxes.coordinates.tolist().index([2, 84, 59, 248])]
    np.testing.assert_allclose(normalized, [0.004, 0.224, 0.118, 0.661333], atol=1e-6)  # printed with six digits


@pytest.mark.parametrize("split", [None, "trainval", "test"])
def test_voc_gives_the_images_of_a_split_with_their_boxes(voc, sc, split):
    images = ImageSet.read_voc(voc, split, sc)
    features = images.collect()
    assert images.label_map == LABELS
    listed = (voc / "ImageSets" / "Main" / f"{split or 'trainval'}.txt").read_text().split()
    assert sorted(Path(feature.uri).stem for feature in features) == sorted(listed)
    for feature in features:
        np.testing.assert_array_equal(feature.mat, cv2.imread(feature.uri))
        tree = ElementTree.parse(voc / "Annotations" / f"{Path(feature.uri).stem}.xml")
        objects = tree.findall("object")
        sides = ("xmin", "ymin", "xmax", "ymax")
        expected = [[float(item.find("bndbox").findtext(side)) for side in sides] for item in objects]
        assert feature.boxes.coordinates.tolist() == expected
        assert [CLASSES[label] for label in feature.boxes.labels] == [item.findtext("name") for item in objects]
        assert feature.boxes.difficult.tolist() == [item.findtext("difficult") == "1" for item in objects]


def test_boxes_follow_when_a_set_is_read_in_one_size(voc, sc):
    [plain] = [feature for feature in ImageSet.read_voc(voc).collect() if feature.uri.endswith("000005.jpg")]
    read = ImageSet.read_voc(voc, "test", sc, resize_height=150, resize_width=250)
    [small] = [feature for feature in read.collect() if feature.uri.endswith("000005.jpg")]
    expected = plain.boxes.coordinates * [250 / 500, 150 / 375, 250 / 500, 150 / 375]
    np.testing.assert_allclose(small.boxes.coordinates, expected, rtol=1e-6)
    again = ImageSet.read_voc(voc, "test", sc).transform(ImageResize(150, 250))
    [other] = [feature for feature in again.collect() if feature.uri.endswith("000005.jpg")]
    np.testing.assert_array_equal(other.mat, small.mat)


def test_other_classes_can_be_named(voc, tmp_path):
    with pytest.raises(DataError, match=r"000005\.xml: expected objects of the classes cat, dog; received 'chair'"):
        ImageSet.read_voc(voc, classes=["cat", "dog"])
    assert ImageSet.read_voc(voc, classes=sorted(CLASSES, reverse=True)).label_map["aeroplane"] == 19
    with pytest.raises(ArgumentError, match="classes to be different names"):
        ImageSet.read_voc(voc, classes=["cat", "cat"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<annotation>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>',
        b'<!DOCTYPE a [<!ENTITY x "1">]><annotation/>',
        b"<annotation><object><name>cat</name></object></annotation>",
        b"<annotation><object><name>cat</name><bndbox><xmin>a</xmin></bndbox></object></annotation>",
    ],
)
def test_an_annotation_that_cannot_be_read_or_reaches_outside_is_refused(content):
    with pytest.raises(DataError, match=r"odd\.xml: expected a"):
        parse_annotation(content, "odd.xml", LABELS)


def test_a_list_of_one_class_leaves_out_those_without_it(voc, tmp_path, sc):
    shutil.copytree(voc, tmp_path / "voc", copy_function=shutil.copyfile)
    (tmp_path / "voc" / "ImageSets" / "Main" / "car_val.txt").write_text("000005 -1\n000007  1\n000009  0\n")
    images = ImageSet.read_voc(tmp_path / "voc", "car_val", sc)
    assert sorted(Path(feature.uri).stem for feature in images.collect()) == ["000007", "000009"]


def test_what_is_missing_is_named(voc, tmp_path, sc):
    with pytest.raises(DataError, match=r"minival\.txt"):
        ImageSet.read_voc(voc, "minival", sc)
    shutil.copytree(voc, tmp_path / "voc", copy_function=shutil.copyfile)
    (tmp_path / "voc" / "JPEGImages" / "000007.jpg").unlink()
    with pytest.raises(DataError, match=r"000007\.jpg"):
        ImageSet.read_voc(tmp_path / "voc", sc=sc).collect()
    with pytest.raises(DataError, match="Annotations"):
        ImageSet.read_voc(tmp_path, sc=sc)


def coco(voc: Path, path: Path) -> dict[str, Any]:
    """Write the VOC data set as COCO, with category ids that leave gaps, and return it."""
    told: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    told["categories"] = [{"id": 90 - 3 * label, "name": name} for name, label in LABELS.items()]
    for number, file in enumerate(sorted((voc / "Annotations").iterdir())):
        told["images"].append({"id": number, "file_name": f"JPEGImages/{file.stem}.jpg"})
        _, boxes = parse_annotation(file.read_bytes(), str(file), LABELS)
        columns = (boxes.coordinates.tolist(), boxes.labels, boxes.difficult)
        for (x1, y1, x2, y2), label, crowd in zip(*columns, strict=True):
            box = {"bbox": [x1, y1, x2 - x1, y2 - y1], "category_id": 90 - 3 * int(label), "iscrowd": int(crowd)}
            told["annotations"].append({"image_id": number, **box})
    path.write_text(json.dumps(told))
    return told


def test_coco_gives_the_boxes_that_voc_gives(voc, tmp_path, sc):
    coco(voc, tmp_path / "instances.json")
    expected = {feature.uri: feature for feature in ImageSet.read_voc(voc).collect()}
    images = ImageSet.read_coco(voc, tmp_path / "instances.json", sc)
    names = {label: name for name, label in images.label_map.items()}
    assert names == dict(enumerate(reversed(CLASSES)))  # by id
    found = {feature.uri: feature for feature in images.collect()}
    assert found.keys() == expected.keys()
    for uri, feature in found.items():
        np.testing.assert_array_equal(feature.boxes.coordinates, expected[uri].boxes.coordinates)
        assert [names[label] for label in feature.boxes.labels] == [CLASSES[i] for i in expected[uri].boxes.labels]
        np.testing.assert_array_equal(feature.boxes.difficult, expected[uri].boxes.difficult)


def test_an_image_without_objects_has_no_boxes():
    content = json.dumps({"images": [{"id": 3, "file_name": "a.jpg"}], "annotations": [], "categories": []})
    names, boxes, label_map = parse_annotations(content.encode(), "a.json")
    assert (names, len(boxes[3]), label_map) == ({3: "a.jpg"}, 0, {})


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"images": [], "annotations": [{}], "categories": []}'])
def test_a_file_that_is_no_coco_is_named(content):
    with pytest.raises(DataError, match=r"odd\.json: expected COCO annotations"):
        parse_annotations(content, "odd.json")
