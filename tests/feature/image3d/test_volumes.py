"""Volumes come out of every kind of file as (depth, height, width, channels), or the file is named."""

from __future__ import annotations

from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest
from scipy.io import savemat

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image3d import read_volume
from zoo_lab.feature.image3d.volumes import read_matlab, read_nifti, read_npy

# x, y, z: every voxel tells its own place
STORED = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)


def write_nifti(path: Path, stored: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(stored, np.eye(4)), path)
    return path


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "SCAN.NII"])
def test_the_axes_of_a_nifti_file_are_width_height_and_depth(tmp_path, name):
    volume = read_volume(write_nifti(tmp_path / name, STORED))
    assert volume.shape == (4, 3, 2, 1)
    assert volume.dtype == np.float32
    for x, y, z in np.ndindex(2, 3, 4):
        assert volume[z, y, x, 0] == STORED[x, y, z]


def test_a_fourth_axis_of_a_nifti_file_becomes_the_channels(tmp_path):
    stored = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    volume = read_nifti(write_nifti(tmp_path / "time.nii", stored))
    assert volume.shape == (4, 3, 2, 5)
    assert volume[3, 1, 0, 2] == stored[0, 1, 3, 2]


def test_axes_of_one_beyond_the_fourth_are_dropped(tmp_path):
    path = write_nifti(tmp_path / "five.nii", STORED.reshape(2, 3, 4, 1, 1))
    assert read_nifti(path).shape == (4, 3, 2, 1)


def test_scale_and_offset_of_a_nifti_file_are_applied(tmp_path):
    image = nibabel.Nifti1Image(STORED, np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    nibabel.save(image, tmp_path / "scaled.nii")
    stored = nibabel.load(tmp_path / "scaled.nii").dataobj
    volume = read_nifti(tmp_path / "scaled.nii")
    # float32 of values below 24: exact to 1e-5
    np.testing.assert_allclose(volume[..., 0].T, stored.get_unscaled() * stored.slope + stored.inter, atol=1e-5)


def test_a_real_scan_is_read():
    path = Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"
    volume = read_volume(path)
    stored = np.asarray(nibabel.load(path).dataobj)
    assert volume.shape == (24, 96, 128, 2)
    np.testing.assert_array_equal(volume[7, :, :, 1].T, stored[:, :, 7, 1].astype(np.float32))


def test_the_real_matlab_volume_has_slices_first_and_rows_as_its_height(test_data):
    path = test_data / "image3d" / "a.mat"
    volume = read_volume(path)
    assert volume.shape == (20, 256, 256, 1)
    with h5py.File(path) as file:  # HDF5 has MATLAB's axes in reverse: slice, column, row
        raw = file["meniscus_im"][()]
    np.testing.assert_array_equal(volume[14, :, :, 0], raw[14].T)
    np.testing.assert_array_equal(read_volume(path, "meniscus_im"), volume)


def test_old_and_new_matlab_files_give_the_same(tmp_path):
    rows_columns_slices = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    savemat(tmp_path / "old.mat", {"scan": rows_columns_slices, "name": "knee", "matrix": np.eye(2)})
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as file:
        file["scan"] = rows_columns_slices.T
    old, new = read_matlab(tmp_path / "old.mat"), read_matlab(tmp_path / "new.mat")
    assert old.shape == (4, 2, 3, 1)
    assert old[3, 1, 2, 0] == rows_columns_slices[1, 2, 3]
    np.testing.assert_array_equal(old, new)


def test_a_matlab_file_with_several_volumes_wants_a_name(tmp_path):
    savemat(tmp_path / "two.mat", {"left": np.zeros((2, 3, 4)), "right": np.ones((2, 3, 4))})
    assert read_volume(tmp_path / "two.mat", "right").min() == 1
    with pytest.raises(DataError, match=r"two\.mat: expected one volume, or its name as key.*'left', 'right'"):
        read_volume(tmp_path / "two.mat")
    with pytest.raises(DataError, match="expected a variable 'knee'"):
        read_volume(tmp_path / "two.mat", "knee")


def test_a_npy_file_is_taken_as_it_is(tmp_path):
    stored = np.arange(48.0).reshape(2, 3, 4, 2)
    np.save(tmp_path / "four.npy", stored)
    np.save(tmp_path / "three.npy", stored[..., 0])
    np.testing.assert_array_equal(read_volume(tmp_path / "four.npy"), stored)
    np.testing.assert_array_equal(read_volume(tmp_path / "three.npy"), stored[..., :1])


def test_pickled_objects_are_refused(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"objects\.npy: expected a \.npy file of numbers"):
        read_npy(tmp_path / "objects.npy")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mat", "a.npy"])
@pytest.mark.parametrize("content", [b"", b"no volume at all" * 50, b"\x89HDF\r\n\x1a\n" + b"\0" * 600])
def test_a_file_that_holds_something_else_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        read_volume(tmp_path / name)


def test_a_truncated_scan_is_named(tmp_path):
    whole = write_nifti(tmp_path / "whole.nii", STORED).read_bytes()
    (tmp_path / "cut.nii").write_bytes(whole[:-10])
    with pytest.raises(DataError, match=r"cut\.nii"):
        read_volume(tmp_path / "cut.nii")


@pytest.mark.parametrize(
    "stored", [np.zeros((3, 4)), np.zeros((1, 2, 3, 4, 5)), np.zeros((2, 0, 3)), np.full((1, 1, 1), "a")], ids=str
)
def test_what_is_no_volume_is_told_with_its_shape(tmp_path, stored):
    np.save(tmp_path / "flat.npy", stored)
    with pytest.raises(DataError, match=r"flat\.npy: expected a volume of numbers"):
        read_volume(tmp_path / "flat.npy")


def test_wrong_arguments_are_told(tmp_path):
    with pytest.raises(ArgumentError, match=r"ends in \.nii"):
        read_volume("scan.dcm")
    with pytest.raises(DataError, match=r"there is none at .*missing\.npy"):
        read_volume(tmp_path / "missing.npy")
    with pytest.raises(ArgumentError, match="expected no key"):
        read_volume(tmp_path / "scan.nii", "knee")
