from __future__ import annotations

import math

from zoo_lab.widgets.columns import Columns


def test_a_column_that_comes_late_is_missing_in_earlier_rows():
    table = Columns(["loss"])
    table.append({"loss": 2.0})
    table.append({"loss": 1.0, "accuracy": 0.5})
    assert math.isnan(table["accuracy"][0])
    assert table["accuracy"][1] == 0.5


def test_all_columns_stay_as_long_as_the_table():
    table = Columns(["loss"])
    for row in ({"loss": 1.0, "a": 1.0}, {"b": 2.0}, {}):
        table.append(row)
    assert {name: len(table[name]) for name in table.names} == {"loss": 3, "a": 3, "b": 3}


def test_what_is_not_a_number_counts_as_missing():
    table = Columns()
    table.append({"loss": 1.0, "note": "warm-up"})
    assert table.last() == {"loss": 1.0}


def test_a_million_rows_take_eight_bytes_a_number():
    table = Columns(["loss"])
    for index in range(1000):
        table.append({"loss": float(index)})
    assert table["loss"].itemsize * len(table) == 8000
