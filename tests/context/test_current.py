"""How the one context of a process is made and adopted, in its parts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from zoo_lab.context import current
from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.scratch import Scratch

_PYTHON = "spark.pyspark.python"


def test_the_user_s_python_wins_over_the_machine_s_and_that_over_the_environment_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    assert current._worker_python({}, {}) == sys.executable
    monkeypatch.setenv("PYSPARK_PYTHON", "of-env")
    assert current._worker_python({}, {}) == "of-env"
    assert current._worker_python({}, {_PYTHON: "of-site"}) == "of-site"
    assert current._worker_python({_PYTHON: "asked"}, {_PYTHON: "of-site"}) == "asked"


def test_an_adoption_that_fails_leaves_no_folder(
    context: NNContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        msg = "no executors"
        raise RuntimeError(msg)

    monkeypatch.setattr(current, "NNContext", fail)
    monkeypatch.setattr(current, "Scratch", lambda: Scratch(tmp_path, tmp_path / "absent"))
    with pytest.raises(RuntimeError, match="no executors"):
        current._adopt(context.spark, {}, False, False)
    assert list(tmp_path.iterdir()) == []
