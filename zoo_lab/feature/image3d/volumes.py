"""Reads volumes from NIfTI, MATLAB and NumPy files, always as (depth, height, width, channels).

Every reader takes a path of this machine. On a cluster call it in a task: `sc.parallelize(paths).map(read_volume)`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError, DataError, MissingExtraError
from zoo_lab.core.optional import require
from zoo_lab.feature.image3d.sampling import as_volume

_EXTRA = "volumes"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_OFFSETS = (0, 512)  # MATLAB 7.3 writes a header of 512 bytes before it


def read_volume(path: str | Path, key: str | None = None) -> np.ndarray:
    """Return the volume in a file, which its name's ending tells: .nii, .nii.gz, .mat or .npy.

    Args:
        path: the file.
        key: name of the variable in a .mat file; None where it holds one volume only.

    Raises `ArgumentError` for another ending, `DataError` naming the file for one that holds no volume.

    Example:
        >>> read_volume("knee.nii.gz").shape    # doctest: +SKIP
        (20, 256, 256, 1)
    """
    name = str(path).lower()
    for endings, reader in _READERS.items():
        if name.endswith(endings):
            return reader(path) if key is None else reader(path, key)
    msg = f"read_volume: expected a file that ends in .nii, .nii.gz, .mat or .npy; received {str(path)!r}."
    raise ArgumentError(msg)


def read_nifti(path: str | Path, key: str | None = None) -> np.ndarray:
    """Return a NIfTI volume, its scale and offset applied, as float32 (depth, height, width, channels).

    Args:
        path: a .nii or .nii.gz file; its axes (x, y, z) become width, height and depth, as they are stored. A fourth
            axis (time or channel) becomes the channels.
        key: must be None: the file holds one volume.

    Raises `DataError` naming the file where it cannot be read, `MissingExtraError` without the package nibabel.

    Source: the NIfTI-1 standard, as read by nibabel.
    """
    _expect_no_key("read_nifti", key)
    nibabel = require("nibabel", extra=_EXTRA, why="Reading NIfTI files")
    _expect_file(path)
    with _naming(path, "a NIfTI file"):
        stored = nibabel.load(str(path)).get_fdata(dtype=np.float32, caching="unchanged")
    if set(stored.shape[4:]) == {1}:  # the standard allows seven axes, and writers fill up with ones
        stored = stored.reshape(stored.shape[:4])
    return _transposed(path, stored, (2, 1, 0))


def read_matlab(path: str | Path, key: str | None = None) -> np.ndarray:
    """Return a volume of a MATLAB file, of any version up to 7.3, as (depth, height, width, channels).

    Args:
        path: a .mat file; the array's rows, columns and slices become height, width and depth, and a fourth axis the
            channels.
        key: name of the variable; None where the file holds one volume only.

    Raises `DataError` naming the file and its variables where there is no such volume, `MissingExtraError` without
    scipy, or without h5py for version 7.3.
    """
    _expect_file(path)
    with Path(path).open("rb") as file:
        head = file.read(_HDF5_OFFSETS[-1] + len(_HDF5))
    is_hdf5 = any(head[offset:].startswith(_HDF5) for offset in _HDF5_OFFSETS)
    with _naming(path, "a MATLAB file"):
        variables = _hdf5_variables(path) if is_hdf5 else _matlab_variables(path)
    return _transposed(path, _chosen(path, variables, key), (2, 0, 1))


def read_npy(path: str | Path, key: str | None = None) -> np.ndarray:
    """Return the volume of a .npy file, which must be stored as (depth, height, width) or with channels last.

    Args:
        path: the file; pickled objects in it are refused.
        key: must be None: the file holds one array.

    Raises `DataError` naming the file where it holds no volume.
    """
    _expect_no_key("read_npy", key)
    _expect_file(path)
    with _naming(path, "a .npy file of numbers"):
        stored = np.load(path, allow_pickle=False)
    return as_volume(str(path), stored)


_READERS: dict[tuple[str, ...], Callable[..., np.ndarray]] = {
    (".nii", ".nii.gz"): read_nifti,
    (".mat",): read_matlab,
    (".npy",): read_npy,
}


def _matlab_variables(path: str | Path) -> dict[str, Any]:
    loadmat = require("scipy.io", extra=_EXTRA, why="Reading MATLAB files").loadmat
    return {name: value for name, value in loadmat(str(path)).items() if not name.startswith("__")}


def _hdf5_variables(path: str | Path) -> dict[str, Any]:
    h5py = require("h5py", extra=_EXTRA, why="Reading MATLAB 7.3 files")
    with h5py.File(path) as file:
        return {name: item[()].T for name, item in _datasets(h5py, file)}  # HDF5 holds MATLAB's axes in reverse


def _datasets(h5py: Any, file: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in file.items():
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiub" and item.ndim >= 3:
            yield name, item


def _chosen(path: str | Path, variables: Mapping[str, Any], key: str | None) -> np.ndarray:
    if key in variables:
        return variables[key]
    volumes = [name for name, value in variables.items() if np.ndim(value) in (3, 4) and value.dtype.kind in "fiub"]
    if key is None and len(volumes) == 1:
        return variables[volumes[0]]
    wanted = f"a variable {key!r}" if key is not None else "one volume, or its name as key"
    msg = f"{path}: expected {wanted}; received a file with the volumes {volumes or 'none'}."
    raise DataError(msg)


def _transposed(path: str | Path, stored: np.ndarray, axes: tuple[int, int, int]) -> np.ndarray:
    volume = as_volume(str(path), stored)
    return np.ascontiguousarray(volume.transpose(*axes, 3))


def _expect_file(path: str | Path) -> None:
    if not Path(path).is_file():
        msg = f"Expected a file; there is none at {str(path)!r}."
        raise DataError(msg)


def _expect_no_key(where: str, key: str | None) -> None:
    if key is not None:
        msg = f"{where}: expected no key, as the file holds one volume; received {key!r}."
        raise ArgumentError(msg)


@contextlib.contextmanager
def _naming(path: str | Path, expected: str) -> Iterator[None]:
    """Name the file in whatever a reader raises: for a damaged file each has errors of its own, and of many kinds."""
    try:
        yield
    except MissingExtraError:
        raise
    except Exception as error:
        msg = f"{path}: expected {expected}; it cannot be read ({error})."
        raise DataError(msg) from error
