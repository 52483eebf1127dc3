"""Writes lost shards again: from files that the driver keeps open, or from the lineage of an RDD.

A shard comes back with its own number and the same rows, so a job that missed it is simply done again.
"""

from __future__ import annotations

import os
import shutil
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from zoo_lab.context.shardfile import Shard, ShardHandle, expect_same_rows
from zoo_lab.core.errors import DataError

if TYPE_CHECKING:
    from pyspark import RDD, SparkContext

RunJob = Callable[[Callable[[], Any]], Any]

MOST_OPEN_FILES = 256
_REMOVED_SECONDS = 10.0
_POLL_SECONDS = 0.02


class ShardSource(ABC):
    """Where the rows of a store's shards came from."""

    @abstractmethod
    def write_again(self, handles: Sequence[ShardHandle], run: RunJob) -> None:
        """Let these shards be found again by the tasks that look for them; raise `DataError` where that cannot be.

        Args:
            handles: of the lost shards.
            run: calls what runs Spark jobs and returns what that does.
        """

    @abstractmethod
    def close(self) -> None:
        """Free what is held for it."""


class OpenFiles(ShardSource):
    """Shards of the driver's arrays on its own host: it keeps their files open, and copies those that were deleted.

    That takes no memory and no second copy on the disk, and neither the arrays nor what becomes of them matter: a
    deleted file lasts while it is open. A file cut short or overwritten is lost, and so are those of a store with which
    more than 256 files would be open in this process: those are not kept open.
    """

    _all: ClassVar[weakref.WeakSet[OpenFiles]] = weakref.WeakSet()

    def __init__(self, handles: Sequence[ShardHandle]) -> None:
        paths = [path for handle in handles for path in sorted(Path(handle.folder).iterdir())]
        free = MOST_OPEN_FILES - sum(source.count for source in tuple(self._all))
        self._files: dict[str, list[tuple[str, BinaryIO, int]]] = {}
        self._all.add(self)
        for path in paths if len(paths) <= free else ():
            opened = (path.name, path.open("rb"), path.stat().st_size)
            self._files.setdefault(str(path.parent), []).append(opened)

    def write_again(self, handles: Sequence[ShardHandle], run: RunJob) -> None:
        for handle in handles:
            files = self._files.get(handle.folder, [])
            if not files or any(os.fstat(file.fileno()).st_size != size for _name, file, size in files):
                msg = (
                    f"Expected the files of shard {handle.index} in {handle.folder}; they are lost, and the arrays "
                    "they were made of are not kept. Make the FeatureSet again."
                )
                raise DataError(msg)
            copy = Path(f"{handle.folder}.again")
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir(parents=True)
            for name, file, _size in files:
                file.seek(0)
                with (copy / name).open("wb") as target:
                    shutil.copyfileobj(file, target)
            _put(copy, handle)

    @property
    def count(self) -> int:
        """Number of files that are open for this store."""
        return sum(map(len, self._files.values()))

    def close(self) -> None:
        for files in self._files.values():
            for _name, file, _size in files:
                file.close()
        self._files.clear()


class LineageHere(ShardSource):
    """Shards of an RDD in the driver's folder: the job that wrote them is done again for those partitions.

    Args:
        written: the RDD whose partitions, when computed, write their shards; not persisted.
        unpack: gives the handle or error of one of its records.
    """

    def __init__(self, written: RDD, unpack: Callable[[Any], ShardHandle | DataError]) -> None:
        self._written = written
        self._unpack = unpack

    def write_again(self, handles: Sequence[ShardHandle], run: RunJob) -> None:
        job, written = self._written.context.runJob, self._written
        found = run(lambda: job(written, list, [handle.index for handle in handles]))
        for handle, record in zip(handles, found, strict=True):
            again = self._unpack(record)
            if isinstance(again, DataError):
                raise again
            expect_same_rows(handle.index, handle.rows, again.rows)
            _expect_same_fields(handle, again)
            _put(Path(again.folder), handle)

    def close(self) -> None:
        """Lineage takes nothing."""


class LineageElsewhere(ShardSource):
    """Shards in the executors' folders: their persisted handles are forgotten, so the next job that needs them writes
    them wherever it runs.

    Args:
        persisted: the persisted RDD with one record a shard.
    """

    def __init__(self, persisted: RDD) -> None:
        self._persisted = persisted

    def write_again(self, handles: Sequence[ShardHandle], run: RunJob) -> None:
        master = _block_manager_master(self._persisted.context)
        for handle in handles:
            block_id = self._persisted.context._jvm.org.apache.spark.storage.RDDBlockId
            block = block_id(self._persisted.id(), handle.index)
            master.removeBlock(block)
            deadline = time.monotonic() + _REMOVED_SECONDS
            while not master.getLocations(block).isEmpty() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)  # executors are told, not asked

    def close(self) -> None:
        """Lineage takes nothing."""


def _block_manager_master(spark_context: SparkContext) -> Any:
    """Return what knows and removes the blocks of all executors.

    Not by way of SparkEnv: to call any method of it, Py4J loads all classes that its methods name, and PySpark's wheel
    lacks protobuf, which one of them needs.
    """
    scheduler = spark_context._jsc.sc().dagScheduler()
    field = scheduler.getClass().getDeclaredField("blockManagerMaster")
    field.setAccessible(True)
    return field.get(scheduler)


def _expect_same_fields(handle: ShardHandle, again: ShardHandle) -> None:
    if again.fields != handle.fields:  # in this order: the files are found by it
        msg = (
            f"Partition {handle.index} had the fields {_told(handle)} when it was pinned; its shard was lost, and read "
            f"again it has {_told(again)}. Pin data that does not change: write it to a table first, or cache it."
        )
        raise DataError(msg)


def _told(handle: ShardHandle) -> str:
    return ", ".join(f"{spec.name!r} ({spec.type_name}, {spec.shape})" for spec in handle.fields)


def _put(folder: Path, handle: ShardHandle) -> None:
    """Move a shard to where the handle says; who mapped the old files keeps reading those: the rows are the same."""
    shutil.rmtree(handle.folder, ignore_errors=True)
    folder.rename(handle.folder)
    Shard(handle)
