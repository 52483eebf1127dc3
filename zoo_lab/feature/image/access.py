"""Reads the small files of a data set, its lists and annotations: on this machine, or on any path that Spark reads."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.files import local_path
from zoo_lab.feature.image.hadoop import binary_files, listed_files, qualified

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext


class FileAccess(ABC):
    """Where the annotations of a data set are."""

    @abstractmethod
    def root(self, path: str) -> str:
        """Return a folder's full path, as the uris of its files begin."""

    @abstractmethod
    def names(self, folder: str, extension: str) -> list[str]:
        """Return the full paths of the files of a folder that end so, sorted; `DataError` if there are none."""

    @abstractmethod
    def read(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return full path → bytes of these files; `DataError` where one is missing."""


class LocalAccess(FileAccess):
    """Files of this machine."""

    def root(self, path: str) -> str:
        """Return the absolute path."""
        return os.path.abspath(local_path(path))

    def names(self, folder: str, extension: str) -> list[str]:
        """Return the files that a folder of this machine has."""
        names = sorted(str(file) for file in Path(folder).glob(f"*{extension}") if not file.name.startswith("."))
        if not names:
            msg = f"Expected files that end in {extension} in {folder!r}; there are none."
            raise DataError(msg)
        return names

    def read(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of files of this machine."""
        try:
            return {path: Path(path).read_bytes() for path in paths}
        except OSError as error:
            msg = f"Expected a file at {error.filename!r}; it cannot be opened: {error.strerror}."
            raise DataError(msg) from error


class SparkAccess(FileAccess):
    """Files on any path that Spark reads.

    Args:
        context: what reads them.
    """

    def __init__(self, context: NNContext) -> None:
        self.context = context

    def root(self, path: str) -> str:
        """Return the path with the file system that Spark takes for it."""
        return local_path(qualified(self.context, path))

    def names(self, folder: str, extension: str) -> list[str]:
        """Return the files that Spark finds in a folder."""
        frame = binary_files(self.context, [folder], recursive=False, extensions=[extension])
        return sorted(local_path(row["path"]) for row in frame.select("path").collect())

    def read(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of files, read by the workers in one job."""
        rows = listed_files(self.context, paths).select("path", "content").collect()
        found = {local_path(row["path"]): bytes(row["content"]) for row in rows}
        return {path: found[path] for path in paths}
