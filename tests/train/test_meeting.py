"""Which worker a process is in a group of iterations: each is somebody, and whoever can stays who it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo_lab.train.meeting import Gone, claim, died
from zoo_lab.train.memory import MemoryShape, SharedMemory

WORKERS = 6
SHAPE = MemoryShape(
    workers=WORKERS,
    iterations=1,
    batch_size=1,
    weights=1,
    gradient=1,
    state=1,
    metrics=1,
    slots=0,
    scalars=0,
    dtype="<f4",
)
_CLAIMS = """
    import sys
    from pathlib import Path
    from tests.train.test_meeting import SHAPE
    from zoo_lab.train.meeting import claim
    from zoo_lab.train.memory import SharedMemory
    memory = SharedMemory(Path(sys.argv[1]), SHAPE)
    print("here", flush=True)
    sys.stdin.readline()
    print(claim(memory, index=0, last=0))
"""


@pytest.fixture
def memory(tmp_path) -> SharedMemory:
    return SharedMemory.create(tmp_path / "run", SHAPE)


def test_a_process_stays_the_worker_it_was_whatever_partition_it_gets(memory):
    assert [claim(memory, index=0, last=4), claim(memory, index=4, last=0)] == [4, 0]


def test_a_new_process_is_the_worker_of_its_partition_or_else_any_that_is_left(memory):
    assert [claim(memory, index=2, last=None) for _ in range(3)] == [2, 0, 1]
    assert claim(memory, index=5, last=2) == 5


def test_where_none_is_left_a_worker_has_died_and_the_group_is_given_up(memory):
    for index in range(WORKERS):
        claim(memory, index, None)
    assert not memory.aborted
    with pytest.raises(Gone, match="died within its group"):
        claim(memory, 0, None)
    assert memory.aborted


def test_nobody_takes_part_in_a_group_that_was_given_up(memory):
    memory.abort()
    with pytest.raises(Gone):
        claim(memory, 0, None)
    assert not memory.claims.any()


def test_the_worker_whose_process_is_gone_is_told(memory):
    claim(memory, 0, None)
    assert died(memory) == ""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    memory.claims[3] = gone.pid
    assert died(memory) == f"the Python worker {gone.pid} of part 3 has died"


def test_processes_that_want_the_same_number_at_once_get_different_ones(memory):
    folder = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", "\n".join(line[4:] for line in _CLAIMS.splitlines()), str(memory.path)]
    environment = {**os.environ, "PYTHONPATH": folder}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(WORKERS)]
    assert [process.stdout.readline() for process in processes] == ["here\n"] * WORKERS
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    claimed = [int(process.communicate()[0]) for process in processes]
    assert sorted(claimed) == list(range(WORKERS))
    assert [memory.claims[number] for number in claimed] == [process.pid for process in processes]
