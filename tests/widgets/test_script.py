from __future__ import annotations

import ast
import base64
import dataclasses

import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import (
    BatchHandled,
    BranchedFrom,
    IterationDiscarded,
    KnobTurned,
    RunMade,
    RunRewound,
    RunStopped,
)
from zoo_lab.core.runlog import RunLog
from zoo_lab.widgets import comparison, exports
from zoo_lab.widgets.runfiles import read_run
from zoo_lab.widgets.script import as_script, free_names

MADE = RunMade(
    run="run-1",
    time=1.0,
    arguments={"epochs": "3", "seed": "7", "checkpoint": "'saved'"},
    written={"model": "model", "data": "(x[:100], y)", "validation_data": "test", "callbacks": "[noting]"},
    others={"drop": "DropSlow(0.05)"},
    model='{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 4}}]}}',
    compiled='{"optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}}, "loss": "mse"}',
    digest="ab",
    start=base64.b64encode(b"content").decode(),
    data="FeatureSet(100 rows in 2 shards)",
    context={"spark.master": "local[2]", "spark.app.name": "zoo", "spark.driver.memory": "3g", "spark.a": "1"},
    versions={"zoo_lab": "1.0", "keras": "3.1"},
)


@pytest.fixture
def saved(tmp_path, recorded):
    """Write a recorded run with this call, and return it as it is read."""

    def write(name="a", made=MADE, more=()):
        first, *rest = recorded(run="run-1", epochs=1, steps=4)
        log = RunLog(tmp_path / f"{name}.jsonl")
        for event in (first, *([made] if made else []), *more, *rest):
            log(event)
        log.close()
        return read_run(log.path)

    return write


def test_the_script_is_python_with_a_marked_place_for_what_only_the_notebook_knew(saved):
    text = as_script(saved(), "a.npz")
    ast.parse(text)
    assert "=====> PUT YOUR DATA HERE <=====" in text
    assert "return (x[:100], y), test" in text
    assert "The notebook's cells made test, x, y: put here what made them." in text
    assert "FeatureSet(100 rows in 2 shards)" in text
    assert "    return [noting]" in text


def test_the_script_calls_fit_with_the_same_arguments_in_the_same_context(saved):
    text = as_script(saved())
    assert """init_nncontext({"spark.a": "1"}, memory='3g', master='local[2]', app_name='zoo')""" in text
    assert "        epochs=3," in text
    assert "        seed=7," in text
    assert "        # checkpoint='saved',  # the folder of the run itself: name another one" in text
    assert "        # drop=…,  # it was DropSlow(0.05)" in text


def test_a_shipped_environment_is_shipped_again(saved):
    context = {"spark.master": "yarn", "spark.executor.memory": "4g", "zoo_lab.ship_env": "True"}
    text = as_script(saved(made=dataclasses.replace(MADE, context=context)))
    assert "init_nncontext(ship_env=True, memory='4g', master='yarn')" in text


def test_a_turned_knob_is_told_and_turned_again(saved):
    turned = KnobTurned(run="run-1", iteration=2, knob="learning_rate", value=0.01, before=0.1)
    text = as_script(saved(more=[turned]))
    assert "After iteration 2 the learning_rate went from 0.1 to 0.01." in text
    assert "        turns={2: {'learning_rate': 0.01}}," in text
    assert "    return [noting]" in text


@pytest.fixture
def branched(saved, tmp_path):
    """Write a run and one that branches from its iteration 2; return the branch as it is read."""

    def write(changes, others=()):
        parent = saved(
            "parent", more=[KnobTurned(run="run-1", iteration=at, knob="clipnorm", value=at, before=0) for at in (1, 2)]
        )
        told = {"parent": "run-0", "name": "parent", "path": "gone/parent.jsonl"}
        begin = BranchedFrom(run="run-1", iteration=2, changes=changes, others=dict(others), **told)
        turned = KnobTurned(run="run-1", iteration=3, knob="clipvalue", value=0.5, before=0)
        later = dataclasses.replace(MADE, start=base64.b64encode(b"weights after the parent").decode())
        return parent, saved("branch", made=later, more=[begin, turned])

    return write


def test_a_branch_trains_its_parent_up_to_where_they_part_and_then_itself(branched):
    _parent, run = branched({"learning_rate": "0.01", "epochs": "5"}, {"callbacks": "[<noting>]"})
    text = as_script(run)
    ast.parse(text)
    fit, _, branch = text[text.index("zoo_lab.fit(") :].partition("run = run.branch(")
    assert "        turns={1: {'clipnorm': 1}}," in fit  # what came later was the parent's own affair
    assert "        max_iterations=2," in fit
    assert "        epochs=3," in fit
    rows = [line.strip() for line in branch.splitlines()[:8]]
    assert rows[1:6] == [
        "2,",
        "max_iterations=None,",
        "learning_rate=0.01,",
        "epochs=5,",
        "turns={3: {'clipvalue': 0.5}},",
    ]
    assert "# callbacks=…,  # it was [<noting>]" in branch
    assert "This script cannot repeat what callbacks of the branch was" in text
    assert "It branched from 'parent' after iteration 2" in text


