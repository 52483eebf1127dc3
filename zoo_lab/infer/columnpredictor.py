"""What Spark calls on the Arrow batches of a partition: feature columns in, a column of outputs out. Runs in executors.

Where rows may fail, each gives a struct of its prediction and the reason why it has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from zoo_lab.core.attempts import attempts
from zoo_lab.core.messages import reason
from zoo_lab.feature.columnplan import FieldPlan
from zoo_lab.feature.columnwriter import ColumnWriter
from zoo_lab.feature.structure import Structure
from zoo_lab.infer.modelcopy import copy_of

PREDICTION, ERROR = "prediction", "error"


@dataclass(frozen=True)
class ColumnPredictor:
    """Predicts on columns in batches; a row that fails ends the job.

    Attributes:
        parcel: the broadcast of the model's `Parcel`.
        structure: how fields make up the model's inputs.
        plans: how columns make up the fields.
        columns: the names of the columns as they come.
        column: how outputs become a column.
        batch_size: rows computed at once.
    """

    parcel: Any
    structure: Structure
    plans: tuple[FieldPlan, ...]
    columns: Sequence[str]
    column: Any
    batch_size: int

    @property
    def spark_type(self) -> str:
        """The type of what comes out, in Spark's words."""
        return self.column.spark_type

    def __call__(self, batches: Iterator[Any]) -> Iterator[pa.Array]:
        """Yield the column of outputs, for some rows at a time."""
        reader = ColumnWriter(None, self.plans, self.columns)
        for block in reader.blocks(_partition(), (record_batch(arrays, self.columns) for arrays in batches)):
            for outputs in copy_of(self.parcel).outputs(self.structure, block, self.batch_size):
                yield self.column.array(outputs)


@dataclass(frozen=True)
class LenientPredictor:
    """Predicts on columns in batches; a row that fails gets a null and a reason, the others stay as they are."""

    strict: ColumnPredictor

    @property
    def spark_type(self) -> str:
        """The type of what comes out, in Spark's words."""
        return f"struct<{PREDICTION}: {self.strict.spark_type}, {ERROR}: string>"

    def __call__(self, batches: Iterator[Any]) -> Iterator[pa.Array]:
        """Yield the structs of prediction and error, for some rows at a time."""
        partition, first_row = _partition(), 0
        for arrays in batches:
            batch = record_batch(arrays, self.strict.columns)
            yield self._predicted(batch, partition, first_row)
            first_row += batch.num_rows

    def _predicted(self, batch: pa.RecordBatch, partition: int, first_row: int) -> pa.Array:
        size, column = self.strict.batch_size, self.strict.column
        reasons: list[str | None] = _null_reasons(batch)
        filled = np.flatnonzero([why is None for why in reasons])
        kept = batch.take(pa.array(filled)) if len(filled) < batch.num_rows else batch
        places, results, done = np.full(batch.num_rows, -1), [], 0
        for begin in range(0, len(filled), size):
            piece = kept.slice(begin, size)
            rows = filled[begin : begin + size]

            def attempt(start: int, stop: int, piece: Any = piece, rows: Any = rows) -> pa.Array:
                return self._outputs(piece.slice(start, stop - start), partition, first_row + int(rows[start]))

            for start, stop, found in attempts(len(rows), attempt):
                if isinstance(found, Exception):
                    reasons[rows[start]] = reason(found)
                else:
                    places[rows[start:stop]] = np.arange(done, done + stop - start)
                    results.append(found)
                    done += stop - start
        values = pa.concat_arrays(results) if results else pa.nulls(0, column.arrow_type)
        predictions = values.take(pa.array(places, mask=places < 0))
        return pa.StructArray.from_arrays([predictions, pa.array(reasons, pa.string())], [PREDICTION, ERROR])

    def _outputs(self, batch: pa.RecordBatch, partition: int, first_row: int) -> pa.Array:
        strict = self.strict
        reader = ColumnWriter(None, strict.plans, strict.columns)
        copy, arrays = copy_of(strict.parcel), []
        for block in reader.blocks(partition, [batch], first_row):
            arrays += [strict.column.array(part) for part in copy.outputs(strict.structure, block, strict.batch_size)]
        return pa.concat_arrays(arrays)


@dataclass(frozen=True)
class PredictionsOnly:
    """Predicts like a `LenientPredictor`, and leaves the reasons out."""

    lenient: LenientPredictor

    @property
    def spark_type(self) -> str:
        """The type of what comes out, in Spark's words."""
        return self.lenient.strict.spark_type

    def __call__(self, batches: Iterator[Any]) -> Iterator[pa.Array]:
        """Yield the predictions, null for rows that fail."""
        for predicted in self.lenient(batches):
            yield predicted.field(PREDICTION)


def record_batch(arrays: Any, columns: Sequence[str]) -> pa.RecordBatch:
    """Return the arrays that Spark hands over, one by itself or several in a tuple, under their names."""
    together = arrays if isinstance(arrays, tuple) else (arrays,)
    return pa.RecordBatch.from_arrays(list(together), names=list(columns))


def _null_reasons(batch: pa.RecordBatch) -> list[str | None]:
    """Return which column of each row is null, None where none is: the commonest fault, found in one go."""
    found: list[str | None] = [None] * batch.num_rows
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.null_count:
            for row in np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)):
                found[row] = found[row] or f"Column {name!r}: expected a value; received null."
    return found


def _partition() -> int:
    from pyspark import TaskContext

    return TaskContext.get().partitionId()  # type: ignore[union-attr]
