from __future__ import annotations

import inspect

import pytest

from zoo_lab.context import current
from zoo_lab.context.nncontext import init_nncontext
from zoo_lab.magics import status
from zoo_lab.magics.context import COMMAND
from zoo_lab.widgets.board import Board


def test_the_options_are_arguments_of_init_nncontext():
    parameters = set(inspect.signature(init_nncontext).parameters)
    assert {option.key for option in COMMAND.options} - {"o", "env_archive", "form"} == parameters - {"warm"}


def test_the_running_context_is_shown_and_kept(run_cell, shell, context):
    printed = run_cell("%zoo_context -o sc")
    assert shell.user_ns["sc"] is context
    assert "master=local[2]" in printed
    assert "state=warm" in printed
    assert "Starting Spark" not in printed


def test_other_settings_of_a_running_context_are_refused_in_few_lines(run_cell, context):
    printed = run_cell("%zoo_context --master local[3]", fails=True)
    assert "asked for local[3], it has local[2]" in printed
    assert "%zoo_stop --context" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("option", ["--ship-env", "--env-archive hdfs:///environment.tar.gz"])
def test_workers_of_this_machine_are_sent_no_environment(run_cell, context, option):
    printed = run_cell(f"%zoo_context {option}", fails=True)
    assert "Expected a cluster's master with ship_env" in printed
    assert "Traceback" not in printed


def test_properties_that_can_change_are_set(run_cell, context):
    before = context.spark.conf.get("spark.sql.shuffle.partitions")
    run_cell("%zoo_context --conf spark.sql.shuffle.partitions=7")
    assert context.spark.conf.get("spark.sql.shuffle.partitions") == "7"
    context.spark.conf.set("spark.sql.shuffle.partitions", before)


@pytest.fixture
def board(tmp_path, monkeypatch):
    made = Board(tmp_path, "kernel-1")
    monkeypatch.setattr(status, "kernel_board", lambda: made)
    yield made
    made.close()


def test_the_running_context_is_on_the_kernel_s_board_and_its_changes_follow(board, context):
    end = status.follow_contexts()
    [entry] = board.state()["contexts"]
    assert (entry["master"], entry["state"]) == ("local[2]", "warm")
    context._set_state("cold")
    assert board.state()["contexts"][0]["state"] == "cold"
    end()
    context._set_state("warm")
    assert board.state()["contexts"][0]["state"] == "cold"


def test_a_context_made_from_python_is_noticed_too(context, monkeypatch):
    noticed = []
    end = current.on_start(noticed.append)
    monkeypatch.setattr(current, "_current", None)
    adopted = init_nncontext()  # the same Spark session, adopted
    end()
    assert noticed == [adopted]
    adopted.stop()
    monkeypatch.setattr(current, "_current", context)
