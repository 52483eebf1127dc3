"""DataFrames and RDDs of a real Spark are pinned as numpy and pandas see them."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from pyspark.ml.linalg import Vectors
from pyspark.sql import functions as F

from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.shardfile import Shard
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.featureset import FeatureSet

_ROWS = 37


@pytest.fixture
def elsewhere(context: NNContext, monkeypatch: pytest.MonkeyPatch) -> NNContext:
    """The context as it is where workers do not see the driver's files."""
    monkeypatch.setattr(context, "one_host", False)
    return context


def _frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": np.arange(_ROWS),
            "age": random.integers(0, 90, _ROWS).astype("int32"),
            "height": random.normal(size=_ROWS),
            "member": random.integers(0, 2, _ROWS).astype(bool),
            "title": [f"title {row} é🦓" if row % 3 else "" for row in range(_ROWS)],
            "series": list(random.normal(size=(_ROWS, 4))),
            "grid": [[[row, 2], [3, row]] for row in range(_ROWS)],
            "label": random.integers(0, 3, _ROWS),
            "weight": random.random(_ROWS),
        }
    )


def _pinned_ids(data: FeatureSet) -> np.ndarray:
    return data.head(data.rows)[2].astype(int)


def _stack(values: Any) -> np.ndarray:
    return np.array([np.array(value) for value in values])


def _worker_pids(context: NNContext) -> set[int]:
    def pid(records: Iterator[int]) -> Iterator[int]:
        list(records)
        time.sleep(0.1)
        yield os.getpid()

    rows = context.sc.parallelize(range(2), 2).mapPartitions(pid)
    return {number for _ in range(4) for number in rows.collect()}  # several rounds: idle workers take turns


@pytest.mark.parametrize("partitions", [1, 3, 50])
def test_scalar_columns_arrive_stacked_and_in_order(context: NNContext, partitions: int) -> None:
    frame = _frame()
    df = context.spark.createDataFrame(frame).repartition(partitions, "id")
    data = FeatureSet.from_dataframe(df, ["age", "height", "member"], "label", weight_col="id")
    x, y, _ = data.head(1000)
    frame = frame.iloc[_pinned_ids(data)]
    assert (data.rows, len(data.store.handles)) == (_ROWS, partitions)
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(x, frame[["age", "height", "member"]].to_numpy("float64").astype("float32"))
    np.testing.assert_array_equal(y, frame["label"])


def test_each_kind_of_column_is_an_input_of_its_own(context: NNContext) -> None:
    frame = _frame()
    data = FeatureSet.from_dataframe(
        context.spark.createDataFrame(frame), {"a": "series", "b": "grid", "c": ["age", "id"], "t": "title"}, "height"
    )
    x, y, weight = data.head(_ROWS)
    np.testing.assert_array_equal(x["a"], _stack(frame["series"]).astype("float32"))
    np.testing.assert_array_equal(x["b"], _stack(frame["grid"]))
    np.testing.assert_array_equal(x["c"], frame[["age", "id"]])
    assert [text.decode() for text in x["t"]] == frame["title"].tolist()
    np.testing.assert_array_equal(y, frame["height"].astype("float32"))
    assert weight is None
    assert [x[name].dtype.name for name in "abc"] == ["float32", "int64", "int64"]


def test_every_number_type_of_spark(context: NNContext) -> None:
    types = "tinyint smallint int bigint float double decimal(10,3) boolean".split()
    columns = [F.expr(f"cast(id % 2 as {name})").alias(f"c{number}") for number, name in enumerate(types)]
    data = FeatureSet.from_dataframe(context.spark.range(10).select(columns), {f"c{n}": f"c{n}" for n in range(8)})
    x = data.head(10)[0]
    for values in x.values():
        assert values.astype(int).tolist() == [0, 1] * 5
    expected = ["int8", "int16", "int32", "int64", "float32", "float32", "float32", "bool"]
    assert [values.dtype.name for values in x.values()] == expected


def test_decimals_in_arrays(context: NNContext) -> None:
    df = context.spark.createDataFrame([([Decimal("1.25"), Decimal(3)],)], "d array<decimal(10,2)>")
    assert FeatureSet.from_dataframe(df, "d").head()[0].tolist() == [[1.25, 3.0]]


def test_dense_and_sparse_vectors_in_one_column(context: NNContext) -> None:
    vectors = [Vectors.dense([1, 2, 3]), Vectors.sparse(3, {1: 5.0}), Vectors.sparse(3, {}), Vectors.dense([0, 0, 9])]
    df = context.spark.createDataFrame([(vector, float(row)) for row, vector in enumerate(vectors)], ["v", "y"])
    data = FeatureSet.from_dataframe(df.coalesce(1), "v", "y")
    x, y, _ = data.head(10)
    np.testing.assert_array_equal(x, [vector.toArray() for vector in vectors])
    assert y.tolist() == [0, 1, 2, 3]


