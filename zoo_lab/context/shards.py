"""Pins rows on the executors: one shard file a partition, one small handle record in a persisted RDD.

The persisted handles are what keeps a task on the executor that holds its shard, and their lineage
rebuilds a lost shard elsewhere; `ShardStore.restore` has one rebuilt whose files alone are lost. Where every worker
shares the driver's host, any task may map any shard, so tasks need no such pinning and parts of a batch are always
equal.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import tempfile
import threading
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.context.datajobs import run_data_job
from zoo_lab.context.shardfile import STRING, FieldSpec, Shard, ShardHandle, ShardLost, ShardWriter
from zoo_lab.context.shardsource import LineageElsewhere, LineageHere, OpenFiles, ShardSource
from zoo_lab.context.skew import skew_warning
from zoo_lab.core.errors import DataError
from zoo_lab.core.slices import slice_bounds

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext

Block = Mapping[str, np.ndarray]
ToBlocks = Callable[[int, Iterator[Any]], Iterable[Block]]
Written = ShardHandle | DataError


class ShardStore:
    """The pinned shards of one data set, in order; row numbers run through all of them.

    Shards on the driver's host are deleted by `unpersist()`, with their context, or when nobody refers to the store
    any more.

    Attributes:
        context: the context whose workers hold the shards.
        handles: one handle a partition, in order; a partition without rows has one too.
        pinned: an RDD of the same handles whose partitions stay where their shards are, None where every worker
            sees the driver's files.
        fields: name, type and row shape of each field.
    """

    def __init__(
        self,
        context: NNContext,
        handles: list[ShardHandle],
        pinned: RDD | None,
        folder: Path | None,
        source: ShardSource,
        persisted: RDD | None = None,
    ) -> None:
        self.context = context
        self.handles = handles
        self.pinned = pinned
        self._persisted = persisted
        self._source = source
        self._restoring = threading.Lock()
        self.fields = _agreed_fields(handles)
        self._delete = weakref.finalize(self, _release, source, folder)
        context.keep(self)

    @property
    def rows(self) -> int:
        """Number of rows over all shards."""
        return sum(handle.rows for handle in self.handles)

    def head(self, count: int) -> dict[str, np.ndarray]:
        """Return the first `count` rows as arrays, read where the shards lie; strings come as `bytes`.

        Errors:
            EnvironmentProblem: the context is stopped.
            DataError: a shard is lost, and its rows cannot be had again.
        """
        self.context.expect_running()
        wanted = [index for index, start in enumerate(_starts(self.handles)) if start < count]
        blocks = self._heads(wanted, count)
        lost = [index for block in blocks if isinstance(block, ShardLost) for index in block.shards]
        if lost:
            self.restore(lost)
            blocks = self._heads(wanted, count)
        for block in blocks:
            if isinstance(block, ShardLost):
                raise DataError(str(block))
        filled = [block for block in blocks if block] or [_empty_block(self.fields)]
        return {spec.name: np.concatenate([block[spec.name] for block in filled])[:count] for spec in self.fields}

    def restore(self, shards: Sequence[int]) -> None:
        """Have these shards written again, as after a `ShardLost`; the job that missed them can then be done again.

        Shards on the driver's host come back in their places, so what is known of them stays true. Elsewhere the next
        job that needs one writes it where it runs.

        Errors:
            EnvironmentProblem: the context is stopped.
            DataError: their rows cannot be had again.
        """
        self.context.expect_running()
        handles = [self.handles[index] for index in sorted(set(shards))]
        with self._restoring:
            self._source.write_again(handles, lambda call: run_data_job(self.context, "restore lost shards", call))

    def _heads(self, wanted: list[int], count: int) -> list[dict[str, np.ndarray] | ShardLost]:
        if self.pinned is None:
            return [_head(self.handles[index], count) for index in wanted]
        # not take(): it leaves input unread, which kills the Python worker
        job, pinned = self.pinned.context.runJob, self.pinned
        read = functools.partial(_heads_of, count=count)
        return run_data_job(self.context, "first rows", lambda: job(pinned, read, wanted))

    def unpersist(self) -> None:
        """Delete the shard files and release the pinned records. Safe to call twice."""
        self.release(elsewhere=self.context.runs())

    def release(self, *, elsewhere: bool) -> None:
        """Delete the shard files on the driver's host and, if asked for, with a job those on the executors."""
        self._delete()
        pinned, self.pinned = self.pinned, None
        if elsewhere and pinned is not None and self._persisted is not None:
            with contextlib.suppress(Exception):  # Spark, ending meanwhile, removes them itself
                persisted = self._persisted
                run_data_job(self.context, "delete data", lambda: _delete_where_pinned(pinned, persisted))
                persisted.unpersist()


