"""Checkpoints on a disk of the driver's machine, or one that it mounts: renamed in one step, and synced before."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from zoo_lab.train.storage import Storage, scheme_of, temporary_name

_RENAMES = 20


class LocalStorage(Storage):
    """Folders below `place`, which is made when the first one is written."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def names(self) -> list[str]:
        """Return the names of the folders."""
        try:
            with os.scandir(self._place) as entries:
                return [entry.name for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def staging(self, temporary: str) -> Iterator[Path]:
        """Make a hidden folder beside the final ones: on one disk, so that it can be renamed."""
        folder = self._place / temporary
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, staged: Path, temporary: str, name: str) -> None:
        """Sync the files, then rename their folder."""
        for folder, _, files in os.walk(staged):
            for path in (*(Path(folder, file) for file in files), Path(folder)):
                _sync(path)
        self._rename(staged, self._place / name)
        _sync(self._place)

    def fetch(self, name: str, file: str, into: Path) -> Path:
        """Return the path of the file itself."""
        path = self._place / name / file
        path.stat()
        return path

    def remove(self, name: str) -> None:
        """Hide the folder in one step, then delete it."""
        folder = self._place / name
        if not name.startswith("."):
            folder = folder.rename(self._place / temporary_name())
        shutil.rmtree(folder)

    def where(self, name: str) -> str:
        """Return the path."""
        return str(self._place / name)

    def free_bytes(self) -> int | None:
        """Return the free space of the disk."""
        try:
            return shutil.disk_usage(self._place).free
        except OSError:
            return None

    def _rename(self, staged: Path, final: Path) -> None:
        """Rename; a folder that is in the way, perhaps another writer's of this moment, makes room first."""
        for _ in range(_RENAMES):
            try:
                staged.rename(final)
            except OSError as error:
                # not "or no folder is there": another writer may just have moved it out of its own way
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or final.is_file():
                    raise
                with contextlib.suppress(FileNotFoundError):
                    self.remove(final.name)
            else:
                return
        msg = f"{final} is written by others all the time"
        raise FileExistsError(errno.EEXIST, msg)


def local_path(place: str) -> Path:
    """Return the absolute path of a local path ("~" is the home folder) or of a file: URL."""
    if scheme_of(place) == "file":
        return Path(url2pathname(urlsplit(place).path))
    return Path(place).expanduser().absolute()


def _sync(path: Path) -> None:
    """Make sure that a file or folder outlives a power cut."""
    if os.name != "posix" and path.is_dir():
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
