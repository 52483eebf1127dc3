"""Predicts inside a DataFrame: a column more, computed in Arrow batches while Spark reads the rows.

Only the feature columns travel to the workers' Python; the others stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError, ModelError
from zoo_lab.feature.columnplan import FieldPlan, plan_columns
from zoo_lab.feature.columntypes import column_kinds
from zoo_lab.feature.columnwriter import ColumnWriter
from zoo_lab.feature.structure import Structure, map_leaves
from zoo_lab.infer.modelcopy import ModelParcel, copy_of
from zoo_lab.infer.results import Column

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def predict_frame(
    model: Any, df: DataFrame, feature_cols: Any, batch_size: int, prediction_col: str, preprocessing: Any = None
) -> DataFrame:
    """Return `df` with the column `prediction_col`; nothing is computed before that column is used.

    Args:
        model: a Keras model that has its weights.
        df: any DataFrame, also a streaming one.
        feature_cols: as for `FeatureSet.from_dataframe`.
        batch_size: rows a worker computes at once.
        prediction_col: name of the new column.
        preprocessing: as for `FeatureSet.from_dataframe`.
    """
    from pyspark.sql import functions

    from zoo_lab.context.nncontext import as_context
    from zoo_lab.infer.results import column_of, expect_weights, symbolic_outputs

    _check(df, feature_cols, prediction_col)
    kinds = column_kinds(df.schema)
    structure, plans = plan_columns(kinds, feature_cols, None, None, where="predict", preprocessing=preprocessing)
    expect_weights(model)
    context = as_context(df.sparkSession)
    columns = list(dict.fromkeys(name for plan in plans for name in plan.columns))
    outputs = symbolic_outputs(model)
    if outputs is None:
        outputs = _outputs_of_head(model, df, structure, ColumnWriter(None, plans, columns))
    column = column_of(outputs, getattr(model, "output_names", None) or ())
    parcel = context.sc.broadcast(ModelParcel.of(model, context.threads_per_slot))
    predictor = ColumnPredictor(parcel, structure, plans, columns, column, batch_size)

    # Spark reads the kind of function off these hints.
    def predictions(batches: Iterator[tuple[pa.Array, ...]]) -> Iterator[pa.Array]:
        return predictor(batches)

    # Spark evaluates what it takes for deterministic twice where a filter on the prediction follows.
    function = functions.arrow_udf(predictions, column.spark_type).asNondeterministic()
    return df.withColumn(prediction_col, function(*(functions.col(_quoted(name)) for name in columns)))


class ColumnPredictor:
    """What Spark calls on a partition: takes its feature columns batch by batch, gives the column of outputs."""

    def __init__(
        self,
        parcel: Any,
        structure: Structure,
        plans: tuple[FieldPlan, ...],
        columns: Sequence[str],
        column: Column,
        batch_size: int,
    ) -> None:
        self.parcel = parcel
        self.structure = structure
        self.plans = plans
        self.columns = tuple(columns)
        self.column = column
        self.batch_size = batch_size

    def __call__(self, batches: Iterator[Any]) -> Iterator[pa.Array]:
        from pyspark import TaskContext

        partition = TaskContext.get().partitionId()  # type: ignore[union-attr]
        reader = ColumnWriter(None, self.plans, self.columns)
        for block in reader.blocks(partition, map(self._record_batch, batches)):
            for outputs in copy_of(self.parcel).outputs(self.structure, block, self.batch_size):
                yield self.column.array(outputs)

    def _record_batch(self, arrays: Any) -> pa.RecordBatch:
        together = arrays if isinstance(arrays, tuple) else (arrays,)
        return pa.RecordBatch.from_arrays(list(together), names=list(self.columns))


def _outputs_of_head(model: Any, df: DataFrame, structure: Structure, reader: ColumnWriter) -> Any:
    """Return what the model gives for the first rows: a model without a graph tells its outputs only when it runs."""
    repair = "Wrap the model, keras.Model(inputs, model(inputs)) with inputs = keras.Input(…), to predict on it."
    if df.isStreaming:
        msg = f"Expected a Functional or Sequential model for a stream; received {type(model).__name__}. {repair}"
        raise ModelError(msg)
    head = df.select(*map(_quoted, reader.columns)).limit(2).toArrow()
    for block in reader.blocks(0, head.combine_chunks().to_batches()):
        return model(map_leaves(block.__getitem__, structure.x))
    msg = f"Expected rows, from which to tell the outputs of {type(model).__name__}; the DataFrame is empty. {repair}"
    raise DataError(msg)


def _check(df: DataFrame, feature_cols: Any, prediction_col: str) -> None:
    checks = Checks("predict")
    named = feature_cols is not None
    checks.require(named, "Expected feature_cols with a DataFrame; received none. Name the columns to predict from.")
    free = prediction_col.lower() not in map(str.lower, df.columns)
    repair = "Drop it first, or give another prediction_col."
    checks.require(free, f"Expected no column {prediction_col!r}; the DataFrame has one. {repair}")
    checks.done()


def _quoted(column: str) -> str:
    escaped = column.replace("`", "``")
    return f"`{escaped}`"