def pin_arrays(context: NNContext, arrays: Block, partitions: int) -> ShardStore:
    """Pin arrays of the driver, cut into `partitions` contiguous, nearly equal shards.

    The arrays themselves are not kept: what `restore` needs of them is in open files, or in Spark where workers are
    elsewhere.
    """
    context.expect_running()
    rows = len(next(iter(arrays.values())))
    bounds = [slice_bounds(rows, partitions, index) for index in range(partitions)]
    if context.one_host:
        folder = _new_folder(context.scratch)
        blocks = ({name: array[start:stop] for name, array in arrays.items()} for start, stop in bounds)
        handles = [write_shard(folder, index, [block]) for index, block in enumerate(blocks)]
        return ShardStore(context, handles, None, folder, OpenFiles(handles))
    parts = [(index, {n: a[start:stop] for n, a in arrays.items()}) for index, (start, stop) in enumerate(bounds)]
    return pin_partitions(context, context.sc.parallelize(parts, partitions), _only_blocks)


def pin_partitions(context: NNContext, source: RDD, to_blocks: ToBlocks) -> ShardStore:
    """Pin an RDD: `to_blocks(partition, records)` turns a partition's records into blocks, on the executors."""
    folder = new_folder(context)
    writer = _PartitionWriter(folder, to_blocks)
    return pin_handles(context, source.mapPartitionsWithIndex(writer, preservesPartitioning=True), folder)


def pin_handles(
    context: NNContext, written: RDD, folder: Path | None, unpack: Callable[[Any], Written] | None = None
) -> ShardStore:
    """Run the job that writes shards and return their store.

    Args:
        context: where it runs, as a job that an interrupt ends.
        written: one record per partition: a `ShardHandle`, or the `DataError` that stopped it (see `handle_or_error`).
        folder: the folder of `new_folder` that the shards are written to.
        unpack: gives the handle or error of a record of `written`; here on the driver, and not within the job: a
            task with two Python stages takes two Python workers, and then training would warm twice as many.

    Errors:
        DataError: a row does not hold what was expected.
        WorkerError: the code that makes the rows failed.
    """
    from pyspark import StorageLevel

    context.expect_running()
    if folder is None:  # records that memory had no room for go to disk: computing one anew reads all its rows again
        written = written.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        results = run_data_job(context, "pin data", written.collect)
        handles = _in_order([unpack(result) for result in results] if unpack else results)
        if folder is not None:
            return ShardStore(context, handles, None, folder, LineageHere(written, unpack or _as_it_is))
        pinned = written.mapPartitionsWithIndex(_Unpacked(unpack)) if unpack else written
        store = ShardStore(context, handles, pinned, None, LineageElsewhere(written), persisted=written)
    except BaseException:
        with contextlib.suppress(Exception):  # Spark may be what has failed
            written.unpersist()
        _remove(folder)
        raise
    _warn_of_skew(store)
    return store


def new_folder(context: NNContext) -> Path | None:
    """Make the folder for the shards of one data set on the driver's host; None where workers are elsewhere.

    Errors:
        EnvironmentProblem: the context is stopped, and what was made in its folder would stay for ever.
    """
    context.expect_running()
    return _new_folder(context.scratch) if context.one_host else None


def write_shard(parent: Path, index: int, blocks: Iterable[Block]) -> ShardHandle:
    """Write the blocks as shard `index` below `parent` and return its handle."""
    writer = ShardWriter(parent, index)
    for block in blocks:
        writer.append(block)
    return writer.close()


def executor_folder() -> Path:
    """Return a folder for shards in the executor's local directory, which Spark removes with the executor."""
    local = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    return Path(local or tempfile.gettempdir()) / "zoo_lab-shards"


def handle_or_error(write: Callable[[], ShardHandle], inputs: Iterator[Any]) -> Written:
    """Return what `write` returns, or the `DataError` that it raises; then its inputs are read to their end."""
    try:
        return write()
    except DataError as error:
        for _ in inputs:  # an input left unread would kill the Python worker
            pass
        return error


