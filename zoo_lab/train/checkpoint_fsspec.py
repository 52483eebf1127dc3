"""Checkpoints wherever fsspec reaches: s3, gcs, az, sftp, memory … by the optional extra "remote"."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from zoo_lab.core.errors import ArgumentError, MissingExtraError, ZooLabError
from zoo_lab.core.optional import require
from zoo_lab.train.storage import MANIFEST, Storage


class FsspecStorage(Storage):
    """Folders below an fsspec URL.

    Args:
        place: the URL; chained ones such as "simplecache::s3://bucket/checkpoints" too.
        scratch: where temporary local copies go, None for the system's temporary folder.

    Errors:
        MissingExtraError: fsspec, or its package for this scheme, is not installed.
        ArgumentError: fsspec does not know the scheme.
    """

    def __init__(self, place: str, scratch: Path | None = None) -> None:
        core = require("fsspec.core", extra="remote", why=f"The place {place!r}")
        self._place = place.rstrip("/")
        self._scratch = scratch
        with _os_errors():
            try:
                self._files, root = core.url_to_fs(place)
            except ImportError as error:
                msg = f"The place {place!r} needs one more package. {error}"
                raise MissingExtraError(msg) from error
            except ValueError as error:
                msg = f"Expected a path, or a URL that Hadoop or fsspec knows; received {place!r}. {error}"
                raise ArgumentError(msg) from error
        self._root = root.rstrip("/")

    def names(self) -> list[str]:
        """Return the names of the folders."""
        try:
            with _os_errors():
                self._files.invalidate_cache()  # others write here too
                found = self._files.ls(self._root, detail=True)
        except FileNotFoundError:
            return []
        return [_last(entry["name"]) for entry in found if entry["type"] == "directory"]

    @contextlib.contextmanager
    def staging(self, temporary: str) -> Iterator[Path]:
        """Make a folder in scratch."""
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="checkpoint-") as folder:
            yield Path(folder)

    def publish(self, staged: Path, temporary: str, name: str) -> None:
        """Copy to a hidden folder, then move its files one by one, the manifest last: no rename can be counted on."""
        files = sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file())
        files.sort(key=lambda file: file == MANIFEST)
        try:
            with _os_errors():
                for file in files:
                    self._files.put_file(str(staged / file), self._file_below(temporary, file))
            self._move(files, temporary, name)
        finally:
            self._forget(temporary)

    def fetch(self, name: str, file: str, into: Path) -> Path:
        """Copy one file to below `into`."""
        local = into / file
        local.parent.mkdir(parents=True, exist_ok=True)
        with _os_errors():
            self._files.get_file(f"{self._root}/{name}/{file}" if name else f"{self._root}/{file}", str(local))
        return local

    def remove(self, name: str) -> None:
        """Delete the manifest, then the rest."""
        folder = f"{self._root}/{name}"
        with _os_errors():
            self._files.invalidate_cache()
            with contextlib.suppress(FileNotFoundError):
                self._files.rm_file(f"{folder}/{MANIFEST}")
            self._files.rm(folder, recursive=True)

    def where(self, name: str) -> str:
        """Return the URL."""
        return f"{self._place}/{name}" if name else self._place

    def free_bytes(self) -> int | None:
        """Return None: fsspec does not tell."""
        return None

    def _move(self, files: list[str], temporary: str, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.remove(name)
        try:
            with _os_errors():
                for file in files:
                    self._files.mv(f"{self._root}/{temporary}/{file}", self._file_below(name, file))
        except BaseException:
            self._forget(name)
            raise

    def _file_below(self, folder: str, file: str) -> str:
        path = f"{self._root}/{folder}/{file}"
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        return path

    def _forget(self, name: str) -> None:
        with contextlib.suppress(OSError):
            self.remove(name)


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


@contextlib.contextmanager
def _os_errors() -> Iterator[None]:
    """Raise as OSError what the packages behind fsspec raise in their own ways."""
    try:
        yield
    except (OSError, ZooLabError):
        raise
    except Exception as error:
        msg = f"{type(error).__name__}: {error}"
        raise OSError(msg) from error
