"""Each Spark type is known as what it is trained as, or refused with what to turn it into."""

from __future__ import annotations

import pytest
from pyspark.ml.linalg import VectorUDT
from pyspark.mllib.linalg import VectorUDT as OldVectorUDT
from pyspark.sql import types as t

from zoo_lab.feature.columntypes import column_kinds

_IMAGE = t.StructType(  # as spark.read.format("image") gives it
    [
        t.StructField(name, {"origin": t.StringType(), "data": t.BinaryType()}.get(name, t.IntegerType()))
        for name in ("origin", "height", "width", "nChannels", "mode", "data")
    ]
)


def _kind(data_type: t.DataType):
    return column_kinds([t.StructField("c", data_type)])["c"]


@pytest.mark.parametrize(
    ("data_type", "dtype"),
    [
        (t.ByteType(), "int8"),
        (t.ShortType(), "int16"),
        (t.IntegerType(), "int32"),
        (t.LongType(), "int64"),
        (t.FloatType(), "float32"),
        (t.DoubleType(), "float32"),
        (t.DecimalType(10, 2), "float32"),
        (t.BooleanType(), "bool"),
    ],
)
def test_numbers(data_type: t.DataType, dtype: str) -> None:
    assert (_kind(data_type).name, _kind(data_type).dtype) == ("number", dtype)


@pytest.mark.parametrize(
    ("data_type", "name"),
    [
        (t.StringType(), "string"),
        (t.VarcharType(10), "string"),
        (t.CharType(3), "string"),
        (t.ArrayType(t.DoubleType()), "array"),
        (t.ArrayType(t.ArrayType(t.DecimalType())), "array"),
        (VectorUDT(), "vector"),
        (OldVectorUDT(), "vector"),
        (_IMAGE, "image"),
    ],
)
def test_other_columns(data_type: t.DataType, name: str) -> None:
    assert (_kind(data_type).name, _kind(data_type).problem) == (name, "")


@pytest.mark.parametrize(
    ("data_type", "repair"),
    [
        (t.DateType(), "F.unix_date('c')"),
        (t.TimestampType(), "F.unix_timestamp('c')"),
        (t.TimestampNTZType(), "F.hour('c')"),
        (t.BinaryType(), "spark.read.format('image')"),
        (t.MapType(t.StringType(), t.IntegerType()), "F.col('c').getItem("),
        (t.StructType([t.StructField("a", t.IntegerType())]), "F.col('c').getField("),
        (t.NullType(), "leave the column out"),
        (t.DayTimeIntervalType(), "Turn it into numbers"),
        (t.ArrayType(t.StringType()), "Turn it into numbers or arrays of numbers"),
        (t.ArrayType(VectorUDT()), "Turn it into numbers or arrays of numbers"),
    ],
)
def test_what_cannot_be_trained_on_is_told_with_the_repair(data_type: t.DataType, repair: str) -> None:
    kind = _kind(data_type)
    assert kind.name == ""
    assert repair in kind.problem
    assert f"received {data_type.simpleString()[:20]}" in kind.problem


def test_a_name_that_several_columns_have_cannot_be_used() -> None:
    kinds = column_kinds([t.StructField(name, t.LongType()) for name in ("a", "b", "a")])
    assert kinds["a"].problem.startswith("there are several columns 'a'")
    assert kinds["b"].problem == ""
