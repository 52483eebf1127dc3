"""Predicts on an RDD of records: one output a record, in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo_lab.core.attempts import attempts
from zoo_lab.core.messages import reason
from zoo_lab.feature.records import RecordReader
from zoo_lab.feature.structure import leaves, map_leaves
from zoo_lab.infer.modelcopy import copy_of

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.infer.programs import Program


def predict_records(
    program: Program, rdd: RDD, batch_size: int, context: NNContext | None = None, on_error: str = "raise"
) -> RDD:
    """Return the RDD of the model's outputs: an array, or a list or dict of arrays, for each x or (x, y) of `rdd`.

    Args:
        program: predicts.
        rdd: records as for `FeatureSet.from_rdd`.
        batch_size: records a worker computes at once.
        context: default the RDD's own.
        on_error: "raise", or "null" for pairs (output, None), and (None, reason) for a record that fails.
    """
    from zoo_lab.context.nncontext import as_context

    context = as_context(rdd.context if context is None else context)
    parcel = context.sc.broadcast(program.parcel(context.threads_per_slot))
    predictor = RecordPredictor if on_error == "raise" else LenientRecordPredictor
    return rdd.mapPartitionsWithIndex(predictor(parcel, batch_size))


@dataclass(frozen=True)
class RecordPredictor:
    """What `mapPartitionsWithIndex` calls: gives the output of each record."""

    parcel: Any
    batch_size: int

    def __call__(self, partition: int, records: Iterator[Any]) -> Iterator[Any]:
        """Yield an output for each record."""
        return _outputs(self.parcel, self.batch_size, RecordReader(partition), records)


@dataclass(frozen=True)
class LenientRecordPredictor:
    """What `mapPartitionsWithIndex` calls: gives each record's output, or the reason why there is none."""

    parcel: Any
    batch_size: int

    def __call__(self, partition: int, records: Iterator[Any]) -> Iterator[tuple[Any, str | None]]:
        """Yield a pair of output and reason for each record, one of them None."""
        first = 0
        while chunk := list(itertools.islice(records, self.batch_size)):

            def attempt(start: int, stop: int, chunk: list[Any] = chunk, first: int = first) -> list[Any]:
                reader = RecordReader(partition, first + start)
                return list(_outputs(self.parcel, self.batch_size, reader, chunk[start:stop]))

            for _start, _stop, found in attempts(len(chunk), attempt):
                if isinstance(found, Exception):
                    yield None, reason(found)
                else:
                    yield from ((output, None) for output in found)
            first += len(chunk)


def _outputs(parcel: Any, batch_size: int, reader: RecordReader, records: Any) -> Iterator[Any]:
    for block in reader.blocks(records):
        assert reader.structure is not None
        for outputs in copy_of(parcel).outputs(reader.structure, block, batch_size):
            yield from _rows(outputs)


def _rows(outputs: Any) -> Iterator[Any]:
    """Yield each row of the outputs, in their structure."""
    for row in range(len(leaves(outputs)[0])):
        yield map_leaves(lambda values, row=row: values[row], outputs)
