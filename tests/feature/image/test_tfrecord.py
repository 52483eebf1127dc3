"""TFRecord files are read without TensorFlow, which is the oracle here; damaged ones are named."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import ImageSet
from zoo_lab.feature.image.protobuf import parse_example


@pytest.fixture(params=["local", "distributed"])
def sc(request: pytest.FixtureRequest) -> Any:
    return None if request.param == "local" else request.getfixturevalue("context")


def example(**features: list[Any]) -> bytes:
    """Return a serialized Example, by TensorFlow."""
    made = {}
    for name, values in features.items():
        if isinstance(values[0], bytes):
            made[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif isinstance(values[0], float):
            made[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            made[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def write(path: Path, records: list[bytes]) -> Path:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


def test_the_real_digits_are_read(test_data, sc):
    folder = test_data / "tfrecord"
    images = ImageSet.read_tfrecord(folder / "mnist_*.tfrecord", sc)
    assert len(images) == 40
    found = {feature.uri: feature for feature in images.collect()}
    for path in folder.iterdir():
        for number, record in enumerate(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()):
            told = tf.train.Example.FromString(record).features.feature
            feature = found[f"{path}#{number}"]
            data = np.frombuffer(told["image/encoded"].bytes_list.value[0], np.uint8)
            np.testing.assert_array_equal(feature.mat[..., 0], cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
            assert feature.label == told["image/class/label"].int64_list.value[0]


def test_every_kind_of_feature_is_parsed_as_tensorflow_does():
    values = {
        "bytes": [b"", b"abc"],
        "floats": [1.5, -2.25, float("inf")],
        "integers": [0, 1, 300, -1, 2**63 - 1, -(2**63)],
        "ä": [7],
    }
    assert parse_example(example(**values)) == values
    assert parse_example(b"") == {}
    empty = tf.train.Example(features=tf.train.Features(feature={"none": tf.train.Feature()}))
    assert parse_example(empty.SerializeToString()) == {"none": []}


def test_damaged_examples_never_break_the_parser():
    data = example(image=[b"abcdef" * 10], label=[3], box=[0.5])
    generator = random.Random(0)
    for _ in range(2000):
        broken = bytearray(data[: generator.randrange(len(data))])
        for _ in range(min(3, len(broken))):
            broken[generator.randrange(len(broken))] = generator.randrange(256)
        try:
            parse_example(bytes(broken))
        except (ValueError, IndexError):
            continue


def test_other_keys_and_boxes_are_read(tmp_path, sc):
    picture = cv2.imencode(".png", np.full((4, 8, 3), 9, np.uint8))[1].tobytes()
    sides = {"image/object/bbox/xmin": [0.0, 0.5], "image/object/bbox/ymin": [0.25, 0.0]}
    sides |= {"image/object/bbox/xmax": [0.5, 1.0], "image/object/bbox/ymax": [1.0, 0.5]}
    record = example(picture=[picture], kind=[4], **sides, **{"image/object/class/label": [1, 2]})
    path = write(tmp_path / "a.tfrecord", [record])
    [feature] = ImageSet.read_tfrecord(path, sc, image_key="picture", label_key="kind").collect()
    assert feature.label == 4
    assert feature.boxes.normalized
    assert feature.boxes.coordinates.tolist() == [[0, 0.25, 0.5, 1], [0.5, 0, 1, 0.5]]
    assert feature.boxes.labels.tolist() == [1, 2]
    [plain] = ImageSet.read_tfrecord(path, sc, image_key="picture", label_key=None).collect()
    assert plain.label is None


def test_a_record_without_an_image_is_bad(tmp_path, sc):
    path = write(tmp_path / "a.tfrecord", [example(other=[1]), b"no example"])
    images = ImageSet.read_tfrecord(path, sc, policy="skip")
    assert len(images) == 0
    problems = dict(images.report().problems)
    assert "no bytes under 'image/encoded'; its features are 'other'" in problems[f"{path}#0"]
    assert f"{path}#1" in problems
    with pytest.raises(DataError, match=r"a\.tfrecord#0"):
        ImageSet.read_tfrecord(path, sc).collect()


def test_a_record_whose_data_were_changed_is_bad(test_data, tmp_path, sc):
    """One byte among the pixels: the picture still decodes, and only the check sum tells."""
    data = bytearray((test_data / "tfrecord" / "mnist_train.tfrecord").read_bytes())
    data[12 + 40] ^= 1
    path = tmp_path / "a.tfrecord"
    path.write_bytes(data)
    images = ImageSet.read_tfrecord(path, sc, policy="skip")
    [(uri, problem)] = images.report().problems
    assert uri == f"{path}#0" and "the check sum of its data is another" in problem
    assert len(images) == images.report().files - 1
    with pytest.raises(DataError, match=r"a\.tfrecord#0: .*check sum"):
        ImageSet.read_tfrecord(path, sc).collect()


@pytest.mark.parametrize(("part", "message"), [(0.9, "cut off at"), (0, "expected a TFRecord at byte 0")])
def test_a_file_that_is_damaged_is_named(test_data, tmp_path, sc, part, message):
    data = (test_data / "tfrecord" / "mnist_train.tfrecord").read_bytes()
    (tmp_path / "bad.tfrecord").write_bytes(data[: int(len(data) * part)] or b"something else entirely")
    with pytest.raises(DataError, match=rf"bad\.tfrecord: .*{message}"):
        ImageSet.read_tfrecord(tmp_path / "bad.tfrecord", sc).collect()
