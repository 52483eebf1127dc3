"""Checkpoints wherever Spark's own Hadoop reaches: hdfs, s3a, abfs, viewfs, gs … with the cluster's settings and keys.

The files go through a local temporary folder: Java copies them itself, and no byte of theirs passes py4j.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_lab.train.storage import MANIFEST, Storage, temporary_name

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext


class HadoopStorage(Storage):
    """Folders below a Hadoop URL.

    Args:
        place: the URL.
        context: the running context.
        prefix: what `where` puts before the URL, so that it comes back here.
    """

    def __init__(self, place: str, context: NNContext, prefix: str = "") -> None:
        self._prefix = prefix
        self._scratch = context.scratch
        self._path = _hadoop(context).Path
        with _os_errors():
            self._root = self._path(place)
            self._files = self._root.getFileSystem(_configuration(context))

    def names(self) -> list[str]:
        """Return the names of the folders."""
        try:
            with _os_errors():
                found = self._files.listStatus(self._root)
                return [entry.getPath().getName() for entry in found if entry.isDirectory()]
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def staging(self, temporary: str) -> Iterator[Path]:
        """Make a folder in the context's scratch: the place itself is out of Python's reach."""
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="checkpoint-") as folder:
            yield Path(folder)

    def publish(self, staged: Path, temporary: str, name: str) -> None:
        """Copy to a hidden folder, then rename that: in one step on HDFS, file by file on object stores."""
        hidden = self._at(temporary)
        try:
            with _os_errors():
                self._files.mkdirs(self._root)
                self._files.copyFromLocalFile(False, True, self._local(staged), hidden)
                self._make_room(name)
                if not self._files.rename(hidden, self._at(name)):
                    msg = f"Hadoop could not rename {hidden.getName()} to {name}"
                    raise OSError(msg)
        except BaseException:
            with contextlib.suppress(OSError):
                self.remove(temporary)
            raise

    def fetch(self, name: str, file: str, into: Path) -> Path:
        """Copy one file to below `into`."""
        local = into / file
        local.parent.mkdir(parents=True, exist_ok=True)
        source = self._at(f"{name}/{file}" if name else file)
        with _os_errors():
            self._files.copyToLocalFile(False, source, self._local(local), True)  # no .crc file beside it
        return local

    def remove(self, name: str) -> None:
        """Delete the manifest, then the rest."""
        with _os_errors():
            self._files.delete(self._at(f"{name}/{MANIFEST}"), False)
            if not self._files.delete(self._at(name), True):
                raise FileNotFoundError(errno.ENOENT, "Hadoop found nothing to delete", self.where(name))

    def where(self, name: str) -> str:
        """Return the URL."""
        return self._prefix + self._at(name).toString()

    def free_bytes(self) -> int | None:
        """Return what the file system says is left."""
        try:
            with _os_errors():
                return int(self._files.getStatus(self._root).getRemaining())
        except OSError:
            return None

    def _make_room(self, name: str) -> None:
        # Hadoop's rename moves a folder into one that has the name already
        final = self._at(name)
        if self._files.exists(final):
            aside = temporary_name()
            self._files.rename(final, self._at(aside))
            with contextlib.suppress(FileNotFoundError):
                self.remove(aside)

    def _at(self, name: str) -> Any:
        return self._path(self._root, name) if name else self._root

    def _local(self, path: Path) -> Any:
        return self._path(f"file:///{path.as_posix().lstrip('/')}")


def hadoop_knows(scheme: str, context: NNContext) -> bool:
    """Tell whether the context's Hadoop has a file system for a scheme, its jar included."""
    try:
        with _os_errors():
            _hadoop(context).FileSystem.getFileSystemClass(scheme, _configuration(context))
    except OSError:
        return False
    return True


def _hadoop(context: NNContext) -> Any:
    return context.sc._jvm.org.apache.hadoop.fs


def _configuration(context: NNContext) -> Any:
    return context.sc._jsc.hadoopConfiguration()


@contextlib.contextmanager
def _os_errors() -> Iterator[None]:
    """Raise Java's errors as Python would raise them of a local disk."""
    from py4j.protocol import Py4JError, Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        kind = error.java_exception.getClass().getSimpleName()
        text = f"{kind}: {error.java_exception.getMessage()}"
        if kind in ("FileNotFoundException", "NoSuchFileException"):
            raise FileNotFoundError(errno.ENOENT, text) from error
        if "No space left on device" in text or "QuotaExceeded" in kind:
            raise OSError(errno.ENOSPC, text) from error
        raise OSError(text) from error
    except Py4JError as error:
        msg = f"Spark's Java does not answer: {error}"
        raise OSError(msg) from error
