"""Judges what the Python workers report when they get ready: what cannot train, and what only differs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from zoo_lab.context import shipenv
from zoo_lab.context.workers import WorkerReport
from zoo_lab.core.errors import EnvironmentProblem

_NO_PYTHON = re.compile(
    r'Cannot run program "[^"]*": error=.*'
    r"|ModuleNotFoundError: No module named '[^']*'"
    r"|.*PYTHON_VERSION_MISMATCH.*"
)
# These two must understand what the driver sends: its own tasks and its models.
_SAME = ("zoo_lab", "keras")
_REPAIR = (
    "Install the driver's packages there, set PYSPARK_PYTHON to a Python that has them, or send a cluster this "
    "environment with ship_env=True (%zoo_context --ship-env), and start the context again."
)


def expect_no_problem(reports: Sequence[WorkerReport]) -> None:
    """Raise `EnvironmentProblem` where a worker could not load TensorFlow."""
    failed = [report for report in reports if report.problem]
    if failed:
        msg = (
            f"Expected every Python worker to load TensorFlow; {len(failed)} of {len(reports)} could not. "
            f"{_named(failed[0])} (Python {failed[0].versions['python']}): {failed[0].problem}. {_REPAIR}"
        )
        raise EnvironmentProblem(msg)


def expect_same_versions(reports: Sequence[WorkerReport], driver: Mapping[str, str]) -> str:
    """Return a notice of the packages that workers have in another version than the driver, "" if there are none.

    Args:
        reports: of the workers.
        driver: {package: version} of the driver.

    Errors:
        EnvironmentProblem: a worker has a zoo_lab or a Keras of another release, such as 3.14 for 3.15.
    """
    notices: dict[str, str] = {}
    for report in reports:
        for name, version in report.versions.items():
            own = driver.get(name, version)
            if name in _SAME and _release(version) != _release(own):
                msg = (
                    f"Expected {name} {own} on every Python worker, as on the driver; {_named(report)} has {name} "
                    f"{version}. {_REPAIR}"
                )
                raise EnvironmentProblem(msg)
            if version != own:
                notices.setdefault(name, f"{_named(report)} has {name} {version}, the driver {own}.")
    return " ".join([*notices.values(), "Results may differ from those of one version."] if notices else [])


def expect_python(python: str, error: Exception) -> None:
    """Raise what a failed warm-up says of the executors' Python, if it does."""
    found = _NO_PYTHON.search(str(error))
    if found is None:
        return
    if python == shipenv.PYTHON:
        way_out = (
            "In a virtual environment it is a link to the Python that made it, which must be at the same place on the "
            f"executors (this one's is {shipenv.base_python()}). Install it there, or use a conda environment, which "
            "brings its own."
        )
    else:
        way_out = (
            "Set PYSPARK_PYTHON to a Python that the executors have with the driver's packages, or send them this "
            "environment with ship_env=True (%zoo_context --ship-env)."
        )
    msg = f"Expected the executors to run {python} with zoo_lab; what they say: {found.group().strip()}. {way_out}"
    raise EnvironmentProblem(msg) from error


def _named(report: WorkerReport) -> str:
    return f"Worker {report.pid} on {report.host}"


def _release(version: str) -> list[str]:
    return version.split(".")[:2]