class _PartitionWriter:
    def __init__(self, folder: Path | None, to_blocks: ToBlocks) -> None:
        self.folder = folder
        self.to_blocks = to_blocks

    def __call__(self, index: int, records: Iterator) -> Iterator[Written]:
        folder = self.folder or executor_folder()
        yield handle_or_error(lambda: write_shard(folder, index, self.to_blocks(index, records)), records)


def _as_it_is(record: Written) -> Written:
    return record


def _only_blocks(_index: int, records: Iterator) -> Iterator[Block]:
    return (block for _number, block in list(records))


def _new_folder(scratch: Path) -> Path:
    folder = scratch / f"shards-{uuid.uuid4().hex[:12]}"
    folder.mkdir(parents=True)
    return folder


class _Unpacked:
    """Gives the handles of a partition's records under the partition's own number.

    A DataFrame's task knows the number of the task only. Where a lost shard is written again within a job over fewer
    partitions, that is another one.
    """

    def __init__(self, unpack: Callable[[Any], Written]) -> None:
        self.unpack = unpack

    def __call__(self, index: int, records: Iterator[Any]) -> Iterator[Written]:
        for record in records:
            written = self.unpack(record)
            yield written if isinstance(written, DataError) else replace(written, index=index)


def _release(source: ShardSource, folder: Path | None) -> None:
    source.close()
    _remove(folder)


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _in_order(results: list[Written]) -> list[ShardHandle]:
    for result in results:
        if isinstance(result, DataError):
            raise result
    return sorted(results, key=lambda handle: handle.index)  # type: ignore[union-attr]


def _warn_of_skew(store: ShardStore) -> None:
    from zoo_lab.context.slots import count_executors

    message = skew_warning(store.handles, count_executors(store.context.sc))
    if message:
        warnings.warn(message, stacklevel=5)  # the caller of FeatureSet.from_…


def _delete_where_pinned(pinned: RDD, persisted: RDD) -> None:
    """Delete the shards on the executors, unless a record is lost: Spark would read its rows again to delete them."""
    for info in pinned.context._jsc.sc().getRDDStorageInfo():  # noqa: SLF001 - PySpark has no such view
        if info.id() == persisted.id() and info.numCachedPartitions() == info.numPartitions():
            pinned.foreach(_delete_shard)


def _delete_shard(handle: ShardHandle) -> None:
    shutil.rmtree(handle.folder, ignore_errors=True)


def _starts(handles: list[ShardHandle]) -> list[int]:
    return list(itertools.accumulate((handle.rows for handle in handles), initial=0))[:-1]


def _heads_of(handles: Iterable[ShardHandle], count: int) -> list[dict[str, np.ndarray] | ShardLost]:
    return [_head(handle, count) for handle in handles]


def _head(handle: ShardHandle, count: int) -> dict[str, np.ndarray] | ShardLost:
    try:
        shard = Shard(handle)
    except ShardLost as lost:
        return lost
    return {spec.name: shard.take(spec.name, slice(0, count)) for spec in handle.fields} if handle.rows else {}


def _empty_block(fields: tuple[FieldSpec, ...]) -> dict[str, np.ndarray]:
    return {spec.name: np.empty((0, *spec.shape), object if spec.dtype == STRING else spec.dtype) for spec in fields}


def _agreed_fields(handles: list[ShardHandle]) -> tuple[FieldSpec, ...]:
    filled = [handle for handle in handles if handle.rows]
    if not filled:
        msg = "Expected at least one row; received none. Check the path or the filter that made the data."
        raise DataError(msg)
    for handle in filled[1:]:
        if set(handle.fields) != set(filled[0].fields):  # each shard's own order is in its handle
            raise _disagreement(filled[0], handle)
    return filled[0].fields


def _disagreement(first: ShardHandle, other: ShardHandle) -> DataError:
    expected, received = set(first.fields), set(other.fields)
    msg = (
        f"Partitions {first.index} and {other.index} differ in type or shape: {first.index} has "
        f"{_told(expected - received)}, {other.index} has {_told(received - expected)}. Make every row the same type "
        "and size (pad, crop or resize) before training."
    )
    return DataError(msg)


def _told(fields: set[FieldSpec]) -> str:
    told = [f"{spec.name!r} of type {spec.type_name} and shape {spec.shape}" for spec in fields]
    return ", ".join(sorted(told)) or "no further field"
