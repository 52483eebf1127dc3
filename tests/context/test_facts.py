"""What is found on this machine."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pyspark

from zoo_lab.context.facts import loopback_problem, memory, python_version_of, spark_version_of


def test_the_version_of_a_spark_is_that_of_its_jars() -> None:
    assert spark_version_of(str(Path(pyspark.__file__).parent)) == pyspark.__version__
    assert spark_version_of("") == ""


def test_a_folder_without_spark_has_no_version(tmp_path: Path) -> None:
    assert spark_version_of(str(tmp_path)) == ""


def test_pythons_are_asked_for_their_version(tmp_path: Path) -> None:
    assert python_version_of(sys.executable) == platform.python_version()
    assert python_version_of(str(tmp_path / "python")) == ""
    other = tmp_path / "other"
    other.symlink_to(sys.executable)
    assert python_version_of(str(other)) == platform.python_version()


def test_memory_is_at_least_what_is_free() -> None:
    total, available = memory()
    assert total >= available >= 0


def test_this_machine_reaches_itself() -> None:
    assert loopback_problem() == ""
