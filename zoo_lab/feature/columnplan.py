"""Decides which columns of a DataFrame make up which field; pure, from column types alone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.feature.columntypes import ColumnKind
from zoo_lab.feature.preprocessing import Preprocessing
from zoo_lab.feature.structure import Nest, Structure, leaves, map_leaves

_SHOWN = 30


@dataclass(frozen=True)
class FieldPlan:
    """One field and the columns that it is made of.

    Attributes:
        name: the field's name, which messages show.
        columns: one column, or the scalar columns that are stacked.
        stacked: whether the field has shape (rows, number of columns).
        dtype: the numpy type of stacked columns, or "" to keep the column's.
        step: what each row's value goes through, None to keep it.
        classes: how many classes the numbers stand for, which count from 0; None where they are no classes.
    """

    name: str
    columns: tuple[str, ...]
    stacked: bool = False
    dtype: str = ""
    step: Preprocessing | None = None
    classes: int | None = None


def plan_columns(
    kinds: Mapping[str, ColumnKind],
    feature_cols: Nest,
    label_cols: Nest,
    weight_col: str | None,
    *,
    where: str = "FeatureSet.from_dataframe",
    preprocessing: Nest = None,
    label_preprocessing: Nest = None,
    classes: int | None = None,
) -> tuple[Structure, tuple[FieldPlan, ...]]:
    """Return how fields make up the model's inputs, and how columns make up the fields.

    Args:
        kinds: what each column of the DataFrame holds.
        feature_cols, label_cols, weight_col: as in `FeatureSet.from_dataframe`.
        where: the call that error messages name.
        preprocessing, label_preprocessing: a step for each row of the features or labels, or as many as there are.
        classes: how many classes there are, where a label column is to hold their numbers.

    Raises `ArgumentError` listing every column that is missing or cannot be used.
    """
    checks = Checks(where)
    _check_forms(checks, feature_cols, label_cols, weight_col)
    steps = {"feature_cols": preprocessing, "label_cols": label_preprocessing, "weight_col": None}
    for argument, nest in {"feature_cols": feature_cols, "label_cols": label_cols, "weight_col": weight_col}.items():
        for column in dict.fromkeys(map(_text_or_repr, leaves(nest))):
            _check_column(checks, kinds, argument, column, prepared=steps[argument] is not None)
    _check_steps(checks, kinds, "preprocessing", preprocessing, feature_cols)
    _check_steps(checks, kinds, "label_preprocessing", label_preprocessing, label_cols)
    checks.done()
    plans: dict[str, FieldPlan] = {}
    structure = Structure(
        _name_fields(_planned(kinds, feature_cols, preprocessing), plans),
        _name_fields(
            map_leaves(lambda plan: replace(plan, classes=classes), _planned(kinds, label_cols, label_preprocessing)),
            plans,
        ),
        _name_fields(weight_col and FieldPlan(f"{weight_col} (weight)", (weight_col,), dtype="float32"), plans),
    )
    return structure, tuple(plans.values())


def _check_forms(checks: Checks, feature_cols: Nest, label_cols: Nest, weight_col: Any) -> None:
    checks.require(feature_cols is not None, "Expected feature_cols to name a column; received None.")
    for argument, nest in {"feature_cols": feature_cols, "label_cols": label_cols}.items():
        checks.require(not _has_empty_list(nest), f"Expected {argument} to name columns; received {nest!r}.")
    one = weight_col is None or isinstance(weight_col, str)
    checks.require(one, f"Expected weight_col to be the name of one column; received {weight_col!r}.")


def _has_empty_list(nest: Nest) -> bool:
    if not isinstance(nest, (Mapping, list, tuple)):
        return False
    items = list(nest.values()) if isinstance(nest, Mapping) else nest
    return not items or any(map(_has_empty_list, items))


def _check_steps(checks: Checks, kinds: Mapping[str, ColumnKind], argument: str, steps: Nest, columns: Nest) -> None:
    """Expect steps for columns: one for all that make one input, or a list or dict of them like that of the columns."""
    for step in leaves(steps):
        is_step = isinstance(step, Preprocessing)
        checks.require(is_step, f"Expected {argument} to be a step or a chain; received {type(step).__name__}.")
    if steps is None or isinstance(columns, str):
        return
    if isinstance(steps, Preprocessing):
        one = isinstance(columns, (list, tuple)) and _are_scalars(kinds, columns)
        told = f"Expected {argument} to be a list or dict of steps like that of the columns {columns!r}; received one."
        checks.require(one, told)
        return
    same = _keys(steps) == _keys(columns)
    checks.require(same, f"Expected {argument} to have a step, or None, for each of {columns!r}; received {steps!r}.")


def _keys(nest: Nest) -> Any:
    return set(nest) if isinstance(nest, Mapping) else len(nest) if isinstance(nest, (list, tuple)) else None


def _check_column(
    checks: Checks, kinds: Mapping[str, ColumnKind], argument: str, column: str, *, prepared: bool
) -> None:
    kind = kinds.get(column)
    if kind is None:
        checks.fail(f"Expected {argument} to name columns; there is no column {column!r}.{_hint(column, list(kinds))}")
    elif kind.problem and not (prepared and kind.spark_type == "binary"):
        checks.fail(f"Column {column!r}: {kind.problem}")
    elif argument == "label_cols" and kind.name == "string":
        checks.fail(
            f"Column {column!r}: expected numbers as labels; received strings. Number the classes from 0 first, "
            f"such as with StringIndexer(inputCol={column!r}, outputCol={column + '_index'!r})."
        )
    elif argument == "weight_col" and kind.name != "number":
        checks.fail(f"Column {column!r}: expected one number a row as weight_col; received {kind.spark_type}.")


def _hint(column: str, known: list[str]) -> str:
    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(column.lower(), lower, n=1)
    if near:
        return f" Did you mean {lower[near[0]]!r}?"
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f" The columns are {', '.join(map(repr, known[:_SHOWN]))}{more}."


def _text_or_repr(leaf: Any) -> str:
    return leaf if isinstance(leaf, str) else repr(leaf)


def _planned(kinds: Mapping[str, ColumnKind], nest: Nest, steps: Nest = None) -> Nest:
    """Return `nest` with every column, or list of scalar columns, replaced by its field."""
    if nest is None:
        return None
    if isinstance(steps, (Mapping, list, tuple)) and isinstance(nest, str):
        return map_leaves(lambda step: FieldPlan(nest, (nest,), step=step), steps)
    if isinstance(nest, Mapping):
        own = steps if isinstance(steps, Mapping) else {}
        return {key: _planned(kinds, item, own.get(key)) for key, item in nest.items()}
    if not isinstance(nest, (list, tuple)):
        return FieldPlan(nest, (nest,), step=steps)
    if not isinstance(steps, (list, tuple)) and _are_scalars(kinds, nest):
        dtype = np.result_type(*(kinds[item].dtype for item in nest))
        return FieldPlan(_stack_name(nest), tuple(nest), True, "float32" if dtype == np.float64 else dtype.name, steps)
    each = steps if isinstance(steps, (list, tuple)) else [steps] * len(nest)
    return [_planned(kinds, item, step) for item, step in zip(nest, each, strict=True)]


def _are_scalars(kinds: Mapping[str, ColumnKind], nest: list[Any] | tuple[Any, ...]) -> bool:
    return all(isinstance(item, str) and item in kinds and kinds[item].name == "number" for item in nest)


def _stack_name(columns: list[str] | tuple[str, ...]) -> str:
    if len(columns) <= 3:
        return f"[{', '.join(columns)}]"
    return f"[{columns[0]}, …, {columns[-1]}: {len(columns)} columns]"


def _name_fields(nest: Nest, plans: dict[str, FieldPlan]) -> Nest:
    """Return `nest` with each field's name; equal fields are kept once, different ones get different names."""

    def name(plan: FieldPlan) -> str:
        known = plan.name
        while known in plans and replace(plans[known], name=plan.name) != plan:
            known += "'"
        plans[known] = replace(plan, name=known)
        return known

    return map_leaves(name, nest)
