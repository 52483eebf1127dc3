"""Rotations, affine maps and warps against plain loops over the formulas of the reference."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.feature.image3d.battery import rotated_by_the_books, trilinear
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image3d import AffineTransform3D, Rotate3D, Warp3D, read_volume, sampling

VOLUME = np.random.default_rng(0).uniform(1, 2, size=(5, 6, 7)).astype(np.float32)
QUARTER = math.pi / 2
# values below 2 in float32, sums of eight: exact to 1e-6
EXACT = {"atol": 1e-6, "rtol": 0}


@pytest.mark.parametrize("angles", [(0, 0, 0), (0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3), (0.4, -1.2, 2.5), (3, 3, 3)])
def test_a_rotation_reads_where_the_reference_says(angles):
    expected = trilinear(VOLUME, rotated_by_the_books(angles, VOLUME.shape), margin=0.5, fill=0)
    np.testing.assert_allclose(Rotate3D(angles)(VOLUME), expected, **EXACT)


def test_quarter_turns_are_exact_in_their_planes():
    cube = np.random.default_rng(1).normal(size=(5, 5, 5)).astype(np.float32)
    np.testing.assert_array_equal(Rotate3D([QUARTER, 0, 0])(cube), np.rot90(cube, -1, axes=(0, 2)))
    np.testing.assert_array_equal(Rotate3D([0, QUARTER, 0])(cube), np.rot90(cube, 1, axes=(0, 1)))
    np.testing.assert_array_equal(Rotate3D([0, 0, QUARTER])(cube), np.rot90(cube, 1, axes=(1, 2)))


def test_half_a_voxel_outside_gives_the_border_and_more_gives_0():
    step = Rotate3D([0, 0, QUARTER])
    # 5 columns turn onto 4 rows: the outer ones lie exactly half a voxel outside; of 6 columns they lie a whole one
    np.testing.assert_array_equal(step(np.ones((1, 4, 5)))[0], np.ones((4, 5)))
    np.testing.assert_array_equal(step(np.ones((1, 4, 6)))[0], [[0, 1, 1, 1, 1, 0]] * 4)


def test_a_whole_turn_of_a_real_volume_is_the_volume(test_data):
    volume = read_volume(test_data / "image3d" / "a.mat")[13:17, 135:155, 90:130]
    np.testing.assert_array_equal(Rotate3D([0, 0, 2 * math.pi])(volume), volume)
    expected = trilinear(volume[..., 0], rotated_by_the_books((0, 0, 0.2), volume.shape[:3]), 0.5, 0)
    assert volume.any()
    np.testing.assert_allclose(Rotate3D([0, 0, 0.2])(volume)[..., 0], expected, **EXACT)


@pytest.mark.parametrize("mode", ["clamp", "padding"])
def test_an_affine_map_reads_at_the_matrix_times_the_place_from_the_centre(mode):
    matrix = np.array([[1.2, 0.1, 0], [-0.3, 0.9, 0.2], [0, 0.4, 1.1]])
    translation = np.array([0.5, -1.0, 0.25])
    centre = (np.array(VOLUME.shape) - 1) / 2
    margin, fill = (99, 0) if mode == "clamp" else (0, -7)
    expected = trilinear(VOLUME, lambda index: matrix @ (index - centre) + centre + translation, margin, fill)
    step = AffineTransform3D(matrix, translation, mode, -7)
    np.testing.assert_allclose(step(VOLUME), expected, **EXACT)
    assert (expected == -7).any() == (mode == "padding")


def test_the_identity_changes_nothing():
    np.testing.assert_array_equal(AffineTransform3D(np.eye(3))(VOLUME), VOLUME)
    np.testing.assert_array_equal(Warp3D(np.zeros((3, *VOLUME.shape)))(VOLUME), VOLUME)


@pytest.mark.parametrize("offset", [True, False])
def test_a_warp_reads_at_its_flow(offset):
    flow = np.random.default_rng(2).uniform(-1, 6, size=(3, *VOLUME.shape))
    expected = trilinear(VOLUME, lambda index: flow[(slice(None), *index.astype(int))] + index * offset, 0, 9)
    np.testing.assert_allclose(Warp3D(flow, offset, "padding", 9)(VOLUME), expected, **EXACT)


def test_the_size_of_a_warp_is_that_of_its_flow():
    flow = np.zeros((3, 2, 3, 4))
    flow[0] = 1
    np.testing.assert_array_equal(Warp3D(flow)(VOLUME), VOLUME[1:3, :3, :4])


def test_labels_keep_their_numbers_and_their_type():
    labels = np.random.default_rng(3).integers(0, 4, size=(5, 6, 7)).astype(np.uint8)
    turned = Rotate3D([0.3, 0.2, 0.1], interpolation="nearest")(labels)
    assert turned.dtype == np.uint8
    assert set(np.unique(turned)) <= set(range(4))
    shifted = AffineTransform3D(np.eye(3), (0, 0, 1.2), interpolation="nearest")(labels)
    np.testing.assert_array_equal(shifted[..., :-1], labels[..., 1:])


def test_doubles_stay_doubles_and_whole_numbers_become_floats():
    assert Rotate3D([0.1, 0, 0])(VOLUME.astype(np.float64)).dtype == np.float64
    assert Rotate3D([0.1, 0, 0])((VOLUME * 100).astype(np.int16)).dtype == np.float32


def test_large_volumes_are_computed_in_slabs_with_the_same_result(monkeypatch):
    steps = [Rotate3D([0.3, 0.1, 0.2]), Warp3D(np.random.default_rng(4).normal(size=(3, *VOLUME.shape)))]
    whole = [step(VOLUME) for step in steps]
    monkeypatch.setattr(sampling, "_SLAB_VOXELS", 50)
    for step, expected in zip(steps, whole, strict=True):
        np.testing.assert_array_equal(step(VOLUME), expected)


def test_wrong_arguments_are_told_at_once():
    with pytest.raises(ArgumentError, match=r"(?s)rotation_angles to be three numbers.*interpolation"):
        Rotate3D([1, 2], interpolation="cubic")
    with pytest.raises(ArgumentError, match=r"(?s)affine_mat to be 3×3.*translation.*Did you mean 'padding'"):
        AffineTransform3D(np.eye(2), [math.nan, 0, 0], "pading")
    with pytest.raises(ArgumentError, match=r"flow_field.*received shape \(2, 3, 4, 5\)"):
        Warp3D(np.zeros((2, 3, 4, 5)))
