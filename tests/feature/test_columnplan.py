"""Column arguments become the structure that the model sees; every mistake is listed at once."""

from __future__ import annotations

from typing import Any

import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.columnplan import FieldPlan, plan_columns
from zoo_lab.feature.columntypes import ColumnKind
from zoo_lab.feature.structure import Structure

_KINDS = {
    "age": ColumnKind("number", "int", "int32"),
    "visits": ColumnKind("number", "bigint", "int64"),
    "height": ColumnKind("number", "double", "float32"),
    "member": ColumnKind("number", "boolean", "bool"),
    "series": ColumnKind("array", "array<double>"),
    "features": ColumnKind("vector", "vector"),
    "photo": ColumnKind("image", "struct"),
    "title": ColumnKind("string", "string"),
    "when": ColumnKind("", "timestamp", problem="expected numbers; received timestamp. Turn it into numbers."),
    **{f"c{number}": ColumnKind("number", "double", "float32") for number in range(20)},
}


def _x(feature_cols: Any) -> tuple[Any, list[FieldPlan]]:
    structure, plans = plan_columns(_KINDS, feature_cols, None, None)
    return structure.x, list(plans)


def test_one_column_is_one_field() -> None:
    assert _x("age") == ("age", [FieldPlan("age", ("age",))])


def test_scalar_columns_of_a_list_are_stacked_into_one_field() -> None:
    name = "[age, height]"
    assert _x(["age", "height"]) == (name, [FieldPlan(name, ("age", "height"), True, "float32")])
    assert _x(("age",)) == ("[age]", [FieldPlan("[age]", ("age",), True, "int32")])


@pytest.mark.parametrize(
    ("columns", "dtype"),
    [
        (["age", "visits"], "int64"),
        (["age", "member"], "int32"),
        (["member", "member"], "bool"),
        (["visits", "height"], "float32"),
        (["member", "height"], "float32"),
    ],
)
def test_stacked_columns_get_a_common_type(columns: list[str], dtype: str) -> None:
    assert _x(columns)[1][0].dtype == dtype


@pytest.mark.parametrize("other", ["series", "features", "photo", "title"])
def test_a_list_with_another_column_than_scalars_is_one_input_each(other: str) -> None:
    structure, plans = _x(["age", other])
    assert structure == ["age", other]
    assert not any(plan.stacked for plan in plans)


def test_lists_in_lists_and_dicts_nest_the_inputs() -> None:
    assert _x([["age", "height"], "member"])[0] == ["[age, height]", "member"]
    assert _x({"wide": ["age", "member"], "deep": "series", "pair": ["series", "age"]})[0] == {
        "wide": "[age, member]",
        "deep": "series",
        "pair": ["series", "age"],
    }


def test_a_column_used_twice_is_kept_once() -> None:
    structure, plans = plan_columns(_KINDS, ["series", "features"], "series", None)
    assert structure == Structure(["series", "features"], "series")
    assert [plan.name for plan in plans] == ["series", "features"]


def test_different_fields_with_one_abbreviation_stay_apart() -> None:
    first, second = ([f"c{n}" for n in order] for order in (range(20), [0, *range(18, 0, -1), 19]))
    structure, plans = _x([first, second])
    assert structure[0] == "[c0, …, c19: 20 columns]"
    assert len(set(structure)) == 2
    assert [list(plan.columns) for plan in plans] == [first, second]


def test_the_weight_has_its_own_field() -> None:
    structure, plans = plan_columns(_KINDS, "age", None, "age")
    assert structure == Structure("age", None, "age (weight)")
    assert plans[1] == FieldPlan("age (weight)", ("age",), dtype="float32")


def test_every_missing_column_is_told_with_its_near_miss() -> None:
    with pytest.raises(ArgumentError) as caught:
        plan_columns(_KINDS, ["agee", "AGE", "qqqqqq"], {"y": "hight"}, "wait")
    message = str(caught.value)
    assert "5 arguments are wrong" in message
    assert message.count("Did you mean 'age'?") == 2
    assert "label_cols to name columns; there is no column 'hight'. Did you mean 'height'?" in message
    assert "no column 'qqqqqq'. The columns are 'age', 'visits'" in message


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("when", None, None), "Column 'when': expected numbers; received timestamp. Turn it into numbers."),
        (("age", "title", None), "StringIndexer(inputCol='title', outputCol='title_index')"),
        (("age", None, "series"), "expected one number a row as weight_col; received array<double>"),
        (("age", None, ["age"]), "Expected weight_col to be the name of one column; received ['age']"),
        ((None, None, None), "Expected feature_cols to name a column; received None"),
        (([], None, None), "Expected feature_cols to name columns; received []"),
        ((["age", []], None, None), "Expected feature_cols to name columns; received ['age', []]"),
        (("age", [], None), "Expected label_cols to name columns; received []"),
        (([3], None, None), "there is no column '3'"),
    ],
)
def test_what_cannot_be_used_is_told_with_the_repair(arguments: tuple[Any, Any, Any], told: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        plan_columns(_KINDS, *arguments)
    assert told in str(caught.value)
