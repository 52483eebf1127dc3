"""binder/ holds what repo2docker reads, and it agrees with pyproject.toml."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
BINDER = ROOT / "binder"
PYPROJECT = (ROOT / "pyproject.toml").read_text()  # tomllib is not in Python 3.10


def test_only_files_that_repo2docker_reads_are_there():
    read = {"apt.txt", "environment.yml", "postBuild", "requirements.txt", "runtime.txt", "start"}
    assert {path.name for path in BINDER.iterdir()} <= read


def test_the_python_of_the_image_is_one_that_the_project_supports():
    version = re.fullmatch(r"python-(3\.\d+)\n", (BINDER / "runtime.txt").read_text()).group(1)
    supported = re.search(r'^requires-python = "(.+)"$', PYPROJECT, re.MULTILINE).group(1)
    assert SpecifierSet(supported).contains(version)


def test_the_project_is_installed_with_an_extra_that_exists_and_nothing_beside_it():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    [requirement] = [line for line in lines if not line.startswith("#")]
    for extra in re.fullmatch(r"\.\[([\w,]+)\]", requirement).group(1).split(","):
        assert re.search(rf"^{extra} = \[", PYPROJECT, re.MULTILINE)


@pytest.mark.slow
def test_post_build_finds_what_was_installed_and_drops_what_only_the_build_needed(tmp_path):
    script, home = BINDER / "postBuild", tmp_path / "home"
    assert os.access(script, os.X_OK)
    dropped = [tmp_path / "labextension" / "node_modules", tmp_path / "labextension" / "lib", home / ".cache"]
    for folder in (*dropped, home / "work"):
        folder.mkdir(parents=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "HOME": str(home), "PATH": path}
    done = subprocess.run([script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "zoo_lab.server" in done.stdout
    assert [folder for folder in dropped if folder.exists()] == []
    assert (home / "work").is_dir()


@pytest.mark.slow
def test_post_build_fails_where_the_extension_is_not_installed(tmp_path):
    (tmp_path / "jupyter").write_text("#!/bin/sh\necho 'nothing is enabled'\n")
    (tmp_path / "jupyter").chmod(0o755)
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]])}
    done = subprocess.run([BINDER / "postBuild"], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode != 0


def test_the_notebook_that_binder_opens_is_there():
    assert (ROOT / "notebooks" / "quickstart.ipynb").is_file()
