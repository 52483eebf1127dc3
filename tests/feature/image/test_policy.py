"""Files that are no whole picture are named, listed or marked, on this machine and on the workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import ImageResize, ImageSet
from zoo_lab.feature.image.policy import Report

BAD = ["broken.jpg", "cut.jpg", "empty.jpg", "huge.png"]


@pytest.fixture(params=["local", "distributed"])
def sc(request: pytest.FixtureRequest) -> Any:
    return None if request.param == "local" else request.getfixturevalue("context")


@pytest.fixture
def folder(test_data: Path, tmp_path: Path) -> Path:
    """Two whole photographs, and a file for everything that can be wrong with one."""
    dogs = test_data / "images" / "cat_dog" / "dogs"
    photograph = (dogs / "dog.7012.jpg").read_bytes()
    (tmp_path / "small.jpg").write_bytes((dogs / "dog.7011.jpg").read_bytes())
    (tmp_path / "whole.jpg").write_bytes(photograph)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "cut.jpg").write_bytes(photograph[:20_000])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "huge.png").write_bytes(cv2.imencode(".png", np.zeros((500, 500), np.uint8))[1].tobytes())
    return tmp_path


def read(folder: Path, sc: Any, policy: str) -> ImageSet:
    return ImageSet.read(folder, sc, policy=policy, max_pixels=200_000, with_label=True)


@pytest.mark.parametrize("name", BAD)
def test_by_default_the_file_is_named_with_what_is_wrong_and_what_to_do(folder, sc, name):
    for other in set(BAD) - {name}:
        (folder / other).unlink()
    images = read(folder, sc, "raise")
    assert len(images) == 3
    small = images.transform(ImageResize(9, 9))
    for ask in (images.collect, small.collect, small.to_feature_set):
        with pytest.raises(DataError, match=rf'{name}: expected an image file that can be read; .*policy="skip"'):
            ask()


def test_skipped_files_are_counted_and_listed(folder, sc):
    images = read(folder, sc, "skip").transform(ImageResize(8, 8))
    assert len(images) == 2
    names = {Path(feature.uri).name: feature.mat.shape for feature in images.collect()}
    assert names == {"small.jpg": (8, 8, 3), "whole.jpg": (8, 8, 3)}
    report = images.report()
    assert (report.files, report.bad, report.policy) == (6, 4, "skip")
    assert [Path(uri).name for uri, _ in report.problems] == BAD
    reasons = ["known format", "cut off", "it is empty", "over the limit"]
    assert all(reason in problem for (_, problem), reason in zip(report.problems, reasons, strict=True))
    assert images.report() is report


def test_marked_files_stay_with_the_reason_and_steps_hand_them_on(folder, sc):
    images = read(folder, sc, "mark").transform(ImageResize(8, 8))
    assert len(images) == 6
    features = {Path(feature.uri).name: feature for feature in images.collect()}
    assert sorted(name for name, feature in features.items() if feature.problem) == BAD
    assert all(feature.image is None and feature.label == 0 for feature in features.values() if feature.problem)
    arrays = images.get_image()
    arrays = arrays if sc is None else arrays.collect()
    assert sum(array is None for array in arrays) == 4
    with pytest.raises(DataError, match="expected an image file that can be read"):
        images.to_feature_set()


def test_a_file_that_vanished_is_told(test_data, tmp_path):
    path = tmp_path / "gone.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((2, 2), np.uint8))[1].tobytes())
    images = ImageSet.read(path)
    path.unlink()
    with pytest.raises(DataError, match=r"gone\.png: .*it cannot be opened: No such file"):
        images.collect()


def test_a_set_of_which_nothing_is_left_is_told(folder, sc):
    for name in ("small.jpg", "whole.jpg"):
        (folder / name).unlink()
    images = read(folder, sc, "skip")
    assert len(images) == 0
    with pytest.raises(DataError, match="at least one row"):
        images.to_feature_set()


def test_a_report_of_many_shows_some():
    report = Report(50, tuple((f"{number:02}.jpg", "it is empty") for number in range(30)), "skip")
    text = str(report)
    assert text.startswith('50 images, 30 bad (policy "skip"):\n  00.jpg: it is empty')
    assert text.endswith("… and 10 more (in .problems)")
    assert str(Report(3)) == "3 images, none bad"


def test_the_policies_are_three():
    with pytest.raises(ArgumentError, match="'raise', 'skip', 'mark'"):
        ImageSet.read(".", policy="ignore")
