"""Shared by all tests: one warm Spark context, and the folder of real test files."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Let interrupts through, as in a terminal: what a script starts in the background ignores them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files with slow tests first, so that the processes that share the files end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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
