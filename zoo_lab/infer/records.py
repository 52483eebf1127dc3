"""Predicts on an RDD of records: one output a record, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zoo_lab.feature.records import RecordReader
from zoo_lab.feature.structure import leaves, map_leaves
from zoo_lab.infer.modelcopy import ModelParcel, copy_of

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext


def predict_records(model: Any, rdd: RDD, batch_size: int, context: NNContext | None = None) -> RDD:
    """Return the RDD of the model's outputs: an array, or a list or dict of arrays, for each x or (x, y) of `rdd`.

    Args:
        model: a Keras model that has its weights.
        rdd: records as for `FeatureSet.from_rdd`.
        batch_size: records a worker computes at once.
        context: default the RDD's own.
    """
    from zoo_lab.context.nncontext import as_context
    from zoo_lab.infer.results import expect_weights

    expect_weights(model)
    context = as_context(rdd.context if context is None else context)
    parcel = context.sc.broadcast(ModelParcel.of(model, context.threads_per_slot))
    return rdd.mapPartitionsWithIndex(RecordPredictor(parcel, batch_size))


class RecordPredictor:
    """What `mapPartitionsWithIndex` calls: gives the output of each record."""

    def __init__(self, parcel: Any, batch_size: int) -> None:
        self.parcel = parcel
        self.batch_size = batch_size

    def __call__(self, partition: int, records: Iterator[Any]) -> Iterator[Any]:
        reader = RecordReader(partition)
        for block in reader.blocks(records):
            assert reader.structure is not None
            for outputs in copy_of(self.parcel).outputs(reader.structure, block, self.batch_size):
                yield from _rows(outputs)


def _rows(outputs: Any) -> Iterator[Any]:
    """Yield each row of the outputs, in their structure."""
    for row in range(len(leaves(outputs)[0])):
        yield map_leaves(lambda values, row=row: values[row], outputs)