def test_images_that_spark_reads_are_those_that_opencv_reads(context: NNContext, tmp_path: Any) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3)).astype("uint8")
    for number, image in enumerate(images):
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    df = context.spark.read.format("image").load(str(tmp_path)).select("image", "image.origin").orderBy("origin")
    data = FeatureSet.from_dataframe(df, "image")
    x = data.head(10)[0]
    assert (x.shape, x.dtype) == ((6, 5, 7, 3), np.uint8)
    np.testing.assert_array_equal(x, images)


def test_a_column_name_may_hold_dots_and_backticks(context: NNContext) -> None:
    df = context.spark.range(3).select(F.col("id").alias("a.b`c"))
    assert FeatureSet.from_dataframe(df, "a.b`c").head()[0].tolist() == [0, 1, 2]


def test_nan_and_infinity_are_values(context: NNContext) -> None:
    df = context.spark.createDataFrame([(float("nan"),), (float("-inf"),)], "v double").coalesce(1)
    np.testing.assert_array_equal(FeatureSet.from_dataframe(df, "v").head()[0], [np.nan, -np.inf])


def test_parquet_is_pinned_as_it_was_written(context: NNContext, tmp_path: Any) -> None:
    frame = _frame()
    context.spark.createDataFrame(frame).write.parquet(str(tmp_path / "data"))
    data = FeatureSet.from_parquet(str(tmp_path / "data"), "series", "label", weight_col="id", context=context)
    x, y, _ = data.head(_ROWS)
    frame = frame.iloc[_pinned_ids(data)]
    np.testing.assert_array_equal(x, _stack(frame["series"]).astype("float32"))
    np.testing.assert_array_equal(y, frame["label"])


def test_a_frame_after_a_join_and_a_shuffle_is_pinned(context: NNContext) -> None:
    left = context.spark.range(1000).withColumn("k", F.col("id") % 10)
    right = context.spark.range(10).select(F.col("id").alias("k"), (F.col("id") * 2).alias("twice"))
    data = FeatureSet.from_dataframe(left.join(right, "k").repartition(7), ["id", "twice"])
    x = data.head(1000)[0]
    assert sorted(x[:, 0].tolist()) == list(range(1000))
    np.testing.assert_array_equal(x[:, 1], x[:, 0] % 10 * 2)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("if(id = 25, null, id)", ["Column 'v', row 5 of partition 2", "received null", "df.fillna({'v': 0})"]),
        ("if(id = 25, array(id), array(id, id))", ["'v', row 5 of partition 2", "expected 2 values", "received 1"]),
        ("if(id = 25, array(id, null), array(id, id))", ["Column 'v', row 5 of partition 2", "F.coalesce"]),
        ("if(id >= 20, array(id), array(id, id))", ["Partitions 0 and 2 differ", "'v'", "(2,)", "(1,)"]),
    ],
)
def test_a_bad_row_is_told_with_column_row_and_repair(context: NNContext, expression: str, told: list[str]) -> None:
    df = context.spark.range(0, 40, 1, 4).select(F.expr(expression).alias("v"))
    with pytest.raises(DataError) as caught:
        FeatureSet.from_dataframe(df, "v")
    for part in told:
        assert part in str(caught.value)


def test_rows_that_differ_between_arrow_batches_are_told(context: NNContext) -> None:
    df = context.spark.range(0, 25_000, 1, 1).selectExpr("if(id >= 10000, array(id), array(id, id)) v")
    with pytest.raises(DataError, match=r"Column 'v', row 10000 of partition 0 .*shape \(2,\).*received shape \(1,\)"):
        FeatureSet.from_dataframe(df, "v")


def test_an_empty_frame_is_an_error(context: NNContext) -> None:
    for df in (context.spark.range(10).filter("id > 10"), context.spark.createDataFrame([], "id long")):
        with pytest.raises(DataError, match="at least one row"):
            FeatureSet.from_dataframe(df, "id")


def test_every_wrong_column_is_told_at_once(context: NNContext) -> None:
    row = (1, datetime.date(2024, 1, 1), b"x", "setosa")
    df = context.spark.createDataFrame([row], "age int, day date, raw binary, species string")
    with pytest.raises(ArgumentError) as caught:
        FeatureSet.from_dataframe(df, ["agee", "day", "raw"], "species")
    for part in ("Did you mean 'age'?", "F.unix_date('day')", "F.decode('raw', 'utf-8')", "StringIndexer"):
        assert part in str(caught.value)


def test_what_is_no_dataframe_is_told_what_to_do(context: NNContext) -> None:
    with pytest.raises(ArgumentError, match="createDataFrame"):
        FeatureSet.from_dataframe(_frame(), "age")
    with pytest.raises(ArgumentError, match="from_numpy"):
        FeatureSet.from_dataframe(np.zeros(3), "age")
    with pytest.raises(ArgumentError, match="expected a DataFrame with an end"):
        FeatureSet.from_dataframe(context.spark.readStream.format("rate").load(), "value")
    with pytest.raises(ArgumentError, match="parallelize"):
        FeatureSet.from_rdd([(1, 2)])


