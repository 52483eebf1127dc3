"""The jobs over all rows that go on where one fails, and tell which did and why. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import ShardLost
from zoo_lab.core.attempts import attempts
from zoo_lab.core.messages import reason
from zoo_lab.train.microbatches import noting
from zoo_lab.train.setup import DataSetup, Report
from zoo_lab.train.task import Handles, own_rows


@dataclass(frozen=True)
class PredictLeniently:
    """Return the model's outputs with the numbers of their rows, and the reasons of rows that have none."""

    data: DataSetup
    batch_size: int

    def __call__(self, replica: Any, index: int, handles: Handles) -> Report:
        """Compute the batches of worker `index`."""
        numbers, outputs, reasons, count = [np.empty(0, np.int64)], [], {}, 0
        for rows, found in _runs(self, replica, index, handles, replica.predict):
            if isinstance(found, Exception):
                reasons[int(rows[0])] = reason(found)
            else:
                numbers.append(rows)
                outputs.append(found)
            count += len(rows)
        return Report(index, count, arrays=(np.concatenate(numbers), outputs, reasons))


@dataclass(frozen=True)
class EvaluateLeniently:
    """Add up the metrics of all rows but those that fail; the report's arrays are the reasons, by row number."""

    data: DataSetup
    message: Any
    batch_size: int

    def __call__(self, replica: Any, index: int, handles: Handles) -> Report:
        """Evaluate the batches of worker `index`."""
        replica.load(*self.message.value)
        metrics, reasons, count = None, {}, 0
        for rows, found in _runs(self, replica, index, handles, lambda data: replica.evaluate(self.data, data)):
            if isinstance(found, Exception):
                reasons[int(rows[0])] = reason(found)
            else:
                metrics = found if metrics is None else metrics + found
                count += len(rows)
        return Report(index, count, metrics=metrics, arrays=reasons)


def _runs(
    task: PredictLeniently | EvaluateLeniently,
    replica: Any,
    index: int,
    handles: Handles,
    compute: Callable[[dict[str, np.ndarray]], Any],
) -> Iterator[tuple[np.ndarray, Any]]:
    """Yield the worker's rows in runs with what `compute` gives for their arrays; a row that fails with its error."""
    feed = replica.feed(task.data, handles)
    for rows in own_rows(replica, task.data, feed, index, task.batch_size):

        def attempt(start: int, stop: int, rows: np.ndarray = rows) -> Any:
            with noting(rows[start:stop], "data"):
                arrays = feed.read(feed.at_rest(rows[start:stop]))
            return compute(arrays)

        for start, stop, found in attempts(len(rows), attempt, beyond=(ShardLost,)):
            yield rows[start:stop], found
