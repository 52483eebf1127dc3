"""Weights and an object in a file that Spark broadcasts as it is."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.train.models import dense, table
from zoo_lab.train.letters import Letters, opened

COUNT = 1000


def values(start, dtype="f4"):
    return np.arange(start, start + COUNT).astype(dtype)


@pytest.fixture
def letters(tmp_path):
    made = Letters(lambda _room: tmp_path, "run", COUNT, "f4")
    yield made
    made.close()


def seen(letter):
    def look(_index, _records):
        weights, rest = opened(letter)
        yield weights.tolist(), str(weights.dtype), weights.ctypes.data % 64, rest

    return look


def by_workers(context, letter):
    return context.sc.parallelize(range(2), 2).mapPartitionsWithIndex(seen(letter)).collect()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_workers_find_the_weights_aligned_and_the_object(context, tmp_path, dtype):
    letters = Letters(lambda _room: tmp_path, "run", COUNT, dtype)
    sent = values(3, dtype)
    letter = letters.send(context.sc, sent, {"rate": 0.5, "rows": np.arange(3).tolist()})
    for weights, found, misaligned, rest in by_workers(context, letter):
        assert (weights, found, misaligned) == (sent.tolist(), str(sent.dtype), 0)
        assert rest == {"rate": 0.5, "rows": [0, 1, 2]}
    letter.destroy()


def test_what_was_written_into_the_blank_letter_is_sent_and_the_one_before_stays(context, letters):
    first = letters.send(context.sc, values(0), "first")
    blank = letters.blank()
    blank[:] = values(7)
    second = letters.send(context.sc, blank, "second")
    assert letters.blank() is not blank
    assert [(weights, rest) for weights, *_, rest in by_workers(context, first)] == [(values(0).tolist(), "first")] * 2
    assert [(weights, rest) for weights, *_, rest in by_workers(context, second)] == [
        (values(7).tolist(), "second")
    ] * 2


def test_the_same_weights_can_be_sent_again_with_another_object(context, letters):
    blank = letters.blank()
    blank[:] = values(1)
    for rest in ("a long object " * 1000, "short", "a long object " * 500):
        letter = letters.send(context.sc, blank, rest)
        assert [(weights, told) for weights, *_, told in by_workers(context, letter)] == [
            (values(1).tolist(), rest)
        ] * 2
        letter.destroy()


def test_to_spark_a_letter_is_a_broadcast_like_any_other(context, letters):
    letter = letters.send(context.sc, values(0), "rest")
    length = context.sc.parallelize([0], 1).map(lambda _: len(letter.value)).collect()
    assert length[0] > values(0).nbytes
    letter.destroy()


def test_letters_outlive_the_broadcasts_that_java_has_forgotten(context, letters, tmp_path):
    for number in range(5):
        letters.send(context.sc, values(number), number).destroy()
    gc.collect()
    context.sc._jvm.System.gc()
    letter = letters.send(context.sc, values(9), "after")
    assert [rest for *_, rest in by_workers(context, letter)] == ["after"] * 2
    letter.destroy()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run-0", "run-1"]
    letters.close()
    assert list(tmp_path.iterdir()) == []


def test_without_room_in_shared_memory_they_lie_on_disk(tmp_path):
    shared, disk = tmp_path / "shared", tmp_path / "disk"
    shared.mkdir()
    disk.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def folder(room):
        limit = hard if room == sys.maxsize else COUNT
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        return disk if room == sys.maxsize else shared

    try:
        letters = Letters(folder, "run", COUNT, "f4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(shared.iterdir()) == []
    assert len(list(disk.iterdir())) == 2
    letters.close()


_ENCRYPTED = """
import sys
import numpy as np
import zoo_lab
from tests.train.test_letters import by_workers, values
from zoo_lab.train.letters import Letters
from pathlib import Path
context = zoo_lab.init_nncontext(master="local[2]", conf={"spark.io.encryption.enabled": "true"})
letters = Letters(lambda _room: Path(sys.argv[1]), "run", 1000, "f4")
letter = letters.send(context.sc, values(5), "secret")
print("FOUND", [(weights == values(5).tolist(), rest) for weights, *_, rest in by_workers(context, letter)])
context.stop()
"""


@pytest.mark.slow
def test_where_spark_encrypts_what_it_stores_letters_are_encrypted_too(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", _ENCRYPTED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert "FOUND [(True, 'secret'), (True, 'secret')]" in told.stdout, told.stderr[-2000:]


@pytest.mark.parametrize("sync", ["sliced", "collect"])
def test_a_finished_run_does_not_hold_the_memory_of_its_letters(train, sync):
    run = train(dense(), table(100), batch_size=20, epochs=1, sync=sync)
    assert run.iterations == 5
    assert [area.path for area in psutil.Process().memory_maps() if "letter" in area.path] == []
