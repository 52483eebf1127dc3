"""Nothing is left behind: processes, files in memory and on disk."""

from __future__ import annotations

import gc
import json
import os
import time
import urllib.request
from pathlib import Path

import keras
import pytest

from tests.context.outside import outside
from tests.train.battery import STRATEGIES
from tests.train.models import dense, linear, table
from zoo_lab.train.engine import Engine

X, Y = table(100)


@pytest.mark.parametrize("sync", STRATEGIES)
def test_fifty_iterations_leave_the_same_workers_and_no_more_files(train, context, worker_pids, sync):
    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch in (4, 49):
                seen.append(_files(context))

    seen = []
    train(dense(), (X, Y), batch_size=10, epochs=2, sync=sync)
    workers, before = worker_pids(), _files(context)
    run = train(dense(), (X, Y), batch_size=2, sync=sync, callbacks=[Watch()])
    assert run.iterations == 50
    assert worker_pids() == workers
    early, late = seen
    assert len(late) <= len(early)
    assert _files(context) <= before


@pytest.mark.parametrize("sync", STRATEGIES)
def test_a_run_that_has_ended_holds_nothing_of_what_trained_it(train, sync):
    def engines():
        gc.collect()
        return sum(isinstance(thing, Engine) for thing in gc.get_objects())

    before = engines()
    run = train(dense(), (X, Y), sync=sync)
    assert run.state == "finished"
    assert engines() == before


def test_a_run_that_fails_leaves_no_files_either(train, context):
    train(linear(), (X, Y))
    before = _files(context)
    y = Y.copy()
    y[50] = 9
    with pytest.raises(Exception, match="label value"):
        train(linear(), (X, y))
    assert _files(context) <= before


def test_what_spark_remembers_of_jobs_for_its_ui_is_bounded(context):
    retained = {kind: int(context.sc.getConf().get(f"spark.ui.retained{kind.title()}")) for kind in ("jobs", "stages")}
    job = context.sc.parallelize([0], 1)._jrdd
    before = max(known(context, "jobs", "jobId"), default=-1)
    for _ in range(max(retained.values()) + 20):
        job.count()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:  # Spark forgets a moment later
        jobs, stages = known(context, "jobs", "jobId"), known(context, "stages", "stageId")
        if len(jobs) <= retained["jobs"] and len(stages) <= retained["stages"]:
            break
        time.sleep(0.2)
    assert max(jobs) >= before + max(retained.values()) + 20  # it does remember
    assert len(jobs) <= retained["jobs"]
    assert len(stages) <= retained["stages"]


def known(context, what, number):
    url = f"{context.sc.uiWebUrl}/api/v1/applications/{context.sc.applicationId}/{what}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return [record[number] for record in json.load(answer)]


_TRAIN = """
    import sys
    import zoo_lab
    from tests.train.models import linear, table
    context = zoo_lab.init_nncontext(master="local[2]", memory="1g")
    zoo_lab.fit(linear(), table(100), sync=sys.argv[1], display="none", runs=sys.argv[2])
    context.stop()
"""


@pytest.mark.slow
def test_a_stopped_context_leaves_nothing_on_the_machine(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    shared = set(os.listdir("/dev/shm"))
    with outside() as process:
        for sync in STRATEGIES:
            process.run(_TRAIN, sync, str(tmp_path / sync))
            files = [path for path in temporary.rglob("*") if path.is_file() and "hsperfdata" not in str(path)]
            assert [path.name for path in files] == [], sync
            assert len(list((tmp_path / sync).iterdir())) == 1
    left = {name for name in set(os.listdir("/dev/shm")) - shared if name.startswith("zoo_lab-")}
    assert not any(_is_mine(Path("/dev/shm", name)) for name in left)


def _is_mine(folder):
    """Whether no living process holds the folder: other tests of this machine may run contexts of their own."""
    from zoo_lab.context.scratch import remove_abandoned

    return folder in remove_abandoned(folder.parent)


def _files(context):
    """Return all files below the context's folders: shards, Spark's local files, broadcasts, shared memory."""
    folders = [context.scratch, context.shared_memory_folder(0)]
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}
