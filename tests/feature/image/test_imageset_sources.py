"""Files that workers cannot open themselves come through Spark, as here from another Hadoop file system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import ImageSet
from zoo_lab.feature.image.imageset_sources import FileSource


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def elsewhere(context: NNContext, test_data: Path, folder: Path) -> Iterator[str]:
    """The root of a viewfs: Hadoop's own file system with mount points, here for the test files and a folder."""
    settings = context.sc._jsc.hadoopConfiguration()
    mounts = {"/images": test_data / "images", "/records": test_data / "tfrecord", "/tmp": folder}
    # Hadoop keeps a file system once made: one for all tests, under a name of its own
    names = {f"fs.viewfs.mounttable.tests.link.{place}": f"file://{target}" for place, target in mounts.items()}
    for name, value in names.items():
        settings.set(name, value)
    yield "viewfs://tests"
    for name in names:
        settings.unset(name)


def check_same(found: ImageSet, expected: ImageSet, elsewhere: str, mount: str, folder: Path) -> None:
    wanted = {feature.uri: feature for feature in expected.collect()}
    got = {feature.uri.replace(f"{elsewhere}{mount}", str(folder)): feature for feature in found.collect()}
    assert got.keys() == wanted.keys()
    for uri, feature in got.items():
        assert feature.label == wanted[uri].label
        np.testing.assert_array_equal(feature.mat, wanted[uri].mat)
        boxes = wanted[uri].boxes
        np.testing.assert_array_equal(feature.boxes and feature.boxes.coordinates, boxes and boxes.coordinates)


def test_folders_of_another_file_system_are_read(context, test_data, elsewhere):
    images = ImageSet.read(f"{elsewhere}/images/imagenet", context, with_label=True)
    expected = ImageSet.read(test_data / "images" / "imagenet", with_label=True)
    check_same(images, expected, elsewhere, "/images", test_data / "images")
    assert images.label_map == expected.label_map
    assert (len(images), len(images.head(2))) == (11, 2)
    assert isinstance(images._source, FileSource)


def test_annotated_images_of_another_file_system_are_read(context, test_data, elsewhere):
    place = "images/VOCdevkit/VOC2007"
    images = ImageSet.read_voc(f"{elsewhere}/{place}", "trainval", context)
    check_same(images, ImageSet.read_voc(test_data / place, "trainval"), elsewhere, "/images", test_data / "images")


def test_records_of_another_file_system_are_read(context, test_data, elsewhere):
    images = ImageSet.read_tfrecord(f"{elsewhere}/records/mnist_test.tfrecord", context)
    expected = ImageSet.read_tfrecord(test_data / "tfrecord" / "mnist_test.tfrecord")
    check_same(images, expected, elsewhere, "/records", test_data / "tfrecord")


def test_parquet_is_written_to_another_file_system(context, test_data, elsewhere):
    expected = ImageSet.read(test_data / "images" / "cat_dog", with_label=True)
    expected.to_distributed(context).write_parquet(f"{elsewhere}/tmp/set")
    check_same(ImageSet.read_parquet(f"{elsewhere}/tmp/set", context), expected, elsewhere, "/tmp", test_data)


def test_empty_files_are_told_there_too(context, folder, elsewhere):
    (folder / "bad").mkdir()
    (folder / "bad" / "empty é%.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"empty é%\.png: .*it is empty"):
        ImageSet.read(f"{elsewhere}/tmp/bad", context).collect()
    [bad] = ImageSet.read(f"{elsewhere}/tmp/bad", context, policy="mark", with_label=True).collect()
    assert (bad.problem, bad.label) == ("it is empty", 0)