@pytest.mark.parametrize("partitions", [1, 3, 50])
def test_records_arrive_in_order(context: NNContext, partitions: int) -> None:
    xs = np.random.default_rng(0).normal(size=(_ROWS, 2, 3)).astype("float32")
    rdd = context.sc.parallelize([(x, row % 3, row / 2) for row, x in enumerate(xs)], partitions)
    data = FeatureSet.from_rdd(rdd, context=context)
    x, y, weight = data.head(_ROWS)
    np.testing.assert_array_equal(x, xs)
    assert y.tolist() == [row % 3 for row in range(_ROWS)]
    np.testing.assert_array_equal(weight, np.arange(_ROWS, dtype="float32") / 2)
    assert len(data.store.handles) == partitions


def test_records_of_dicts_and_of_x_only(context: NNContext) -> None:
    rdd = context.sc.parallelize(range(20), 3)
    x, y, _ = FeatureSet.from_rdd(rdd.map(lambda n: ({"user": n, "text": f"t{n}"}, [n, 0.5]))).head(20)
    assert x["user"].tolist() == list(range(20))
    assert x["text"].tolist() == [f"t{n}".encode() for n in range(20)]
    np.testing.assert_array_equal(y, [[n, 0.5] for n in range(20)])
    x, y, _ = FeatureSet.from_rdd(rdd.map(lambda n: np.full(2, n))).head(20)
    assert x.tolist() == [[n, n] for n in range(20)]
    assert y is None


def test_bad_records_are_told(context: NNContext) -> None:
    rdd = context.sc.parallelize(range(20), 2)
    with pytest.raises(DataError, match=r"Value x, row 5 of partition 1 .*received shape \(1,\)"):
        FeatureSet.from_rdd(rdd.map(lambda n: (np.zeros(1 if n == 15 else 2), n)))
    with pytest.raises(DataError, match=r"Partitions 0 and 1 differ.*\"x\['a'\]\".*\"x\['b'\]\""):
        FeatureSet.from_rdd(rdd.map(lambda n: ({"a" if n < 10 else "b": n}, n)))
    with pytest.raises(DataError, match="Use FeatureSet.from_dataframe"):
        FeatureSet.from_rdd(context.spark.range(5).rdd)
    with pytest.raises(DataError, match="at least one row"):
        FeatureSet.from_rdd(rdd.filter(lambda n: n < 0))


def test_elsewhere_few_partitions_are_spread_over_all_workers(elsewhere: NNContext) -> None:
    df = elsewhere.spark.range(0, 100, 1, 1)
    for data in (FeatureSet.from_dataframe(df, "id"), FeatureSet.from_rdd(df.rdd.map(lambda row: row.id))):
        assert [handle.rows > 0 for handle in data.store.handles] == [True] * elsewhere.slots
        assert data.store.pinned is not None
        rows = np.concatenate([Shard(handle).take(data.structure.x, slice(None)) for handle in data.store.handles])
        assert sorted(rows.tolist()) == list(range(100))
        data.unpersist()


def test_elsewhere_a_lost_shard_of_a_frame_is_rebuilt_from_its_lineage(elsewhere: NNContext) -> None:
    data = FeatureSet.from_dataframe(elsewhere.spark.range(0, 10, 1, 2), "id")
    pinned = data.store.pinned
    assert pinned is not None
    assert pinned.collect() == data.store.handles
    elsewhere.sc._jsc.getPersistentRDDs()[data.store._persisted.id()].unpersist(True)
    rebuilt = pinned.collect()
    assert rebuilt != data.store.handles
    assert [Shard(handle).take("id", slice(None)).tolist() for handle in rebuilt] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_on_one_host_partitions_stay_as_they_are(context: NNContext) -> None:
    assert len(FeatureSet.from_dataframe(context.spark.range(0, 100, 1, 1), "id").store.handles) == 1


def test_pinning_keeps_the_python_workers(context: NNContext) -> None:
    before = _worker_pids(context)
    df = context.spark.createDataFrame([(number,) for number in range(100)], "id int").repartition(4)
    for _ in range(3):
        FeatureSet.from_dataframe(context.spark.createDataFrame([(1,), (2,)], "id int"), "id")  # made by Python workers
        FeatureSet.from_dataframe(df, "id").head(1)
        FeatureSet.from_rdd(df.rdd.map(lambda row: row.id)).head(1)
        with pytest.raises(DataError):
            FeatureSet.from_dataframe(df.selectExpr("if(id > 3, null, id) v"), "v")
    assert before <= _worker_pids(context)  # none was killed; a chain of two Python stages may have added some


@pytest.mark.parametrize("one_host", [True, False])
def test_records_may_name_their_values_in_another_order_in_each_partition(
    context: NNContext, monkeypatch: pytest.MonkeyPatch, one_host: bool
) -> None:
    monkeypatch.setattr(context, "one_host", one_host)
    records = [({"a": 1.0, "b": [2, 3]}, 0), ({"b": [5, 6], "a": 4.0}, 1)]
    data = FeatureSet.from_rdd(context.sc.parallelize(records, 2))
    x, y, _ = data.head(2)
    assert {name: values.tolist() for name, values in x.items()} == {"a": [1.0, 4.0], "b": [[2, 3], [5, 6]]}
    assert y.tolist() == [0, 1]
    data.unpersist()
