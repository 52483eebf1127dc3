"""The job on pinned rows that goes on where a row fails. Runs inside Spark executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.infer.attempts import attempts, reason
from zoo_lab.train.setup import DataSetup, Report
from zoo_lab.train.task import Handles, own_batches


@dataclass(frozen=True)
class PredictLeniently:
    """Return the model's outputs with the numbers of their rows, and the reasons of rows that have none."""

    data: DataSetup
    batch_size: int

    def __call__(self, replica: Any, index: int, handles: Handles) -> Report:
        """Compute the batches of worker `index`."""
        feed = replica.feed(self.data, handles)
        numbers, outputs, reasons, count = [np.empty(0, np.int64)], [], {}, 0
        for rows, fields in own_batches(replica, self.data, feed, index, self.batch_size):

            def attempt(start: int, stop: int, fields: Any = fields) -> Any:
                return replica.predict({name: values[start:stop] for name, values in fields.items()})

            for start, stop, found in attempts(len(rows), attempt):
                if isinstance(found, Exception):
                    reasons[int(rows[start])] = reason(found)
                else:
                    numbers.append(rows[start:stop])
                    outputs.append(found)
            count += len(rows)
        return Report(index, count, arrays=(np.concatenate(numbers), outputs, reasons))
