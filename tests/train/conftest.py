"""Trains quietly, with the run files out of the way."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zoo_lab

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_ROUNDS = 4


@pytest.fixture
def train(context: NNContext, tmp_path: Path) -> Callable[..., zoo_lab.Run]:
    """`zoo_lab.fit` without a display, its run file below the test's own folder."""

    def fit(model: Any, data: Any, **arguments: Any) -> zoo_lab.Run:
        return zoo_lab.fit(model, data, **{"context": context, "display": "none", "runs": tmp_path, **arguments})

    return fit


@pytest.fixture
def worker_pids(context: NNContext) -> Callable[[], set[int]]:
    """Ask for the ids of the Python worker processes: those that other tests left idle too, whose turn comes later."""

    def find() -> set[int]:
        context.warm_up()
        rows = context.sc.parallelize(range(context.slots), context.slots).mapPartitions(_pid_of_worker)
        with context.jobs.session("find workers") as session:
            return {pid for _ in range(_ROUNDS) for pid in session.run(rows.collect)}

    return find


def _pid_of_worker(rows: Iterable[int]) -> Iterator[int]:
    for _ in rows:
        pass
    time.sleep(0.1)  # so that no worker takes two of these tasks
    yield os.getpid()
