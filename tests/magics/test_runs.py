from __future__ import annotations

import json

import pytest

from tests.widgets.recorded import record
from zoo_lab.core.runlog import RunLog


def write(folder, name, **how):
    log = RunLog(folder / f"{name}.jsonl")
    for event in record(run=name, **how):
        log(event)
    log.close()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a notebook with two runs, of which the shorter one was written last."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    runs = tmp_path / ".zoo_lab" / "runs"
    write(runs, "20250101-long", epochs=3, steps=20)
    write(runs, "20250102-short", epochs=2, steps=10, reason="stopped")
    return tmp_path


def test_without_runs_it_says_where_they_would_be(run_cell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "There are no runs in .zoo_lab/runs" in run_cell("%zoo_runs")


def test_the_list_has_a_line_for_each_run(run_cell, folder):
    lines = run_cell("%zoo_runs").splitlines()
    assert lines[0].split()[:4] == ["#", "name", "state", "started"]
    assert {line.split()[2] for line in lines[1:]} == {"finished", "stopped"}
    assert "val loss 0.2977" in lines[1] + lines[2]


def test_a_damaged_file_is_named_and_hides_no_other(run_cell, folder):
    (folder / ".zoo_lab" / "runs" / "broken.jsonl").write_text("no run\nat all\n")
    printed = run_cell("%zoo_runs")
    assert "broken.jsonl" in printed
    assert len([line for line in printed.splitlines() if "digits" in line]) == 2


def test_runs_are_compared_by_what_differs(run_cell, folder):
    printed = run_cell("%zoo_runs --compare")
    assert [line.split()[0] for line in printed.splitlines() if line.startswith("epochs")] == ["epochs"]
    assert "model" not in printed  # the same in both
    assert "best val_loss" in printed


def test_a_run_is_named_tagged_and_found_again(run_cell, folder):
    run_cell('%zoo_runs 20250101 --rename "first try" --tag good --tag slow')
    run_cell("%zoo_runs good --untag slow")
    [_, line] = run_cell('%zoo_runs "first try"').splitlines()
    assert line.split()[-1] == "good"
    labels = json.loads((folder / ".zoo_lab" / "runs" / "labels.json").read_text())
    assert labels["20250101-long"] == {"name": "first try", "tags": ["good"]}


def test_a_name_or_tag_needs_to_know_for_which_run(run_cell, folder):
    assert "Expected which runs" in run_cell("%zoo_runs --tag good", fails=True)
    assert "Expected which runs" in run_cell("%zoo_runs 1,2 --rename both", fails=True)


def test_an_unknown_run_is_refused_with_those_that_there_are(run_cell, folder):
    assert "There are: digits." in run_cell("%zoo_runs third", fails=True)


def test_a_run_is_replayed_without_spark(run_cell, folder):
    printed = run_cell("%zoo_runs 20250102 --replay")
    assert "Stopped by you after 20 iterations" in printed
    assert "loss" in printed


def test_runs_are_exported_by_the_files_ending(run_cell, folder):
    for ending in ("svg", "png", "csv", "html"):
        run_cell(f"%zoo_runs --export out.{ending}")
        assert (folder / f"out.{ending}").stat().st_size > 1000
    assert "Expected a file that ends with" in run_cell("%zoo_runs --export out.doc", fails=True)


def test_the_list_can_be_kept_as_a_table(run_cell, shell, folder):
    run_cell("%zoo_runs -o table")
    table = shell.user_ns["table"]
    assert sorted(table["iterations"]) == [20, 60]


def test_another_folder_is_given_in_the_line_or_once_for_all(run_cell, folder):
    write(folder / "elsewhere", "other", epochs=1, steps=3)
    assert "other" not in run_cell("%zoo_runs --folder elsewhere --replay").splitlines()[0]
    assert len(run_cell("%zoo_runs --folder elsewhere").splitlines()) == 2
    run_cell("%zoo_config fit.runs elsewhere")
    assert len(run_cell("%zoo_runs").splitlines()) == 2
