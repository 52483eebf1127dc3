"""A real standalone cluster: executors in processes of their own, which come, go and are killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import zoo_lab
from tests.context.cluster import Cluster, standalone
from tests.context.outside import run_outside
from tests.train.keras_reference import twin
from tests.train.models import dense, table
from zoo_lab.context.nncontext import NNContext

pytestmark = pytest.mark.slow

_WARM = """
import sys
from zoo_lab import init_nncontext
context = init_nncontext(master=sys.argv[1], memory=sys.argv[2], warm=True)
assert len(context.workers) == context.slots, context.workers
def drain(rows):
    for _ in rows: pass
    import zoo_lab, sys
    yield "tensorflow" in sys.modules
with context.jobs.session("test") as session:
    assert all(session.run(context.sc.parallelize(range(4), 2).mapPartitions(drain).collect))
facts = context.describe()
print(context.slots, facts["executors"], context.threads_per_slot, context.one_host, facts["memory"])
context.stop()
"""
_SAVE_WEIGHTS = """
import sys
import numpy, zoo_lab
from tests.train.keras_reference import twin
from tests.train.models import dense, table
context = zoo_lab.init_nncontext(master=sys.argv[1], memory="900m")
model, _ = twin(dense)
run = zoo_lab.fit(model, table(), epochs=3, batch_size=20, seed=5, display="none", runs=sys.argv[2])
numpy.savez(sys.argv[3], *model.get_weights())
print(context.slots, run.plan.workers)
context.stop()
"""
_WAIT_FOR_ORDERS = """
import sys
from zoo_lab import init_nncontext
context = init_nncontext(master=sys.argv[1], memory="700m", warm=True)
for order in ("warm", "gone"):
    print(order, flush=True)
    sys.stdin.readline()
"""
_PATIENCE = 60


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A worker with two cores."""
    with standalone(tmp_path_factory.mktemp("cluster"), workers=1, cores=2, memory="2g") as made:
        yield made


def test_a_standalone_cluster_is_used_as_it_is(cluster: Cluster) -> None:
    printed = run_outside(_WARM, cluster.url, "900m")
    assert printed.strip() == "2 1 1 True 900m per executor"


def test_a_cluster_that_starts_executors_on_demand_is_asked_for_one(cluster: Cluster) -> None:
    code = """
    import sys
    from zoo_lab import init_nncontext
    conf = {"spark.dynamicAllocation.enabled": True, "spark.executor.cores": 1}
    context = init_nncontext(conf, master=sys.argv[1], memory="600m")
    print(context.slots, context.describe()["executors"], context.jobs.busy)
    """
    assert run_outside(code, cluster.url).strip() == "1 1 False"


def test_training_on_two_workers_of_a_standalone_cluster_is_training_on_local(
    context: NNContext, tmp_path: Path
) -> None:
    with standalone(tmp_path) as cluster:
        file = tmp_path / "weights.npz"
        assert run_outside(_SAVE_WEIGHTS, cluster.url, str(tmp_path), str(file)).strip() == "2 2"
    here, _ = twin(dense)
    run = zoo_lab.fit(
        here, table(), epochs=3, batch_size=20, seed=5, context=context, display="none", runs=tmp_path / "runs"
    )
    assert run.plan.workers == 2
    with np.load(file) as there:
        for a, b in zip(there.values(), here.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_processes_of_a_cluster_are_found_killed_and_replaced_and_none_outlives_it(tmp_path: Path) -> None:
    with standalone(tmp_path) as cluster:
        driver = subprocess.Popen(
            [sys.executable, "-c", _WAIT_FOR_ORDERS, cluster.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert driver.stdout.readline() == "warm\n"
            executors, pythons = cluster.executor_pids(), cluster.python_workers()
            assert (len(executors), len(pythons)) == (2, 2)

            assert cluster.kill_executor() == executors[0]
            assert _soon(lambda: len(cluster.executor_pids()) == 2)
            assert executors[0] not in cluster.executor_pids()
            assert _soon(lambda: not Path(f"/proc/{pythons[0]}").exists())

            cluster.kill_worker(0)
            assert cluster.executor_pids() == executors[1:]
            assert cluster.add_worker() == 2
            assert _soon(lambda: len(cluster.executor_pids()) == 2)
            seen = {*executors, *pythons, *cluster.executor_pids()}
        finally:
            driver.communicate("\n\n", timeout=_PATIENCE)
    assert driver.returncode == 0
    assert _soon(lambda: not [pid for pid in seen if Path(f"/proc/{pid}").exists()])
    assert cluster.executor_pids() == []


def _soon(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()
