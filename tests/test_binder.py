"""binder/ holds what repo2docker reads, and it agrees with pyproject.toml."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

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
    extra = re.fullmatch(r"\.\[(\w+)\]", requirement).group(1)
    assert re.search(rf"^{extra} = \[", PYPROJECT, re.MULTILINE)


def test_post_build_is_an_executable_script_without_syntax_errors():
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", script], check=True)


def test_the_notebook_that_binder_opens_is_there():
    assert (ROOT / "notebooks" / "quickstart.ipynb").is_file()
