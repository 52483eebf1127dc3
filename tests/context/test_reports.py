"""What workers report is judged: what cannot train is refused, what only differs is noticed."""

from __future__ import annotations

import re

import pytest

from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.reports import expect_same_versions
from zoo_lab.context.workers import WorkerReport
from zoo_lab.core.errors import EnvironmentProblem

_DRIVER = {"python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.15.0", "zoo_lab": "1.2.0", "pyspark": "4.3.0"}


def report(**versions: str) -> WorkerReport:
    found = {"python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.15.0", "zoo_lab": "1.2.0", **versions}
    return WorkerReport(12, "node-a", "boot", True, True, "", 0.0, found)


@pytest.mark.parametrize(("name", "version"), [("keras", "3.14.2"), ("zoo_lab", "1.1.9"), ("zoo_lab", "2.2.0")])
def test_another_release_of_what_must_be_one_is_refused_by_worker_and_versions(name: str, version: str) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        expect_same_versions([report(), report(**{name: version})], _DRIVER)
    message = str(caught.value)
    assert all(text in message for text in ("Worker 12 on node-a", _DRIVER[name], version, "--ship-env"))


@pytest.mark.parametrize(("name", "version"), [("tensorflow", "2.20.0"), ("keras", "3.15.1"), ("zoo_lab", "1.2.3")])
def test_another_version_of_anything_else_is_noticed_once(name: str, version: str) -> None:
    notice = expect_same_versions([report(), report(**{name: version}), report(**{name: version})], _DRIVER)
    assert notice.count(version) == 1
    assert _DRIVER[name] in notice
    assert "node-a" in notice


def test_equal_and_unknown_versions_are_not_noticed() -> None:
    assert expect_same_versions([report(), report(other="1")], _DRIVER) == ""


def test_the_workers_of_the_driver_s_environment_have_its_versions(context: NNContext) -> None:
    context._doubt()
    context.warm_up()
    assert "the driver" not in context.notice


def test_warming_up_refuses_workers_of_another_release(context: NNContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("zoo_lab.__version__", "99.0")
        context._doubt()
        with pytest.raises(EnvironmentProblem, match=r"Expected zoo_lab 99.0 .* has zoo_lab"):
            context.warm_up()
    context.warm_up()


def test_a_worker_of_another_python_is_told_with_the_repair(
    context: NNContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(context.sc, "pythonVer", "3.7")  # what workers compare themselves with
        context._doubt()
        with pytest.raises(EnvironmentProblem) as caught:
            context.warm_up()
    message = str(caught.value)
    assert re.search(r"PYTHON_VERSION_MISMATCH.*3\.7", message)
    assert "PYSPARK_PYTHON" in message
    assert "--ship-env" in message
    assert "\tat " not in message
    context.warm_up()
