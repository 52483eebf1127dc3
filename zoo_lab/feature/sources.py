"""Pins DataFrames and RDDs: decides on the driver, starts one job, and the executors write the shards."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from zoo_lab.context.datajobs import run_data_job
from zoo_lab.context.shards import ShardStore, new_folder, pin_handles
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.columnplan import plan_columns
from zoo_lab.feature.columntypes import column_kinds
from zoo_lab.feature.columnwriter import HANDLE_SCHEMA, ColumnWriter, unpickled_handle
from zoo_lab.feature.records import RecordWriter
from zoo_lab.feature.structure import Nest, Structure

if TYPE_CHECKING:
    from pyspark import RDD
    from pyspark.sql import DataFrame

    from zoo_lab.context.nncontext import NNContext


def pin_dataframe(
    df: DataFrame,
    feature_cols: Nest,
    label_cols: Nest = None,
    weight_col: str | None = None,
    preprocessing: Nest = None,
    label_preprocessing: Nest = None,
    classes: int | None = None,
    lenient: bool = False,
) -> tuple[ShardStore, Structure]:
    """Pin columns of a DataFrame; the arguments and errors are those of `FeatureSet.from_dataframe`.

    With `classes` a label that is no class number from 0 to below it is a `DataError`. With `lenient` rows that cannot
    be read are left out, and the note of each handle tells why.
    """
    from zoo_lab.context.nncontext import as_context

    _expect_dataframe(df)
    structure, plans = plan_columns(
        column_kinds(df.schema),
        feature_cols,
        label_cols,
        weight_col,
        preprocessing=preprocessing,
        label_preprocessing=label_preprocessing,
        classes=classes,
    )
    context = as_context(df.sparkSession)
    columns = list(dict.fromkeys(column for plan in plans for column in plan.columns))
    selected = df.select(*map(_quoted, columns)).toDF(*(f"c{position}" for position in range(len(columns))))
    folder = new_folder(context)
    writer = ColumnWriter(folder, plans, columns, lenient)
    # planning an RDD runs the stages of a DataFrame with a shuffle
    written = run_data_job(context, "plan data", lambda: _written(selected, writer, context))
    return pin_handles(context, written, folder, unpickled_handle), structure


def pin_rdd(rdd: RDD, context: NNContext | None = None) -> tuple[ShardStore, Structure]:
    """Pin an RDD of records; the arguments and errors are those of `FeatureSet.from_rdd`."""
    from zoo_lab.context.nncontext import as_context

    _expect_rdd(rdd)
    context = as_context(rdd.context if context is None else context)
    folder = new_folder(context)
    if run_data_job(context, "plan data", lambda: _too_few_partitions(rdd, context)):
        rdd = rdd.repartition(context.slots)
    store = pin_handles(context, rdd.mapPartitionsWithIndex(RecordWriter(folder)), folder)
    return store, next(handle.note for handle in store.handles if handle.rows)


def _written(df: DataFrame, writer: ColumnWriter, context: NNContext) -> RDD:
    written = df.mapInArrow(writer, HANDLE_SCHEMA).rdd
    if _too_few_partitions(written, context):
        return df.repartition(context.slots).mapInArrow(writer, HANDLE_SCHEMA).rdd
    return written


def _too_few_partitions(rdd: RDD, context: NNContext) -> bool:
    """Tell whether some worker would get no rows. On one host every worker sees all shards anyway."""
    return not context.one_host and rdd.getNumPartitions() < context.slots


def _quoted(column: str) -> str:
    escaped = column.replace("`", "``")
    return f"`{escaped}`"


def _expect_dataframe(df: Any) -> None:
    from pyspark.sql import DataFrame

    if not isinstance(df, DataFrame):
        pandas = sys.modules.get("pandas")
        is_pandas = pandas is not None and isinstance(df, pandas.DataFrame)
        repair = "context.spark.createDataFrame(df) makes one." if is_pandas else "Arrays go to FeatureSet.from_numpy."
        msg = f"FeatureSet.from_dataframe: expected a Spark DataFrame; received {_type_name(df)}. {repair}"
        raise ArgumentError(msg)
    if df.isStreaming:
        msg = (
            "FeatureSet.from_dataframe: expected a DataFrame with an end; received a stream. "
            "Write the stream to a table first and pin the table."
        )
        raise ArgumentError(msg)


def _expect_rdd(rdd: Any) -> None:
    from pyspark import RDD

    if not isinstance(rdd, RDD):
        msg = (
            f"FeatureSet.from_rdd: expected an RDD of (x, y) records; received {_type_name(rdd)}. "
            "context.sc.parallelize(records) makes one of a list."
        )
        raise ArgumentError(msg)


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
