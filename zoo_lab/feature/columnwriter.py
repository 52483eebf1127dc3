"""Writes the Arrow batches of a partition into a shard. Runs inside Spark executors."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import executor_folder, handle_or_error, write_shard
from zoo_lab.core.attempts import attempts
from zoo_lab.core.errors import DataError
from zoo_lab.core.messages import reason
from zoo_lab.feature.columnplan import FieldPlan
from zoo_lab.feature.columns import column_values, values_per_row
from zoo_lab.feature.place import Place

HANDLE_SCHEMA = "handle binary"
BLOCK_BYTES = 16 << 20
STEPPED_ROWS = 128
"""Rows at a time where steps make arrays of them: a file in a column grows twentyfold."""


class ColumnWriter:
    """What `mapInArrow` calls: takes a partition's batches, gives one record with its pickled shard handle.

    Args:
        folder: where shards go; None for the executor's own folder.
        plans: the fields and their columns.
        columns: names of the batches' columns, in order: `mapInArrow` takes no name with a dot or a backtick.
        lenient: leaves out rows that cannot be read; the reasons, a tuple, are the note of the handle.
    """

    def __init__(
        self, folder: Path | None, plans: tuple[FieldPlan, ...], columns: Sequence[str], lenient: bool = False
    ) -> None:
        self.folder = folder
        self.plans = plans
        self.columns = tuple(columns)
        self.lenient = lenient

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        partition = TaskContext.get().partitionId()  # type: ignore[union-attr]
        folder = self.folder or executor_folder()
        reasons: list[str] = []
        blocks = self._readable(partition, batches, reasons) if self.lenient else self.blocks(partition, batches)
        result = handle_or_error(lambda: write_shard(folder, partition, blocks), batches)
        if self.lenient and isinstance(result, ShardHandle):
            result = replace(result, note=tuple(reasons))
        yield pa.RecordBatch.from_arrays([pa.array([pickle.dumps(result)], pa.binary())], ["handle"])

    def blocks(
        self,
        partition: int,
        batches: Iterable[pa.RecordBatch],
        first_row: int = 0,
        shapes: dict[str, tuple[int, ...]] | None = None,
    ) -> Iterator[dict[str, np.ndarray]]:
        """Yield the batches, which begin at a row of the partition, as blocks of fields, cut where they grow large.

        Every row has the shape of the first, or that in `shapes`, which learns it.
        """
        shapes = {} if shapes is None else shapes
        most = STEPPED_ROWS if any(plan.step is not None for plan in self.plans) else None
        for batch in itertools.chain.from_iterable(_parts(batch, most) for batch in batches):
            columns = dict(zip(self.columns, batch.columns, strict=True))
            block = {plan.name: _field(columns, plan, partition, first_row) for plan in self.plans}
            for plan in self.plans:
                values, place = block[plan.name], Place(_told(plan.name), partition, first_row)
                _expect_classes(plan.classes, values, place)
                _expect_shape(shapes.setdefault(plan.name, values.shape[1:]), values, place)
            first_row += batch.num_rows
            yield block

    def _readable(
        self, partition: int, batches: Iterable[pa.RecordBatch], reasons: list[str]
    ) -> Iterator[dict[str, np.ndarray]]:
        """Yield the rows that can be read as blocks of fields, and add to `reasons` why others cannot."""
        first_row, shapes = 0, {}
        for batch in batches:

            def attempt(start: int, stop: int, batch: Any = batch, first_row: int = first_row) -> list[Any]:
                return list(self.blocks(partition, [batch.slice(start, stop - start)], first_row + start, shapes))

            for _start, _stop, found in attempts(batch.num_rows, attempt):
                if isinstance(found, Exception):
                    reasons.append(str(found) if isinstance(found, DataError) else reason(found))
                else:
                    yield from found
            first_row += batch.num_rows


def _parts(batch: pa.RecordBatch, most: int | None) -> Iterator[pa.RecordBatch]:
    """Yield a batch in parts of at most `most` rows, whose sparse vectors take a few MB as arrays."""
    row_bytes = 4 * sum(map(values_per_row, batch.columns))
    rows = max(1, BLOCK_BYTES // row_bytes) if row_bytes else batch.num_rows
    rows = rows if most is None else min(rows, most)
    yield from (batch.slice(start, rows) for start in range(0, batch.num_rows, max(1, rows)))


def unpickled_handle(row: Any) -> Any:
    """Return the handle or the error that `ColumnWriter` put into a record."""
    return pickle.loads(row["handle"])


def _field(columns: Mapping[str, pa.Array], plan: FieldPlan, partition: int, first_row: int) -> np.ndarray:
    if plan.step is not None and not plan.stacked:
        from zoo_lab.feature.columnsteps import stepped_column

        return stepped_column(columns[plan.columns[0]], plan.step, Place(_told(plan.columns[0]), partition, first_row))
    stacked = _stacked(columns, plan, partition, first_row)
    if plan.step is None:
        return stacked
    from zoo_lab.feature.columnsteps import stepped

    return stepped(stacked, plan.step, Place(_told(plan.name), partition, first_row))


def _stacked(columns: Mapping[str, pa.Array], plan: FieldPlan, partition: int, first_row: int) -> np.ndarray:
    parts = [column_values(columns[name], Place(_told(name), partition, first_row)) for name in plan.columns]
    if not plan.stacked:
        return parts[0].astype(plan.dtype, copy=False) if plan.dtype else parts[0]
    stacked = np.empty((len(parts[0]), len(parts)), plan.dtype)
    for position, part in enumerate(parts):
        stacked[:, position] = part
    return stacked


def _expect_shape(shape: tuple[int, ...], values: np.ndarray, place: Place) -> None:
    if values.shape[1:] != shape:
        repair = "Make every row one size (pad, crop or resize) first."
        raise place.error(0, f"shape {shape} as in the rows before", f"shape {values.shape[1:]}", repair)


def _told(column: str) -> str:
    return f"column {column!r}"


def _expect_classes(classes: int | None, values: np.ndarray, place: Place) -> None:
    if classes is None or values.ndim != 1:
        return
    for bad in np.flatnonzero(~((values >= 0) & (values < classes) & (values == np.floor(values))))[:1]:
        repair = f"Classes count from 0: number {classes} of them 0 … {classes - 1}, such as with StringIndexer."
        raise place.error(int(bad), f"a class number from 0 to {classes - 1}", str(values[bad]), repair)
