"""Where the workers of one host wait for each other inside a group of iterations (E).

Each counts its arrivals in the shared memory; a wait ends when all counts are there, and gives up when a worker has
died or has given up. It polls: nothing in Spark meets faster than a second.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zoo_lab.train.memory import SharedMemory

_SPINS = 100
_PAUSE_SECONDS = 50e-6
_LOOK_EVERY = 100  # pauses between two looks whether everybody is alive
_START_SECONDS = 60.0


_lock = threading.Lock()


class Gone(Exception):  # noqa: N818 - it ends the group for this worker, and the driver does the group again
    """Another worker will not come; the message says why."""


class Meeting:
    """One worker's part in the meetings of a group.

    Args:
        memory: of the group.
        worker: its number, from `claim`.
    """

    def __init__(self, memory: SharedMemory, worker: int) -> None:
        self._memory = memory
        self._worker = worker
        self._counts = memory.arrived[:, 0]
        self._arrivals = 0

    def wait(self) -> None:
        """Wait until all workers have come as often as this one."""
        self._arrivals += 1
        fence()
        self._counts[self._worker] = self._arrivals
        self._wait_for(self._arrivals)
        fence()

    def _wait_for(self, wanted: int) -> None:
        counts = self._counts
        for _ in range(_SPINS):
            if counts.min() >= wanted:
                return
            time.sleep(0)
        begin, pauses = time.monotonic(), 0
        while counts.min() < wanted:
            time.sleep(_PAUSE_SECONDS)
            pauses += 1
            if pauses % _LOOK_EVERY == 0:
                self._expect_all_alive(wanted, time.monotonic() - begin)

    def _expect_all_alive(self, wanted: int, waited: float) -> None:
        if self._memory.aborted:
            msg = "another worker has given the group up"
            raise Gone(msg)
        for worker in np.flatnonzero(self._counts < wanted):
            pid = int(self._memory.claims[worker])
            if pid and not alive(pid):
                self._memory.abort()
                msg = f"the Python worker {pid} of part {worker} has died"
                raise Gone(msg)
            if not pid and waited > _START_SECONDS:
                self._memory.abort()
                msg = (
                    f"worker {worker} has not started within {_START_SECONDS:.0f} s: fewer slots are free than workers"
                )
                raise Gone(msg)


def claim(memory: SharedMemory, index: int, last: int | None) -> int:
    """Take the number of a worker in a group that no other task has, and return it.

    Spark gives a process another partition in every job, but what the process has made ahead and kept is one worker's.

    Args:
        memory: of the group.
        index: the task's partition.
        last: the number wished for, that of the group before.

    Errors:
        Gone: none is left: Spark does a task again whose worker died.
    """
    with _alone(memory.path) as locked:
        free = np.flatnonzero(memory.claims == 0).tolist()
        left = free if locked else [number for number in free if number == index]
        if not left or memory.aborted:
            memory.abort()
            msg = "a worker died within its group of iterations"
            raise Gone(msg)
        worker = next((wish for wish in (last, index) if wish in left), left[0])
        memory.claims[worker] = os.getpid()
        return worker


def died(memory: SharedMemory) -> str:
    """Return which worker of the group is not alive any more, "" where all are."""
    for worker, pid in enumerate(memory.claims.tolist()):
        if pid and not alive(pid):
            return f"the Python worker {pid} of part {worker} has died"
    return ""


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Keep out the other processes that want the same file; tell whether this system can do that."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield False
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield True


def fence() -> None:
    """Let other processes see everything written before this call no later than what is written after it.

    Processors other than x86 reorder writes and reads across processes. Taking a lock keeps what follows behind it and
    releasing it what came before, so nothing passes both.
    """
    for _ in range(2):
        with _lock:
            pass


def alive(pid: int) -> bool:
    """Tell whether a process of this host runs; one that has ended and waits for its parent to notice does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Tell whether a process has ended and waits for its parent to take note, as Python's daemon does after a task."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
