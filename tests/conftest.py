"""Shared by all tests: one warm Spark context, and the folder of real test files."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Let interrupts through, as in a terminal, and start every Java of Spark's with tests/spark/java-opts.

    What a script starts in the background ignores interrupts. A test's Java lives for seconds, in which its second
    compiler takes a third of its processor time and gives nothing back.
    """
    os.environ["SPARK_CONF_DIR"] = str(_PROJECT / "tests" / "spark")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first, so that the processes that share the files end at about the same time."""
    seconds: Counter[Path] = Counter()
    for item in items:
        seconds[item.path] += _guessed_seconds(item)
    items.sort(key=lambda item: (-seconds[item.path], item.path))


def _guessed_seconds(item: pytest.Item) -> float:
    """Guess how long a test takes: those with a mark of slowness, with Spark, and the thousands of others."""
    if slow := item.get_closest_marker("slow"):
        return slow.kwargs.get("seconds", 15.0)
    return 1.5 if {"context", "train"} & set(getattr(item, "fixturenames", ())) else 0.05


@pytest.fixture(scope="session")
def context() -> Iterator[NNContext]:
    """One warm context on `local[2]` for the whole session: starting Spark costs seconds."""
    from zoo_lab.context.nncontext import init_nncontext

    made = init_nncontext(master="local[2]", memory="3g")
    made.warm_up()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real test files: ZOO_LAB_TEST_DATA, default ../shared/data beside the project."""
    folder = Path(os.environ.get("ZOO_LAB_TEST_DATA", _PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test files in {folder}; set ZOO_LAB_TEST_DATA to the folder that has them")
    return folder
