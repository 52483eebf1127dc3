"""Shared by all tests: one warm Spark context, and the folder of real test files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Let interrupts through, as in a terminal, and have every Java of the tests start as fast as it can.

    What a script starts in the background ignores interrupts. A test's Java lives for seconds, in which its second
    compiler takes a third of its processor time and gives nothing back, and loading classes another third.
    """
    from zoo_lab.context import classarchive
    from zoo_lab.context.java import choose, find_candidates

    if not hasattr(config, "workerinput"):
        # where it cannot be made the tests are only slower, and the archive's own one says why
        subprocess.run([sys.executable, "-m", "zoo_lab.context.classarchive"], check=False)
        archived = classarchive.options(choose(find_candidates()))
        os.environ["JDK_JAVA_OPTIONS"] = f"-XX:TieredStopAtLevel=1 {archived}"
        os.environ["ZOO_LAB_CLASS_ARCHIVE"] = "off"  # no home folder of a test's own gets one made
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
