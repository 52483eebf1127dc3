"""Patches start at zero-based voxels, may be as large as the volume, and random ones reach every place."""

from __future__ import annotations

import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image3d import CenterCrop3D, Crop3D, RandomCrop3D, Rotate3D

VOLUME = np.random.default_rng(0).normal(size=(60, 70, 80)).astype(np.float32)
SMALL = np.arange(3 * 4 * 5).reshape(3, 4, 5)


def test_a_crop_is_the_slice_of_the_reference_whose_start_counts_from_1():
    cropped = Crop3D((10, 20, 20), (21, 31, 41), one_based_start=True)(VOLUME)
    np.testing.assert_array_equal(cropped, VOLUME[9:30, 19:50, 19:60])
    np.testing.assert_array_equal(Crop3D((9, 19, 19), (21, 31, 41))(VOLUME), cropped)


@pytest.mark.parametrize("step", [Crop3D((0, 0, 0), (3, 4, 5)), CenterCrop3D(3, 4, 5), RandomCrop3D(3, 4, 5)], ids=repr)
def test_a_patch_as_large_as_the_volume_is_the_volume(step):
    np.testing.assert_array_equal(step(SMALL), SMALL)


@pytest.mark.parametrize(("size", "crop", "first"), [(5, 3, 1), (5, 2, 1), (4, 2, 1), (4, 3, 0), (7, 1, 3)])
def test_the_middle_is_exact_and_lower_where_it_lies_between_voxels(size, crop, first):
    line = np.arange(size).reshape(size, 1, 1)
    assert CenterCrop3D(crop, 1, 1)(line).ravel().tolist() == list(range(first, first + crop))


def test_every_start_of_a_random_crop_is_drawn_equally_often():
    counts = np.zeros((3, 3, 2), int)
    step = RandomCrop3D(1, 2, 4)
    for number in range(3600):
        done = step(ImageFeature(uri=f"{number}.nii", tensor=SMALL[..., np.newaxis]))
        [(name, drawn)] = done.draws
        assert name == "RandomCrop3D"
        depth, height, width = drawn["start"]
        np.testing.assert_array_equal(
            done.tensor[..., 0], SMALL[depth : depth + 1, height : height + 2, width : width + 4]
        )
        counts[drawn["start"]] += 1
    # 18 places, 200 each on average; chi-square with 17 degrees of freedom stays below 41 in 999 of 1000 cases
    assert ((counts - 200) ** 2 / 200).sum() < 41


def test_a_random_crop_depends_on_seed_epoch_and_volume_only():
    step = RandomCrop3D(1, 1, 1)

    def drawn(seed, epoch, uri):
        return step(ImageFeature(uri=uri, tensor=VOLUME[..., np.newaxis]).seeded(seed, epoch)).draws[0][1]["start"]

    assert drawn(1, 0, "a") == drawn(1, 0, "a")
    assert len({drawn(1, 0, "a"), drawn(2, 0, "a"), drawn(1, 1, "a"), drawn(1, 0, "b")}) == 4


def test_a_volume_without_a_uri_is_known_by_its_voxels():
    step = RandomCrop3D(5, 5, 5)
    np.testing.assert_array_equal(step(VOLUME), step(VOLUME.copy()))
    starts = {step(ImageFeature(tensor=VOLUME[..., None] + number)).draws[0][1]["start"] for number in range(5)}
    assert len(starts) == 5


def test_a_patch_that_leaves_the_volume_is_refused():
    with pytest.raises(DataError, match=r"CenterCrop3D\(4, 1, 1\): expected a volume of at least \(4, 1, 1\)"):
        CenterCrop3D(4, 1, 1)(SMALL)
    with pytest.raises(DataError, match="received one of"):
        RandomCrop3D(1, 5, 1)(SMALL)
    with pytest.raises(DataError, match="expected a patch inside the volume"):
        Crop3D((1, 0, 0), (3, 1, 1))(SMALL)


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match=r"(?s)start\[0\].*patch_size\[2\]"):
        Crop3D((-1, 0, 0), (1, 1, 0))
    with pytest.raises(ArgumentError, match=r"start as \(depth, height, width\)"):
        Crop3D((1, 2), (1, 1, 1))
    with pytest.raises(ArgumentError, match=r"start\[1\]"):
        Crop3D((1, 0, 1), (1, 1, 1), one_based_start=True)
    with pytest.raises(ArgumentError, match=r"(?s)crop_depth.*crop_width"):
        RandomCrop3D(0, 1, 2.5)


def test_what_is_no_volume_is_refused():
    with pytest.raises(DataError, match=r"expected a volume of numbers.*received shape \(4, 5\)"):
        CenterCrop3D(1, 1, 1)(SMALL[0])
    with pytest.raises(DataError, match=r"a\.nii: expected a volume as its tensor"):
        Rotate3D([0, 0, 0])(ImageFeature(uri="a.nii"))
