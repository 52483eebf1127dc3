"""How fast one million rows of 20 double columns enter, as DataFrame, Parquet, RDD and numpy, and where the time goes.

Per source: `seconds` (median of the repeats) until the rows are pinned, `first` for the first time in this context
(Python workers start, Spark compiles), and the same rows only made by Spark (`spark_alone`) and only carried to
Python and dropped (`carried`); what is above `carried` is conversion and writing.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.markdown import table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.feature.featureset import FeatureSet

ROWS = 1_000_000
COLUMNS = [f"c{number}" for number in range(20)]
REPEATS = 1


def measure(context: NNContext, rows: int = ROWS, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """Return one line per source: its name, rows, seconds and rows per second."""
    from zoo_lab.feature.featureset import FeatureSet

    frame = _frame(context, rows)
    records = context.sc.parallelize(range(rows), context.slots * 2).map(_record)
    arrays = np.random.default_rng(0).random((rows, len(COLUMNS)))
    labels = np.zeros(rows, np.int64)
    with _parquet(context, frame) as path:
        stored = context.spark.read.parquet(path)
        return [
            _line("from_dataframe", rows, repeats, lambda: FeatureSet.from_dataframe(frame, COLUMNS, "label"), frame),
            _line("from_parquet", rows, repeats, lambda: FeatureSet.from_parquet(path, COLUMNS, "label"), stored),
            _line("from_rdd", rows, repeats, lambda: FeatureSet.from_rdd(records))
            | {"spark_alone": _median(records.count, repeats)},
            _line("from_numpy", rows, repeats, lambda: FeatureSet.from_numpy(arrays, labels, context=context)),
        ]


def markdown(lines: list[dict[str, Any]]) -> str:
    """Return the table of the measured lines."""
    names = ["source", "rows", "first", "seconds", "spark_alone", "carried", "rows_per_second"]
    heads = ["source", "rows", "first s", "s", "Spark alone s", "carried s", "rows/s"]
    return table(heads, [[_cell(line.get(name, "")) for name in names] for line in lines])


def _line(
    source: str, rows: int, repeats: int, pin: Callable[[], FeatureSet], frame: DataFrame | None = None
) -> dict[str, Any]:
    first = _seconds(lambda: pin().unpersist())
    seconds = _median(lambda: pin().unpersist(), repeats)
    line = {"source": source, "rows": rows, "first": first, "seconds": seconds, "rows_per_second": rows / seconds}
    if frame is not None:
        line["spark_alone"] = _median(lambda: frame.write.format("noop").mode("overwrite").save(), repeats)
        line["carried"] = _median(frame.mapInArrow(_drop, "nothing int").rdd.count, repeats)
    return line


def _frame(context: NNContext, rows: int) -> DataFrame:
    from pyspark.sql import functions as F

    columns = [F.rand(number).alias(name) for number, name in enumerate(COLUMNS)]
    return context.spark.range(0, rows, 1, context.slots * 2).select(*columns, (F.col("id") % 10).alias("label"))


def _record(number: int) -> tuple[np.ndarray, int]:
    return np.full(len(COLUMNS), number, "float64"), number % 10


def _drop(batches: Iterator[Any]) -> Iterator[Any]:
    for _ in batches:
        pass
    return iter(())


@contextlib.contextmanager
def _parquet(context: NNContext, frame: DataFrame) -> Iterator[str]:
    path = Path(context.scratch) / "ingest.parquet"
    frame.write.parquet(str(path))
    try:
        yield str(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _median(call: Callable[[], Any], repeats: int) -> float:
    return statistics.median(_seconds(call) for _ in range(repeats))


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value > 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
