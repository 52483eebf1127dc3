"""Runs go on, to the same weights, whatever is taken from them: on a local cluster, a standalone one, and a new driver.

A driver in a process of its own trains whenever it is told to; the test takes things away from it meanwhile. With
fewer workers for a while, or with shards elsewhere, sums of float32 have another order: 1e-5; else equal bits.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest

from tests.context.cluster import Cluster, standalone
from tests.context.outside import run_outside
from tests.train.keras_reference import twin
from tests.train.models import dense, table

pytestmark = pytest.mark.slow

_PROJECT = Path(__file__).resolve().parents[2]
_ROUNDING = 1e-5
_DRIVER = """
import json, sys, time
import keras, numpy, zoo_lab
from zoo_lab.context.slots import count_executors
from zoo_lab.core.events import IterationDone, Notice, WorkerLost
from tests.train.keras_reference import twin
from tests.train.models import dense, table

master, folder, sync = sys.argv[1:4]
context = zoo_lab.init_nncontext(master=master, memory="900m")
if sync != "shared":
    context._token = ("nowhere", "")  # workers that do not see the driver's files, as on other hosts
context.warm_up()
assert context.one_host == (sync == "shared")
data = zoo_lab.FeatureSet.from_numpy(*table(200), context=context, partitions=4)
more = {"iterations_per_job": 3} if sync == "shared" else {}

def tell(event):
    if isinstance(event, IterationDone):
        time.sleep(0.01)  # so that what is done to the run meets it in the middle
        if event.iteration % 10 == 0:
            print("at", event.iteration, flush=True)
        while event.iteration == 10 and count_executors(context.sc) < awaited:
            time.sleep(0.1)

print("scratch", context.scratch, flush=True)
for line in sys.stdin:
    awaited = int(line)
    model, _ = twin(lambda: dense(keras.optimizers.Adam(1e-3)))
    run = zoo_lab.fit(model, data, batch_size=10, epochs=3, seed=5, sync=sync, background=True, display="none",
                      runs=folder, **more)
    run.stream.subscribe(tell)
    run.wait()
    numpy.savez(f"{folder}/weights.npz", *model.get_weights())
    events = run.events
    told = {
        "state": run.state,
        "iterations": [event.iteration for event in events if isinstance(event, IterationDone)],
        "lost": [event.reason for event in events if isinstance(event, WorkerLost)],
        "who": [event.who for event in events if isinstance(event, WorkerLost)],
        "notices": [event.text for event in events if isinstance(event, Notice)],
        "workers": run.plan.workers,
    }
    print("done", json.dumps(told), flush=True)
context.stop()
"""


class Driver:
    """A driver that trains on a cluster; `roots` are the processes below which its executors run."""

    def __init__(self, master: str, folder: Path, sync: str, roots: Callable[[int], list[int]]) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, master, str(folder), sync],
            env={**os.environ, "PYTHONPATH": str(_PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._roots = lambda: roots(self._process.pid)
        self.scratch = Path(self._told("scratch"))

    def train(
        self, disturb: Callable[[], None] = lambda: None, at: int = 30, awaited: int = 0
    ) -> tuple[dict, list[np.ndarray]]:
        """Train with `disturb` called after iteration `at`; return what the driver tells of the run and the weights.

        Training goes on beyond iteration 10 once there are `awaited` executors.
        """
        self._process.stdin.write(f"{awaited}\n")
        self._process.stdin.flush()
        while self._told("at") != str(at):
            pass
        disturb()
        told = json.loads(self._told("done"))
        with np.load(self.folder / "weights.npz") as weights:
            return told, list(weights.values())

    def executors(self) -> list[psutil.Process]:
        return [process for process in self._below() if "CoarseGrainedExecutorBackend" in _line(process)]

    def python_workers(self) -> list[psutil.Process]:
        found = [process for executor in self.executors() for process in executor.children(recursive=True)]
        return [process for process in found if "pyspark.worker" in _line(process) and _is_worker(process)]

    def close(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.communicate("", timeout=30)
        self._process.kill()

    def _below(self) -> Iterator[psutil.Process]:
        for root in self._roots():
            with contextlib.suppress(psutil.NoSuchProcess):
                yield from psutil.Process(root).children(recursive=True)

    def _told(self, word: str) -> str:
        for line in self._process.stdout:
            first, _, rest = line.strip().partition(" ")
            if first == word:
                return rest
        message = f"the driver ended before it told {word!r}"
        raise AssertionError(message)


def _line(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "pyspark.worker" in _line(process.parent())
    return False


def same(mine: list[np.ndarray], others: list[np.ndarray], tolerance: float = 0.0) -> bool:
    return max(float(np.abs(a - b).max()) for a, b in zip(mine, others, strict=True)) <= tolerance


def check_losses(driver: Driver) -> list[np.ndarray]:
    """Take Python workers, an executor, all shards and a worker's time away, and expect the same weights each time."""
    undisturbed, expected = driver.train()
    assert undisturbed["lost"] == []

    def kill_worker() -> None:
        driver.python_workers()[0].kill()

    def halt_worker() -> None:
        worker = driver.python_workers()[0]
        worker.suspend()
        time.sleep(2)
        worker.resume()

    def kill_executor() -> None:
        driver.executors()[0].kill()

    def lose_shards() -> None:
        for folder in [driver.scratch, driver.folder]:
            for shard in folder.rglob("shard-*"):
                shutil.rmtree(shard, ignore_errors=True)
        for worker in driver.python_workers():  # those that run have the files open
            worker.kill()

    for disturb, tolerance in [
        (kill_worker, 0.0),
        (halt_worker, 0.0),
        (lose_shards, _ROUNDING),
        (kill_executor, _ROUNDING),
    ]:
        told, weights = driver.train(disturb)
        assert told["state"] == "finished", disturb.__name__
        if disturb is kill_worker:  # nobody is lost where it was killed between two jobs: Spark starts another
            assert all(re.fullmatch(r"worker [01] on \S+", who) for who in told["who"]), told["who"]
        assert told["iterations"] == list(range(1, 61)), disturb.__name__
        assert same(weights, expected, tolerance), disturb.__name__
    return expected