def test_the_script_of_a_branch_begins_with_the_weights_of_the_first_run(branched, tmp_path):
    _parent, run = branched({})
    exports.export([run], tmp_path / "again.py")
    assert (tmp_path / "again.npz").read_bytes() == b"content"


def test_a_branch_whose_parent_s_file_is_gone_has_no_script(branched):
    parent, run = branched({})
    parent.path.unlink()
    with pytest.raises(ArgumentError, match="to do that again first; gone/parent.jsonl is not there any more"):
        as_script(run)


def test_a_rewind_is_done_again_and_a_stop_is_told(saved):
    text = as_script(saved(more=[RunRewound(run="run-1", iteration=2)]))
    assert "    run.rewind(2)\n    print(run)" in text
    stopped = saved("b", more=[RunStopped(run="run-1", reason="stopped", iterations=3, seconds=1.0)])
    assert "        # max_iterations=3,  # somebody stopped it there" in as_script(stopped)


def chose(*choices):
    return [BatchHandled(run="run-1", iteration=at, choice=choice) for at, choice in enumerate(choices, start=1)]


def test_choices_for_bad_batches_are_repeated_where_they_were_always_the_same_and_told_where_not(saved):
    asked = dataclasses.replace(MADE, arguments={**MADE.arguments, "bad_batch": "'ask'"})
    assert "bad_batch='skip'," in as_script(saved(made=asked, more=chose("skip", "skip")))
    text = as_script(saved("b", made=asked, more=chose("skip", "quarantine")))
    assert "bad_batch='ask'," in text
    assert "cannot repeat what a person chose for its bad batches (skip, quarantine)" in text


def test_rows_that_came_too_late_are_a_matter_of_time(saved):
    late = IterationDiscarded(run="run-1", iteration=1, epoch=0, step=1, rows=1, dropped={"1": 9}, seconds=1.0)
    assert "This script cannot repeat which rows came too late" in as_script(saved(more=[late]))


def test_a_model_of_python_code_has_its_place_too(saved):
    text = as_script(saved(made=dataclasses.replace(MADE, model="", start="")))
    ast.parse(text)
    assert "=====> PUT YOUR MODEL HERE <=====" in text
    assert "made = model" in text
    assert "load yours here" in text


@pytest.mark.parametrize("evil", ['"""', "'''", "\\", "\n"])
def test_no_text_of_the_run_ends_the_script_s_own(saved, evil):
    strange = dataclasses.replace(MADE, versions={"x": f"a{evil}b"}, data=f"c{evil}d", model=f'{{"a": "{evil!r}"}}')
    strange = dataclasses.replace(strange, model='{"class_name": "a\'\'\'b", "config": {}}')
    ast.parse(as_script(saved(made=strange)))


def test_the_weights_of_the_beginning_lie_beside_it(saved, tmp_path):
    path = exports.export([saved()], tmp_path / "again.py")
    assert (tmp_path / "again.npz").read_bytes() == b"content"
    assert 'with_name("again.npz")' in path.read_text()


def test_a_script_is_of_one_run_whose_file_tells_of_its_call(saved, tmp_path):
    one, old = saved(), saved("old", made=None)
    with pytest.raises(ArgumentError, match="Expected one run for a script"):
        exports.export([one, one], tmp_path / "x.py")
    with pytest.raises(ArgumentError, match="older zoo_lab"):
        exports.export([old], tmp_path / "x.py")
    assert not list(tmp_path.glob("x.*"))


def test_names_that_an_expression_binds_itself_are_not_asked_for():
    assert free_names("sorted(word for word in words if (lambda k: k)(word))") == {"words"}


def test_runs_are_told_apart_by_what_they_were_called_with(saved):
    other = dataclasses.replace(
        MADE,
        compiled='{"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.1}}, "loss": "mse"}',
        model=MADE.model.replace("4", "8"),
        written={**MADE.written, "data": "more"},
        context={**MADE.context, "spark.a": "2"},
        versions={"zoo_lab": "1.0", "keras": "3.2"},
    )
    table = comparison.differences([saved(), saved("b", made=other)])
    assert table["compiled optimizer"] == ["SGD", "Adam"]
    assert table["layer 1 Dense units"] == [4, 8]
    assert table["data"] == ["(x[:100], y)", "more"]
    assert table["spark.a"] == ["1", "2"]
    assert table["keras version"] == ["3.1", "3.2"]
    assert "compiled optimizer learning_rate" not in table
    assert "zoo_lab version" not in table


def test_a_run_of_an_older_version_is_compared_by_what_it_tells(saved):
    assert "data" not in comparison.differences([saved(), saved("b", made=None)])
