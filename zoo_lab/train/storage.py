"""Where checkpoints lie: one small interface over folders, and the choice of what implements it.

Storage moves files and knows nothing of what is in them; `checkpoint_parts` knows the files of one checkpoint and
`checkpoint` which of them to write, keep and trust.
"""

from __future__ import annotations

import os
import re
import secrets
import time
import zlib
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_lab.context.workers import boot_id
from zoo_lab.core.errors import ArgumentError

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

# Written last and removed first: a folder without it is no checkpoint.
MANIFEST = "manifest.json"
_THROUGH_HADOOP = "hadoop+"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?:[:/])")  # two letters at least: C:/ is a drive
_TEMPORARY = re.compile(r"\.zoo_lab-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]+\.part")
_ABANDONED_SECONDS = 24 * 3600


class Storage(ABC):
    """The folders in one place. Every failure is an `OSError`, of what is missing a `FileNotFoundError`.

    A folder becomes visible under its name only once it is whole, where the place can rename a folder in one step:
    local disks and HDFS. Object stores cannot: they copy and delete file by file, so that a reader may meet some of
    the files. That is no harm: a reader trusts nothing but a manifest that is there and whole, and every part that it
    lists with the size and checksum that it tells; whatever is under way, lost or half removed fails that test.
    """

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of the folders here, hidden ones too, in no order; none if the place does not exist."""

    @abstractmethod
    def staging(self, temporary: str) -> AbstractContextManager[Path]:
        """Return an empty local folder to write files into; what is left of it goes away at the end of the block.

        Args:
            temporary: a name from `temporary_name`, for places where the folder can lie next to its final one.
        """

    @abstractmethod
    def publish(self, staged: Path, temporary: str, name: str) -> None:
        """Show the files of a staging folder under `name`, instead of those that were there, or leave no trace."""

    @abstractmethod
    def fetch(self, name: str, file: str, into: Path) -> Path:
        """Return the local path of one file, copied below `into` unless it is local already.

        Args:
            name: the folder, "" for the place itself.
            file: the path inside the folder, "/" between its parts.
            into: a local temporary folder.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Delete a folder and what it holds, in such an order that no reader trusts what is left of it."""

    @abstractmethod
    def where(self, name: str) -> str:
        """Return the path or URL of a folder, as `storage_for` takes it; "" for the place itself."""

    @abstractmethod
    def free_bytes(self) -> int | None:
        """Return how much may still be written here, None where that is not known."""


def storage_for(place: str | Path, context: NNContext | None = None) -> Storage:
    """Return the storage that a place's scheme calls for.

    Args:
        place: a local path or file:// URL; a URL that Hadoop knows (hdfs, s3a, abfs, viewfs, wasb, gs with its jar…)
            while a context is given, or any URL after "hadoop+", such as "hadoop+file:///nfs/checkpoints"; else
            a URL that fsspec knows (s3, gcs, az, sftp, memory…).
        context: the running context whose Hadoop is asked.

    Errors:
        ArgumentError: nobody knows the scheme or can open the place, or Hadoop is asked for without a context.
        MissingExtraError: fsspec or its package for this scheme is not installed.
    """
    text = os.fspath(place)
    if text.startswith(_THROUGH_HADOOP) and context is None:
        msg = f"Expected a running context for {text!r}; received None. Start one with init_nncontext()."
        raise ArgumentError(msg)
    try:
        return _open(text, context)
    except OSError as error:
        msg = f"The place {text!r} cannot be opened: {error}."
        raise ArgumentError(msg) from error


def scheme_of(place: str) -> str:
    """Return the scheme of a URL in small letters, "" for a path.

    Example:
        >>> scheme_of("hdfs://name/checkpoints"), scheme_of("C:/checkpoints"), scheme_of("runs/a:b")
        ('hdfs', '', '')
    """
    found = _SCHEME.match(place)
    return found[1].lower() if found else ""


def temporary_name() -> str:
    """Return a new hidden name that tells who is writing since when, for `is_abandoned`."""
    return f".zoo_lab-{_machine()}-{os.getpid()}-{int(time.time())}-{secrets.token_hex(4)}.part"


def is_abandoned(name: str) -> bool:
    """Tell whether a name is a `temporary_name` whose process is gone; of other machines, one a day old."""
    found = _TEMPORARY.fullmatch(name)
    if found is None:
        return False
    machine, process, began = found.groups()
    if machine == _machine() and os.name == "posix" and not _is_alive(int(process)):
        return True
    return time.time() - int(began) > _ABANDONED_SECONDS


def _open(place: str, context: NNContext | None) -> Storage:
    scheme = scheme_of(place.removeprefix(_THROUGH_HADOOP))
    if context is not None:
        from zoo_lab.train.checkpoint_hadoop import HadoopStorage, hadoop_knows

        if place.startswith(_THROUGH_HADOOP):
            return HadoopStorage(place.removeprefix(_THROUGH_HADOOP), context, prefix=_THROUGH_HADOOP)
        if scheme not in ("", "file") and hadoop_knows(scheme, context):
            return HadoopStorage(place, context)
    if scheme in ("", "file"):
        from zoo_lab.train.checkpoint_local import LocalStorage, local_path

        return LocalStorage(local_path(place))
    from zoo_lab.train.checkpoint_fsspec import FsspecStorage

    return FsspecStorage(place, None if context is None else context.scratch)


def _machine() -> str:
    """Return what is equal only for processes that see each other's ids: containers may share all but that."""
    try:
        processes = os.readlink("/proc/self/ns/pid")
    except OSError:
        processes = ""
    return f"{zlib.crc32((boot_id() + processes).encode()):08x}"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True
