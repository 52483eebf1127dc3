"""A real standalone cluster on this machine: Spark's own master and worker daemons, which tests may also kill.

Its processes are found in /proc, from the daemons down: worker → executor (Java) → Python daemon → Python workers.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyspark

_PATIENCE = 60
_POLL_SECONDS = 0.1
_HOST = "127.0.0.1"


class Cluster:
    """A master with workers; `standalone` makes it.

    Attributes:
        url: what `init_nncontext(master=…)` takes.
        folder: what the daemons and executors write lies below it; `daemons.log` is what the daemons printed.
    """

    def __init__(self, folder: Path, cores: int, memory: str, environment: dict[str, str]) -> None:
        port, self._ui_port = _free_ports(2)
        self.url = f"spark://{_HOST}:{port}"
        self.folder = folder
        self._worker_options = ("--cores", str(cores), "--memory", memory)
        self._environment = environment
        self._workers: list[subprocess.Popen[bytes]] = []
        self._master = self._start("master.Master", "--port", str(port), "--webui-port", str(self._ui_port))

    def wait(self) -> None:
        """Wait until the master answers."""
        _wait_until(lambda: self._answer() is not None, "the master never came up")

    def add_worker(self) -> int:
        """Start a worker, wait until the master knows it, and return its index."""
        index = len(self._workers)
        place = self.folder / f"worker-{index}"
        variables = {"SPARK_LOCAL_DIRS": str(place / "local"), **self._environment}
        options = (*self._worker_options, "--webui-port", "0", "-d", str(place / "work"))
        before = self._alive()
        self._workers.append(self._start("worker.Worker", *options, self.url, **variables))
        _wait_until(lambda: self._alive() > before, "the worker never registered")
        return index

    def kill_worker(self, index: int) -> None:
        """Kill a worker with its executors and their Pythons at once, as if their machine had gone."""
        before = self._alive()
        _kill({self._workers[index].pid, *_below(self._workers[index].pid)})
        self._workers[index].wait(_PATIENCE)
        _wait_until(lambda: self._alive() < before, "the master never missed the worker")

    def executor_pids(self) -> list[int]:
        """Return the processes of the executors that run now, ordered by their workers, oldest first."""
        below = [pid for worker in self._workers for pid in _children(worker.pid)]
        return [pid for pid in below if "CoarseGrainedExecutorBackend" in _command(pid)]

    def kill_executor(self, pid: int | None = None) -> int:
        """Kill one executor (default: the first), not its Pythons, which notice by themselves; return its pid."""
        pid = pid or self.executor_pids()[0]
        _kill({pid})
        return pid

    def python_workers(self) -> list[int]:
        """Return the Python processes that do the executors' tasks, without the daemons that fork them."""
        daemons = [child for pid in self.executor_pids() for child in _children(pid) if _is_python_daemon(child)]
        return [pid for daemon in daemons for pid in _children(daemon) if _is_python_daemon(pid)]

    def stop(self) -> None:
        """End all processes of the cluster, also those that do not want to."""
        for process in (*reversed(self._workers), self._master):
            below = {pid: _started(pid) for pid in _below(process.pid)}
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_PATIENCE)
            _kill({pid for pid, started in below.items() if started and _started(pid) == started})

    def _start(self, name: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        home = Path(pyspark.__file__).parent
        with (self.folder / "daemons.log").open("ab") as log:
            return subprocess.Popen(
                [home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", "--host", _HOST, *arguments],
                env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": _HOST, **variables},
                stdout=log,
                stderr=log,
            )

    def _alive(self) -> int:
        return (self._answer() or {"aliveworkers": 0})["aliveworkers"]

    def _answer(self) -> dict[str, Any] | None:
        """Return what the master says of itself, None while it says nothing."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy to ourselves
        try:
            with opener.open(f"http://{_HOST}:{self._ui_port}/json/", timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError):  # a page instead of JSON: not the master, or not yet
            return None


@contextlib.contextmanager
def standalone(
    folder: Path, workers: int = 2, cores: int = 1, memory: str = "1g", **worker_environment: str
) -> Iterator[Cluster]:
    """Run a standalone master and workers on free ports of the loopback; all of it is gone afterwards.

    Args:
        folder: takes their logs and working folders.
        workers: how many; `add_worker` starts more.
        cores: of each worker.
        memory: of each worker, for all its executors together.
        worker_environment: variables of the workers, which their executors and Pythons inherit.
    """
    cluster = Cluster(folder, cores, memory, worker_environment)
    try:
        cluster.wait()
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()


def _free_ports(count: int) -> list[int]:
    """Return ports that are free, of those that Linux hands out to nobody meanwhile: these begin at 32,768."""
    found: list[int] = []
    while len(found) < count:
        port = 10_000 + secrets.randbelow(22_000)
        with contextlib.suppress(OSError), socket.create_server((_HOST, port)):
            found.append(port)
    return found


def _wait_until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(_POLL_SECONDS)


def _kill(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _below(pid: int) -> list[int]:
    """Return all descendants of a process."""
    return [found for child in _children(pid) for found in (child, *_below(child))]


def _children(pid: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    found = [child for child in pids if _stat(child)[1:2] == [str(pid)]]
    return sorted(found, key=lambda child: int(_started(child) or 0))


def _started(pid: int) -> str:
    """Return when a process started, in ticks since boot: with its id that is one process; "" where it has ended."""
    return "".join(_stat(pid)[19:20])


def _stat(pid: int) -> list[str]:
    """Return the fields of a process from its state on; none where it has ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return [] if fields[0] == "Z" else fields
    return []


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def _is_python_daemon(pid: int) -> bool:
    return "pyspark.worker" in _command(pid)  # what a daemon is to run in its children
