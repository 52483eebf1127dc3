"""Files that the workers open by name: dealt out evenly, whatever they are called, and told when they are gone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import ImageSet
from zoo_lab.feature.image.namedfiles import NamedFiles

ODD = ("plain.png", "with space.png", "per%20cent.png", "é#ü?.png", "a,b;c.png", "line\nbreak.png", "{x}[y]*.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, kind in enumerate(("cats", "dogs", "eels")):
        (tmp_path / kind).mkdir()
        for position in range(4):
            cv2.imwrite(str(tmp_path / kind / f"{position}.png"), np.full((2, 3, 3), 10 * number + position, np.uint8))
    return tmp_path


def test_each_partition_gets_files_of_every_folder(context, folder):
    images = ImageSet.read(folder, context, min_partitions=3, with_label=True)
    assert isinstance(images._source, NamedFiles)
    assert [sorted(labels) for labels in images.get_label().glom().collect()] == [
        [0, 0, 1, 2],
        [0, 1, 1, 2],
        [0, 1, 2, 2],
    ]


def test_there_are_two_partitions_for_each_slot_and_never_more_than_files(context, folder):
    assert ImageSet.read(folder, context).rdd.getNumPartitions() == 2 * context.slots
    assert ImageSet.read(folder, context, min_partitions=50).rdd.getNumPartitions() == 12
    many = NamedFiles(context, [f"/{number}.png" for number in range(9001)], make=_nothing)
    assert many.images().getNumPartitions() == 10  # a thousand files each at most


@pytest.mark.parametrize("name", ODD)
def test_a_file_may_have_any_name(context, tmp_path, name):
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((2, 3, 3), np.uint8))
    (tmp_path / "other.png").rename(tmp_path / name)
    [image] = ImageSet.read(tmp_path, context).collect()
    assert (image.uri, image.size) == (str(tmp_path / name), (2, 3, 3))


def test_only_the_first_files_are_opened_for_the_first_images(context, folder):
    images = ImageSet.read(folder, context)
    for path in sorted(folder.rglob("*.png"))[2:]:
        path.unlink()
    assert [image.uri for image in images.head(2)] == [str(folder / "cats" / name) for name in ("0.png", "1.png")]


def test_a_file_that_is_gone_is_told_by_the_policy(context, folder):
    images = {policy: ImageSet.read(folder, context, policy=policy) for policy in ("raise", "mark")}
    (folder / "dogs" / "2.png").unlink()
    with pytest.raises(DataError, match=r"dogs/2\.png: .*it cannot be opened: No such file"):
        images["raise"].collect()
    [bad] = [image for image in images["mark"].collect() if image.problem]
    assert bad.uri == str(folder / "dogs" / "2.png")


def _nothing(uri: str, data: bytes) -> list:
    return []
