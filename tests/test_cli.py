"""The command zoo-lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from zoo_lab import __version__, cli
from zoo_lab.context import doctor


def write_notebook(path: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, path)
    return path


def test_version_names_what_works_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version"]) == 0
    printed = capsys.readouterr().out
    for name in ("zoo_lab", "python", "java", "spark", "tensorflow", "keras"):
        assert name in printed
    assert __version__ in printed
    assert "not installed" not in printed


def test_doctor_lists_every_check_and_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert len([line for line in printed.splitlines() if line.startswith(("ok", "warning"))]) == len(doctor.ALL)


def test_doctor_says_by_its_exit_code_that_something_cannot_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    assert cli.main(["doctor"]) == 1
    assert "Unset SPARK_HOME" in capsys.readouterr().out


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor", "--colour"])
    assert caught.value.code == 2
    assert "--colour" in capsys.readouterr().err


def test_lab_hands_its_options_to_jupyterlab(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zoo_lab.cli", "lab", str(tmp_path), "--show-config-json"]
    project = str(Path(cli.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, env=environment)
    assert json.loads(done.stdout)["ServerApp"]["root_dir"] == str(tmp_path)


def test_demo_runs_the_notebook_and_prints_what_came_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = """import json\nprint("zoo_lab demo:", json.dumps({"accuracy": 0.9712, "samples_per_second": 12345.6}))"""
    source = write_notebook(tmp_path / "quick.ipynb", "import zoo_lab", last)
    assert cli.main(["demo", "--notebook", str(source)]) == 0
    printed = capsys.readouterr().out
    assert "97.12%" in printed
    assert "12,346 samples/s" in printed
    executed = tmp_path / "output" / "quick.ipynb"
    assert str(executed) in printed
    assert nbformat.read(executed, as_version=4).cells[1].outputs
    assert not nbformat.read(source, as_version=4).cells[1].outputs


def test_demo_keeps_the_notebook_of_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_notebook(tmp_path / "bad.ipynb", "1 // 0")
    assert cli.main(["demo", "--notebook", str(source), "--output", str(tmp_path / "out")]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert (tmp_path / "out" / "bad.ipynb").is_file()


def test_demo_needs_a_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--notebook", str(tmp_path / "absent.ipynb")]) == 1
    assert "--notebook" in capsys.readouterr().err


def test_a_notebook_without_a_result_has_none() -> None:
    assert cli.find_result(nbformat.v4.new_notebook()) == {}


def test_lab_opens_a_notebook_that_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = write_notebook(tmp_path / "quick.ipynb")
    started = []
    monkeypatch.setattr(os, "execv", lambda program, command: started.append(command))
    monkeypatch.setattr(subprocess, "call", lambda command: started.append(command))
    cli.main(["lab", str(notebook), "--no-browser"])
    assert started[0] == [sys.executable, "-m", "jupyterlab", "--no-browser", str(notebook)]
