from __future__ import annotations

import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics import kinds


@pytest.mark.parametrize(
    ("word", "number"),
    [("64", 64), ("{n}", 32), ("$n", 32), ("n", 32), ("2*n", 64), ("-1", -1), ("1_000", 1000), ("k", 7)],
)
def test_a_whole_number_is_written_or_computed(word, number):
    assert kinds.WHOLE_NUMBER.read(word, {"n": 32, "k": np.int64(7)}) == number


@pytest.mark.parametrize("word", ["2.5", "many", "True", "'x'"])
def test_anything_else_is_no_whole_number(word):
    with pytest.raises(ArgumentError, match="Expected"):
        kinds.WHOLE_NUMBER.read(word, {})


@pytest.mark.parametrize(
    ("word", "columns"),
    [
        ("age", "age"),
        ("age,height", ["age", "height"]),
        ("'first name'", "first name"),
        ("['age']", ["age"]),
        ("{'u': c}", {"u": 1}),
    ],
)
def test_columns_are_names_or_an_expression_in_brackets(word, columns):
    assert kinds.COLUMNS.read(word, {"c": 1}) == columns


def test_a_setting_keeps_its_later_equal_signs():
    assert kinds.PAIR.read("spark.a=-Dx=y", {}) == ("spark.a", "-Dx=y")


@pytest.mark.parametrize(
    ("word", "setting"),
    [
        ("spark.a='{{PWD}}/lib:$HOME'", "{{PWD}}/lib:$HOME"),
        ("'spark.a={{PWD}}'", "{{PWD}}"),
        ('spark.a="run $n {n}"', "run 32 32"),
        ("spark.a={d['n']}-'$n'", "64-$n"),
        ('spark.a="it\'s {n}"', "it's 32"),
        ("spark.a=", ""),
    ],
)
def test_single_quotes_keep_a_text_as_it_is_and_double_ones_hold_it_together(word, setting):
    assert kinds.PAIR.read(word, {"n": 32, "d": {"n": 64}}) == ("spark.a", setting)


@pytest.mark.parametrize("word", ["spark.a={{PWD}}", "spark.a=$HOME", 'spark.a="$HOME"'])
def test_what_cannot_be_replaced_says_how_to_keep_it(word):
    with pytest.raises(ArgumentError, match="To mean .+ as it is written, put it in single quotes"):
        kinds.PAIR.read(word, {})


@pytest.mark.parametrize("kind", [kinds.PLACE, kinds.COLUMNS])
def test_an_empty_text_is_no_crash(kind):
    assert kind.read("''", {}) == ""


@pytest.mark.parametrize("word", ["2run", "a.b", "class"])
def test_a_result_is_kept_under_a_plain_name_only(word):
    with pytest.raises(ArgumentError, match="name to keep"):
        kinds.NEW_NAME.read(word, {})


def test_names_whose_values_fit_are_offered_before_all_others():
    kind = kinds.value("NAME", lambda thing: isinstance(thing, tuple))
    assert list(kind.suggest({"a": 1, "b": (1,)})) == ["b"]
    assert list(kind.suggest({"a": 1, "c": 2})) == ["a", "c"]


def test_an_expression_that_fails_says_how():
    with pytest.raises(ArgumentError, match="it raised KeyError: 'b'"):
        kinds.value("NAME", bool).read("d['b']", {"d": {}})
