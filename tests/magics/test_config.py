from __future__ import annotations

import json

import pytest

from zoo_lab.magics import defaults, fit
from zoo_lab.magics.context import context_defaults


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder, and a folder of a notebook in front."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_at_first_nothing_is_set(run_cell):
    assert "No defaults are set" in run_cell("%zoo_config")
    assert "32" in run_cell("%zoo_config fit.batch_size")


def test_a_default_holds_for_the_lines_that_say_nothing_else(run_cell, home):
    assert "256" in run_cell("%zoo_config fit.batch_size 256")
    run_cell("%zoo_config fit.runs logs")
    assert defaults.defaults_of(fit.COMMAND, {}) == {"batch_size": 256, "runs": "logs"}
    assert json.loads((home / "work" / ".zoo_lab" / "config.json").read_text())["fit.batch_size"] == "256"


def test_the_folders_default_goes_before_the_one_for_everywhere(run_cell, home, monkeypatch):
    run_cell("%zoo_config fit.epochs 3 --everywhere")
    run_cell("%zoo_config fit.epochs 7")
    assert defaults.defaults_of(fit.COMMAND, {}) == {"epochs": 7}
    assert "7" in run_cell("%zoo_config")
    run_cell("%zoo_config fit.epochs --unset")
    assert "everywhere" in run_cell("%zoo_config")
    assert defaults.defaults_of(fit.COMMAND, {}) == {"epochs": 3}


def test_a_context_that_runs_is_not_asked_for_other_settings(run_cell, context):
    run_cell("%zoo_config context.memory 3g")
    assert context_defaults({}) == {}
    assert "master=local[2]" in run_cell("%zoo_context")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("fit.batchsize 3", "Did you mean fit.batch_size?"),
        ("fit.batch_size many", "many"),
        ("fit.o run", "Expected one of its settings"),
        ("--unset", "Expected a setting with either"),
        ("fit.epochs 3 --unset", "Expected a setting with either"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(run_cell, home, line, names):
    assert names in run_cell(f"%zoo_config {line}", fails=True)
    assert not (home / "work" / ".zoo_lab" / "config.json").exists()


def test_a_word_that_no_longer_fits_is_named_with_its_setting(run_cell):
    defaults.write(defaults.place(False), {"fit.epochs": "many"})
    with pytest.raises(ValueError, match=r"fit\.epochs"):
        defaults.defaults_of(fit.COMMAND, {})


def test_a_damaged_file_is_named(home):
    path = defaults.place(False)
    defaults.write(path, {})
    path.write_text("{")
    with pytest.raises(ValueError, match=r"config\.json"):
        defaults.settings()
