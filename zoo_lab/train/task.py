"""The functions that Spark runs on the workers, one per kind of job. Runs inside Spark executors.

A task first reads its (tiny) input to the end, since Spark kills a Python worker that leaves some; an
exception is returned as a record, not raised, so that it reaches the driver whole and is not retried.
"""

from __future__ import annotations

import itertools
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from zoo_lab.context.shardfile import ShardHandle, ShardLost
from zoo_lab.core.messages import readable
from zoo_lab.core.report import blame_of, blamed_worker, own_frames
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.feed import Feed
from zoo_lab.train.letters import opened
from zoo_lab.train.meeting import Gone
from zoo_lab.train.microbatches import compute_part, noting
from zoo_lab.train.setup import DataSetup, Failure, Order, Prepared, Report

Handles = tuple[ShardHandle, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Task:
    """A job's function for `mapPartitionsWithIndex`: `work(replica, index, handles)` on this process's replica.

    `setup` is the broadcast of a run's `Setup`.
    """

    setup: Any
    work: Callable[..., Any]

    def __call__(self, index: int, records: Iterable[Any]) -> Iterator[Any]:
        """Do the work of partition `index` and yield its one record, or a `Failure`."""
        handles = tuple(record for record in records if isinstance(record, ShardHandle))
        try:
            result = working(load_replica(self.setup), lambda replica: self.work(replica, index, handles))
        except Exception as error:
            result = failure(error, index)
        yield result


def load_replica(setup: Any) -> Any:
    """Return this process's replica of the run whose `Setup` is broadcast, with TensorFlow loaded if it was not."""
    from zoo_lab.context.workers import prepare as load_tensorflow

    load_tensorflow(setup.value.threads)
    from zoo_lab.train.replica import replica_for

    return replica_for(setup.value)


def working(replica: Any, work: Callable[[Any], T]) -> T:
    """Return what `work` makes of the replica; where it fails, workers that wait for this one in mid-step are told."""
    try:
        return work(replica)
    except BaseException:
        replica.exchange.give_up()
        raise


def prepare(replica: Any, index: int, handles: Handles) -> Prepared:
    """Build and trace the model."""
    return replica.prepare(index, handles)


@dataclass(frozen=True)
class TrainAndReturn:
    """Compute a step; weights come in a letter with (order, state), the result goes with the report."""

    letter: Any

    def __call__(self, replica: Any, index: int, handles: Handles) -> Report:
        weights, (order, state) = opened(self.letter)
        report, result = train_part(replica, index, handles, order, weights, state)
        arrays = None if result is None else (result.gradient, result.state, result.sparse)
        return replace(report, arrays=arrays)


@dataclass(frozen=True)
class Evaluate:
    """Add up the metrics of whole batches; on one host each worker takes an equal run of them."""

    data: DataSetup
    message: Any
    batch_size: int

    def __call__(self, replica: Any, index: int, handles: Handles) -> Report:
        feed = replica.feed(self.data, handles)
        replica.load(*self.message.value)
        metrics, count = None, 0
        for rows, data in own_batches(replica, self.data, feed, index, self.batch_size):
            increments = replica.evaluate(self.data, data)
            metrics = increments if metrics is None else metrics + increments
            count += len(rows)
        return Report(index, count, metrics=metrics)


@dataclass(frozen=True)
class Predict:
    """Return the model's outputs with the numbers of their rows."""

    data: DataSetup
    batch_size: int

    def __call__(self, replica: Any, index: int, handles: Handles) -> Report:
        feed = replica.feed(self.data, handles)
        batches, outputs = [], []
        for rows, data in own_batches(replica, self.data, feed, index, self.batch_size):
            batches.append(rows)
            outputs.append(replica.predict(data))
        numbers = np.concatenate(batches) if batches else np.empty(0, np.int64)
        return Report(index, len(numbers), arrays=(numbers, outputs))


def train_part(
    replica: Any, index: int, handles: Handles, order: Order, weights: Any, state: Any, last: bool = True
) -> tuple[Report, Any]:
    """Compute a step on the worker's part of a batch; return the report, and the result unless it has no rows.

    `last` tells whether the next batch is that of another job.
    """
    began = time.time()
    feed = replica.feed(replica.setup.data, handles)
    part = compute_part(replica, index, feed, order, weights, state, last)
    if part.result is None:
        return Report(index, 0, asked=part.asked, began=began), None
    result, times = part.result, {"read": part.read, "compute": part.compute}
    return Report(index, part.rows, result.loss, result.metrics, times, asked=part.asked, began=began), result


def own_batches(replica: Any, data: DataSetup, feed: Feed, index: int, size: int) -> Iterator[tuple[np.ndarray, Any]]:
    """Yield the rows of each batch that is this worker's, with their arrays; the next are made meanwhile."""
    batches = [feed.at_rest(rows) for rows in own_rows(replica, data, feed, index, size)]
    for batch, following in itertools.zip_longest(batches, batches[1:]):
        with noting(batch.rows, "data"):
            arrays = feed.read(batch)
        feed.expect(following, sure=True)
        yield batch.rows, arrays


def own_rows(replica: Any, data: DataSetup, feed: Feed, index: int, size: int) -> Iterator[np.ndarray]:
    """Yield the rows of each batch that is this worker's; on one host whole batches of all rows."""
    setup = replica.setup
    rows = np.arange(sum(data.shard_rows), dtype=np.int64)
    if not setup.one_host:
        own = feed.reader.part(rows, index, setup.workers, one_host=False)
        yield from (own[start : start + size] for start in range(0, len(own), size))
        return
    first, last = slice_bounds(-(-len(rows) // size), setup.workers, index)
    yield from (rows[batch * size : (batch + 1) * size] for batch in range(first, last))


def failure(error: Exception, index: int) -> Failure:
    """Return an exception in partition `index` as the record that tells the driver."""
    blame = blame_of(error)
    return Failure(
        kind=type(error).__name__,
        message=readable(str(error)),
        frames=own_frames(error.__traceback__),
        traceback="".join(traceback.format_exception(error)),
        worker=blamed_worker(error, index),
        host=socket.gethostname(),
        sample=blame.get("sample", ""),
        stage=blame.get("stage", ""),
        shards=error.shards if isinstance(error, ShardLost) else (),
        gone=isinstance(error, Gone),
    )
