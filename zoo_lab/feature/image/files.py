"""Finds the image files of this machine: a file, a folder, a glob, or a list of these."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from zoo_lab.core.errors import DataError

PathLike = str | os.PathLike[str]
EXTENSIONS = (
    ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff",
    ".webp",
)  # fmt: skip
"""Endings of the files in a folder that are taken for images, whatever their case."""
_LOCAL = "file:"


def as_paths(path: PathLike | Sequence[PathLike]) -> list[str]:
    """Return one path, or several, as a list of texts."""
    return [os.fspath(path)] if isinstance(path, (str, os.PathLike)) else [os.fspath(item) for item in path]


def local_path(path: str) -> str:
    """Return a path of this machine without the scheme that Spark writes before it."""
    return "/" + path.removeprefix(_LOCAL).lstrip("/") if path.startswith(_LOCAL) else path


def scheme_of(path: str) -> str:
    """Return the scheme of a path such as hdfs://…, "" for none.

    Example:
        >>> scheme_of("hdfs://host/images"), scheme_of("images/*.jpg")
        ('hdfs', '')
    """
    head, found, _ = path.partition(":/")
    return head if found and head.isalnum() and len(head) > 1 else ""


def local_files(paths: Iterable[str], *, recursive: bool, extensions: Sequence[str] | None) -> list[str]:
    """Return the absolute paths of the image files, sorted.

    Args:
        paths: files, which are taken whatever they are called, folders and globs.
        recursive: whether folders within folders are searched too.
        extensions: endings of the files to take from folders; None for all that are not hidden.

    Raises `DataError` naming the path where there is nothing, or nothing that ends as expected.
    """
    found: set[str] = set()
    for path in map(local_path, paths):
        matches = [path] if os.path.exists(path) else glob.glob(path, recursive=True)
        files = {os.path.abspath(file) for match in matches for file in _below(match, recursive, extensions)}
        if not files:
            raise nothing_there(path, bool(matches), recursive, extensions)
        found |= files
    return sorted(found)


def nothing_there(path: str, exists: bool, recursive: bool, extensions: Sequence[str] | None) -> DataError:
    """Return the error for a path without any image."""
    if not exists:
        return DataError(f"ImageSet.read: expected images at {path!r}; there is no such file or folder.")
    endings = f" that end in {', '.join(extensions)}" if extensions else ""
    deeper = "" if recursive else " Folders within it are searched with recursive=True."
    other = " Name other endings as extensions=…, or take every file with extensions=None." if extensions else ""
    return DataError(f"ImageSet.read: expected image files{endings} in {path!r}; there are none.{deeper}{other}")


def has_extension(name: str, extensions: Sequence[str] | None) -> bool:
    """Tell whether a file of a folder is taken for an image."""
    return not name.startswith((".", "_")) and (extensions is None or name.lower().endswith(tuple(extensions)))


def _below(path: str, recursive: bool, extensions: Sequence[str] | None) -> Iterable[str]:
    if not os.path.isdir(path):
        return [path]
    if not recursive:
        return [str(file) for file in Path(path).iterdir() if file.is_file() and has_extension(file.name, extensions)]
    return _walked(path, extensions)


def _walked(path: str, extensions: Sequence[str] | None) -> list[str]:
    files = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        files += [os.path.join(folder, name) for name in names if has_extension(name, extensions)]
    return files
