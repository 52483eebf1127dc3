"""A start that fails says what Java printed and what to do."""

from __future__ import annotations

from pathlib import Path

from tests.context.outside import fail_outside

_START = """
from zoo_lab import init_nncontext
init_nncontext({"spark.driver.extraJavaOptions": "-agentlib:nosuchagent"}, master="local[1]", memory="1g")
"""


def test_a_java_that_dies_is_quoted() -> None:
    printed = fail_outside(_START)
    last = printed[printed.rindex("EnvironmentProblem") :]
    assert "nosuchagent" in last
    assert "zoo-lab doctor" in last


def test_a_wrong_environment_is_named_before_anything_starts(tmp_path: Path) -> None:
    printed = fail_outside("from zoo_lab import init_nncontext; init_nncontext()", SPARK_HOME=str(tmp_path))
    assert "holds no Spark" in printed
    assert "Unset SPARK_HOME" in printed


def test_spark_connect_is_refused_with_the_way_out() -> None:
    printed = fail_outside("from zoo_lab import init_nncontext; init_nncontext()", SPARK_REMOTE="sc://localhost")
    assert "Unset SPARK_REMOTE" in printed


def test_a_context_that_cannot_start_leaves_no_folder(tmp_path: Path) -> None:
    fail_outside(_START, TMPDIR=str(tmp_path))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("zoo_lab-")] == []