def check_joining_and_going(driver: Driver, cluster: Cluster, before: int, expected: list[np.ndarray]) -> None:
    """Start one machine more than `before` and take it away again, and expect the same weights each time."""
    joined, weights = driver.train(cluster.add_worker, at=10, awaited=before + 1)
    assert [text for text in joined["notices"] if f"Executors joined: {before + 1} workers from here on" in text]
    assert joined["workers"] == before + 1
    assert same(weights, expected, _ROUNDING)
    gone, weights = driver.train(lambda: cluster.kill_worker(before))
    assert gone["state"] == "finished"
    assert gone["workers"] == before
    assert gone["iterations"] == list(range(1, 61))
    assert same(weights, expected, _ROUNDING)


def test_a_local_cluster_survives_what_is_taken_from_it(tmp_path: Path) -> None:
    driver = Driver("local-cluster[2,1,1024]", tmp_path, "sliced", lambda pid: [pid])
    try:
        check_losses(driver)
    finally:
        driver.close()


def test_a_standalone_cluster_survives_what_is_taken_from_it_and_uses_what_joins_from_the_next_epoch(
    tmp_path: Path,
) -> None:
    with standalone(tmp_path) as cluster:
        driver = Driver(cluster.url, tmp_path, "collect", lambda _pid: worker_pids(cluster))
        try:
            check_joining_and_going(driver, cluster, 2, check_losses(driver))
        finally:
            driver.close()


def test_workers_that_share_the_driver_s_memory_are_joined_by_those_of_another_machine_and_do_without_it(
    tmp_path: Path,
) -> None:
    with standalone(tmp_path, workers=1) as cluster:
        driver = Driver(cluster.url, tmp_path, "shared", lambda _pid: worker_pids(cluster))
        try:
            _, expected = driver.train()
            check_joining_and_going(driver, cluster, 1, expected)
        finally:
            driver.close()


def worker_pids(cluster: Cluster) -> list[int]:
    return [worker.pid for worker in cluster._workers]


_DIES = """
import os, signal, sys, time
import keras, zoo_lab
from zoo_lab.train import Checkpoints, EveryIterations
from tests.train.keras_reference import twin
from tests.train.models import dense, table

folder = sys.argv[1]
zoo_lab.init_nncontext(master="local-cluster[2,1,1024]", memory="900m")
model, _ = twin(lambda: dense(keras.optimizers.Adam(1e-3)))
saved = Checkpoints(f"{folder}/saved", every=EveryIterations(7))
run = zoo_lab.fit(model, table(200), batch_size=10, epochs=3, seed=5, checkpoint=saved, display="none", runs=folder,
                  background=True)
while run.iterations < 30:
    time.sleep(0.005)
os.kill(os.getpid(), signal.SIGKILL)
"""
_LIVES = """
import shutil, sys
import keras, numpy, zoo_lab
from tests.train.models import dense, table

folder, *masters = sys.argv[1:]
for number, master in enumerate(masters):
    context = zoo_lab.init_nncontext(master=master, memory="900m")
    keras.utils.set_random_seed(99)
    model = dense(keras.optimizers.Adam(1e-3))  # a new kernel builds it anew, with other weights
    saved = shutil.copytree(f"{folder}/saved", f"{folder}/saved-{number}")  # each goes on where the killed one was
    run = zoo_lab.fit(model, table(200), batch_size=10, epochs=3, resume=saved, display="none", runs=folder)
    assert run.iterations == 60 and len(run.history["loss"]) == 3, run
    assert min(event.iteration for event in run.events if type(event).__name__ == "IterationDone") == 1
    print(run.plan.workers)
    numpy.savez(f"{folder}/{number}.npz", *model.get_weights())
    context.stop()
"""


def test_a_killed_driver_s_run_goes_on_in_a_new_process_on_another_cluster_or_fewer_workers_to_the_same_weights(
    train, tmp_path: Path
) -> None:
    expected, _ = twin(lambda: dense(keras.optimizers.Adam(1e-3)))
    train(expected, table(200), batch_size=10, epochs=3, seed=5)
    died = subprocess.run(
        [sys.executable, "-c", _DIES, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(_PROJECT)},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    with standalone(tmp_path) as cluster:
        assert run_outside(_LIVES, str(tmp_path), cluster.url, "local[1]").split()[-2:] == ["2", "1"]
    for number in range(2):
        with np.load(tmp_path / f"{number}.npz") as weights:
            assert same(list(weights.values()), expected.get_weights(), _ROUNDING)
