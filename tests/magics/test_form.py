from __future__ import annotations

import pytest

from zoo_lab.magics.context import COMMAND
from zoo_lab.magics.form import check, line_of, notice, texts


def test_the_line_says_what_the_fields_say_and_is_read_back_as_that():
    values = {
        "--master": " local[2] ",
        "--cores": "",
        "--app-name": "my run",
        "--conf": "spark.a=1\nspark.b={x} y\n",
        "--debug": "1",
        "-o": "sc",
    }
    line = line_of(COMMAND, values)
    assert line == (
        "%zoo_context --master local[2] --app-name 'my run' --conf spark.a=1 --conf spark.b='{x} y' --debug -o sc"
    )
    assert COMMAND.parse(line.partition(" ")[2], {}) == {
        "master": "local[2]",
        "app_name": "my run",
        "conf": [("spark.a", "1"), ("spark.b", "{x} y")],
        "debug": True,
        "o": "sc",
    }


def test_an_empty_form_is_the_plain_magic():
    assert check(COMMAND, {}, {}) == ("%zoo_context", {})


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("--master", "locale[2]", "Expected master to be local[N]"),
        ("--memory", "much", "Expected memory to be a number with its unit"),
        ("--cores", "two", "two"),
        ("--cores", "0", "cores"),
        ("--conf", "spark.a=1\nhello", "Expected key=value"),
        ("--conf", "a=1", "start with 'spark.'"),
        ("-o", "1x", "Expected a name"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(name, text, words):
    _, problems = check(COMMAND, {"--app-name": "fine", name: text}, {})
    assert set(problems) == {name}
    assert words in problems[name]


def test_cores_are_judged_beside_the_master():
    _, problems = check(COMMAND, {"--master": "local[2]", "--cores": "3"}, {})
    assert "Expected cores to agree with master" in problems["--cores"]
    assert check(COMMAND, {"--master": "yarn", "--cores": "3"}, {})[1] == {}


def test_what_the_line_gives_is_in_the_fields_from_the_start():
    given = COMMAND.parse("--form --master local[2] --app-name 'my run' --debug", {})
    assert texts(COMMAND, given.words) == {"--master": "local[2]", "--app-name": "my run", "--debug": "1"}


def test_outside_a_notebook_it_says_how_to_do_without_it_and_starts_nothing(run_cell):
    printed = run_cell("%zoo_context --form")
    assert "The form needs a notebook" in printed
    assert "Spark runs" not in printed


def test_a_context_that_runs_is_told_of(context):
    assert notice().startswith("A context runs on local[2]: Start shows it")
