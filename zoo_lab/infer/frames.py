"""Predicts inside a DataFrame: a column more, computed in Arrow batches while Spark reads the rows.

Only the feature columns travel to the workers' Python; the others stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError, ModelError
from zoo_lab.feature.columnplan import plan_columns
from zoo_lab.feature.columntypes import column_kinds
from zoo_lab.feature.columnwriter import ColumnWriter
from zoo_lab.feature.structure import Structure
from zoo_lab.infer.columnpredictor import ERROR, PREDICTION, ColumnPredictor, LenientPredictor
from zoo_lab.infer.results import column_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from zoo_lab.infer.programs import Program


def predict_frame(
    program: Program,
    df: DataFrame,
    feature_cols: Any,
    batch_size: int,
    prediction_col: str,
    on_error: str = "raise",
    preprocessing: Any = None,
) -> DataFrame:
    """Return `df` with the column `prediction_col`; nothing is computed before that column is used.

    Args:
        program: predicts.
        df: any DataFrame, also a streaming one.
        feature_cols: as for `FeatureSet.from_dataframe`.
        batch_size: rows a worker computes at once.
        prediction_col: name of the new column.
        on_error: "raise", or "null" for a null in the place of a row that fails, and a column more with the reason.
        preprocessing: as for `FeatureSet.from_dataframe`.
    """
    from pyspark.sql import functions

    from zoo_lab.context.nncontext import as_context

    error_col = error_column(prediction_col)
    _check(df, feature_cols, [prediction_col] + [error_col] * (on_error == "null"))
    kinds = column_kinds(df.schema)
    structure, plans = plan_columns(kinds, feature_cols, None, None, where="predict", preprocessing=preprocessing)
    context = as_context(df.sparkSession)
    columns = list(dict.fromkeys(name for plan in plans for name in plan.columns))
    column = program.column()
    if column is None:
        column = column_of(_outputs_of_head(program, df, structure, ColumnWriter(None, plans, columns)))
    parcel = context.sc.broadcast(program.parcel(context.threads_per_slot))
    strict = ColumnPredictor(parcel, structure, plans, columns, column, batch_size)
    features = [functions.col(_quoted(name)) for name in columns]
    if on_error == "raise":
        return df.withColumn(prediction_col, spark_function(strict)(*features))
    # a struct under the prediction's own name, so that no other name can be taken
    both = df.withColumn(prediction_col, spark_function(LenientPredictor(strict))(*features))
    parts = functions.col(_quoted(prediction_col))
    return both.withColumns({error_col: parts.getField(ERROR), prediction_col: parts.getField(PREDICTION)}).select(
        *map(_quoted, [*df.columns, prediction_col, error_col])
    )


def error_column(prediction_col: str) -> str:
    """Return the name of the column with the reasons of rows that have no prediction."""
    return f"{prediction_col}_error"


def spark_function(predictor: Any) -> Callable[..., Any]:
    """Return a predictor on columns as a function of Spark SQL."""
    from pyspark.sql import functions

    # Spark reads the kind of function off these hints.
    def predictions(batches: Iterator[tuple[pa.Array, ...]]) -> Iterator[pa.Array]:
        return predictor(batches)

    # Spark evaluates what it takes for deterministic twice where a filter on the prediction follows.
    return functions.arrow_udf(predictions, predictor.spark_type).asNondeterministic()


def _outputs_of_head(program: Program, df: DataFrame, structure: Structure, reader: ColumnWriter) -> Any:
    """Return what the model gives for the first rows: a model without a graph tells its outputs only when it runs."""
    repair = "Wrap the model, keras.Model(inputs, model(inputs)) with inputs = keras.Input(…), to predict on it."
    if df.isStreaming:
        msg = f"Expected a Functional or Sequential model for a stream; {program.name!r} is none. {repair}"
        raise ModelError(msg)
    head = df.select(*map(_quoted, reader.columns)).limit(2).toArrow()
    for block in reader.blocks(0, head.combine_chunks().to_batches()):
        return next(program.outputs(structure, block, 2))
    msg = f"Expected rows, from which to tell the outputs of {program.name!r}; the DataFrame is empty. {repair}"
    raise DataError(msg)


def _check(df: DataFrame, feature_cols: Any, new_cols: list[str]) -> None:
    checks = Checks("predict")
    named = feature_cols is not None
    checks.require(named, "Expected feature_cols with a DataFrame; received none. Name the columns to predict from.")
    taken = set(map(str.lower, df.columns))
    for name in new_cols:
        free = name.lower() not in taken
        repair = "Drop it first, or give another prediction_col."
        checks.require(free, f"Expected no column {name!r}; the DataFrame has one. {repair}")
    checks.done()


def _quoted(column: str) -> str:
    escaped = column.replace("`", "``")
    return f"`{escaped}`"
