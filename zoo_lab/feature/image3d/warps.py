"""Moves the voxels of volumes: rotation, affine map, free warp. Runs inside Spark executors.

Each says, for every voxel of the result, where in the source it is read from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image3d.base import ImagePreprocessing3D, check_triple
from zoo_lab.feature.image3d.sampling import CLAMP_MODES, INTERPOLATIONS, Mapping, centre_of, resample

_HALF_A_VOXEL = 0.5
_DEPTH_WIDTH_HEIGHT = [0, 2, 1]


class Rotate3D(ImagePreprocessing3D):
    """Rotates a volume about its centre; what comes from more than half a voxel outside is 0.

    Args:
        rotation_angles: yaw, pitch and roll in radians: in the plane of depth and width, of depth and height, and of
            width and height. They make up R = Rz(yaw)·Ry(pitch)·Rx(roll) over the axes x = depth, y = width,
            z = height; the voxel at p from the centre of the result is read at R·p from that of the source.
        interpolation: "linear" (float32), or "nearest" for label numbers, whose type stays.

    Raises `ArgumentError` listing what is wrong.

    Source: `Rotate3D` of Analytics Zoo.

    Example:
        >>> Rotate3D([0, 0, math.pi / 2])(np.array([[[1, 2], [3, 4]]])).tolist()
        [[[2.0, 4.0], [1.0, 3.0]]]
    """

    def __init__(self, rotation_angles: Sequence[float], *, interpolation: str = "linear") -> None:
        checks = Checks("Rotate3D")
        check_triple(checks, "rotation_angles", rotation_angles)
        checks.one_of("interpolation", interpolation, INTERPOLATIONS)
        checks.done()
        self.rotation_angles = tuple(float(angle) for angle in rotation_angles)
        self.interpolation = interpolation

    def compute(self, volume: np.ndarray) -> np.ndarray:
        """Return the rotated volume."""
        matrix = _rotation(*self.rotation_angles)
        mapping = _about_centre(matrix, volume.shape)
        return resample(volume, mapping, margin=_HALF_A_VOXEL, interpolation=self.interpolation)

    def __repr__(self) -> str:
        return f"Rotate3D({list(self.rotation_angles)}{_told(self.interpolation)})"


class AffineTransform3D(ImagePreprocessing3D):
    """Maps a volume by a matrix about its centre, and shifts it.

    Args:
        affine_mat: 3×3 over (depth, height, width), from the result to the source: the voxel at p from the centre is
            read at affine_mat·p + translation from it.
        translation: (depth, height, width) in voxels of the source.
        clamp_mode: what places outside the source give: "clamp" its nearest voxel, "padding" `pad_val`.
        pad_val: with "padding".
        interpolation: "linear" (float32), or "nearest" for label numbers, whose type stays.

    Raises `ArgumentError` listing what is wrong.

    Source: `AffineTransform3D` of Analytics Zoo.

    Example:
        >>> volume = np.arange(4.0).reshape(1, 1, 4)
        >>> AffineTransform3D(np.eye(3), (0, 0, 1), clamp_mode="padding", pad_val=-1)(volume).tolist()
        [[[1.0, 2.0, 3.0, -1.0]]]
    """

    def __init__(
        self,
        affine_mat: Any,
        translation: Sequence[float] = (0.0, 0.0, 0.0),
        clamp_mode: str = "clamp",
        pad_val: float = 0.0,
        *,
        interpolation: str = "linear",
    ) -> None:
        checks = Checks("AffineTransform3D")
        matrix = np.array(affine_mat, np.float64)
        right = matrix.shape == (3, 3) and bool(np.isfinite(matrix).all())
        checks.require(right, f"Expected affine_mat to be 3×3 finite numbers; received shape {matrix.shape}.")
        check_triple(checks, "translation", translation)
        _check_outside(checks, clamp_mode, interpolation)
        checks.done()
        self.affine_mat = matrix
        self.translation = tuple(float(value) for value in translation)
        self.clamp_mode, self.pad_val, self.interpolation = clamp_mode, float(pad_val), interpolation

    def compute(self, volume: np.ndarray) -> np.ndarray:
        """Return the mapped volume."""
        mapping = _about_centre(self.affine_mat, volume.shape, self.translation)
        margin = None if self.clamp_mode == "clamp" else 0.0
        return resample(volume, mapping, margin=margin, fill=self.pad_val, interpolation=self.interpolation)

    def __repr__(self) -> str:
        outside = _outside_told(self.clamp_mode, self.pad_val)
        return f"AffineTransform3D({self.affine_mat.tolist()}, {self.translation}{outside}{_told(self.interpolation)})"


class Warp3D(ImagePreprocessing3D):
    """Reads each voxel of the result at a place of its own.

    Args:
        flow_field: (3, depth, height, width), for each voxel of the result a (depth, height, width) in voxels of the
            source; the result has this size.
        offset: True = the flow is added to the voxel's own zero-based index, False = it is the place itself.
        clamp_mode: what places outside the source give: "clamp" its nearest voxel, "padding" `pad_val`.
        pad_val: with "padding".
        interpolation: "linear" (float32), or "nearest" for label numbers, whose type stays.

    Raises `ArgumentError` listing what is wrong.

    Source: `WarpTransformer` of Analytics Zoo, after `image.warp` of Torch.

    Example:
        >>> flow = np.zeros((3, 1, 1, 3))
        >>> flow[2] = 0.5
        >>> Warp3D(flow)(np.arange(3.0).reshape(1, 1, 3)).tolist()
        [[[0.5, 1.5, 2.0]]]
    """

    def __init__(
        self,
        flow_field: Any,
        offset: bool = True,
        clamp_mode: str = "clamp",
        pad_val: float = 0.0,
        *,
        interpolation: str = "linear",
    ) -> None:
        checks = Checks("Warp3D")
        flow = np.array(flow_field, np.float64)
        right = flow.ndim == 4 and len(flow) == 3 and 0 not in flow.shape and bool(np.isfinite(flow).all())
        expected = "Expected flow_field to be finite numbers of shape (3, depth, height, width)"
        checks.require(right, f"{expected}; received shape {flow.shape}.")
        _check_outside(checks, clamp_mode, interpolation)
        checks.done()
        self.flow_field = flow
        self.offset = bool(offset)
        self.clamp_mode, self.pad_val, self.interpolation = clamp_mode, float(pad_val), interpolation

    def compute(self, volume: np.ndarray) -> np.ndarray:
        """Return the warped volume."""
        margin = None if self.clamp_mode == "clamp" else 0.0
        size = self.flow_field.shape[1:]
        outside = {"margin": margin, "fill": self.pad_val}
        return resample(volume, self._places, size=size, interpolation=self.interpolation, **outside)

    def _places(self, indices: np.ndarray) -> np.ndarray:
        first = int(indices[0, 0, 0, 0])
        flow = self.flow_field[:, first : first + indices.shape[1]]
        return indices + flow if self.offset else flow

    def __repr__(self) -> str:
        size = " × ".join(map(str, self.flow_field.shape[1:]))
        outside = _outside_told(self.clamp_mode, self.pad_val)
        return f"Warp3D(<flow of {size}>, offset={self.offset}{outside}{_told(self.interpolation)})"


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return Rz(yaw)·Ry(pitch)·Rx(roll), its axes put in the order depth, height, width."""
    about_z = [[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]]
    about_y = [[math.cos(pitch), 0, math.sin(pitch)], [0, 1, 0], [-math.sin(pitch), 0, math.cos(pitch)]]
    about_x = [[1, 0, 0], [0, math.cos(roll), -math.sin(roll)], [0, math.sin(roll), math.cos(roll)]]
    matrix = np.array(about_z) @ np.array(about_y) @ np.array(about_x)
    return matrix[np.ix_(_DEPTH_WIDTH_HEIGHT, _DEPTH_WIDTH_HEIGHT)]


def _about_centre(matrix: np.ndarray, shape: tuple[int, ...], translation: Sequence[float] = (0, 0, 0)) -> Mapping:
    centre = centre_of(shape)
    shift = centre - matrix @ centre + np.asarray(translation)

    def place(indices: np.ndarray) -> np.ndarray:
        return np.tensordot(matrix, indices, axes=1) + shift.reshape(3, 1, 1, 1)

    return place


def _check_outside(checks: Checks, clamp_mode: str, interpolation: str) -> None:
    checks.one_of("clamp_mode", clamp_mode, CLAMP_MODES)
    checks.one_of("interpolation", interpolation, INTERPOLATIONS)


def _outside_told(clamp_mode: str, pad_val: float) -> str:
    return f", clamp_mode='padding', pad_val={pad_val:g}" if clamp_mode == "padding" else ""


def _told(interpolation: str) -> str:
    return "" if interpolation == "linear" else f", interpolation={interpolation!r}"
