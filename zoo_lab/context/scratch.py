"""A context's temporary folders: one on disk, one in shared memory; both vanish with the process that made them.

A folder of a killed process is recognised by its lock file, which nobody holds any more, and removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

_PREFIX = "zoo_lab-"
_LOCK = ".lock"
SHARED_MEMORY = Path("/dev/shm")
# What must stay free beside a shared-memory file: writing into a full tmpfs kills the writer with SIGBUS.
SHARED_MEMORY_MARGIN = 16 * 1024 * 1024


def cache_folder() -> Path:
    """Return the user's folder for what is kept from one context to the next; it need not exist yet."""
    return (Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoo_lab").absolute()


class Scratch:
    """The folders of one context.

    Args:
        parent: where the folder on disk goes; default the system's temporary folder.
        shared_memory: where memory-backed files go, used only if it exists.
    """

    def __init__(self, parent: Path | None = None, shared_memory: Path = SHARED_MEMORY) -> None:
        parent = Path(tempfile.gettempdir()) if parent is None else parent
        self._shared_memory = shared_memory
        self._locks: list[IO[str]] = []
        self._shared: Path | None = None
        for place in {parent, shared_memory}:
            remove_abandoned(place)
        self.folder = self._make(parent)

    def shared_memory_folder(self, nbytes: int) -> Path:
        """Return a folder in shared memory with room for `nbytes`, else one on disk."""
        if _free_bytes(self._shared_memory) < nbytes + SHARED_MEMORY_MARGIN:
            folder = self.folder / "shared"
            folder.mkdir(exist_ok=True)
            return folder
        if self._shared is None:
            self._shared = self._make(self._shared_memory)
        return self._shared

    def remove(self) -> None:
        """Delete the folders and all they hold. Safe to call twice."""
        for folder in (self._shared, self.folder):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        while self._locks:
            self._locks.pop().close()
        self._shared = None

    def _make(self, parent: Path) -> Path:
        while True:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            with contextlib.suppress(FileNotFoundError):
                lock = (folder / _LOCK).open("w")
                if _is_ours(lock):
                    self._locks.append(lock)
                    return folder
                lock.close()
            shutil.rmtree(folder, ignore_errors=True)  # another process took it for abandoned before it was locked


def remove_abandoned(place: Path) -> list[Path]:
    """Delete the folders in `place` that a process of this user left behind when it was killed; return them."""
    removed = []
    for lock in place.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), lock.open("r+") as file:
            if lock.stat().st_uid == _user() and _try_lock(file):
                shutil.rmtree(lock.parent, ignore_errors=True)
                removed.append(lock.parent)
    return removed


def _free_bytes(folder: Path) -> int:
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return -1
    return shutil.disk_usage(folder).free


def _is_ours(lock: IO[str]) -> bool:
    """Lock a new folder's lock file; tell whether that came before another process could remove it."""
    locked = _try_lock(lock)
    return os.name != "posix" or (locked and os.fstat(lock.fileno()).st_nlink > 0)


def _try_lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nothing is ever taken for abandoned
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _user() -> int:
    return os.getuid() if os.name == "posix" else -1
