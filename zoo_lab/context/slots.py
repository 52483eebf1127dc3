"""Counts the tasks that can run at once, and waits at the start until the executors that were asked for are there."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from zoo_lab.context.master import Master
from zoo_lab.core.errors import EnvironmentProblem

if TYPE_CHECKING:
    from zoo_lab.context.jobs import Jobs

_POLL_SECONDS = 0.1
WAIT_SECONDS = 120.0
# Without a number to wait for, executors that keep registering are waited for this long after the last one.
_QUIET_SECONDS = 2.0
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


def count_slots(spark_context: Any) -> int:
    """Return how many tasks can run at once over all executors that are registered now."""
    scala = spark_context._jsc.sc()  # noqa: SLF001 - PySpark shows no such count
    return int(scala.maxNumConcurrentTasks(scala.resourceProfileManager().defaultResourceProfile()))


def count_executors(spark_context: Any) -> int:
    """Return the number of registered executors (the driver counts as one with a local master)."""
    infos = len(spark_context._jsc.sc().statusTracker().getExecutorInfos())  # noqa: SLF001
    return max(1, infos - 1)


def wanted_executors(master: Master, conf: Mapping[str, str]) -> int:
    """Return how many executors were asked for, 0 where nobody said."""
    if master.kind == "local":
        return 1
    if master.kind == "local-cluster":
        return master.executors
    if grows_with_demand(conf):
        least = [conf.get(f"spark.dynamicAllocation.{name}Executors", "0") for name in ("min", "initial")]
        return max(map(int, [*least, conf.get("spark.executor.instances", "0")]))
    if "spark.executor.instances" in conf:
        return int(conf["spark.executor.instances"])
    if "spark.cores.max" in conf and "spark.executor.cores" in conf:
        return int(conf["spark.cores.max"]) // int(conf["spark.executor.cores"])
    return 2 if master.url == "yarn" or master.url.startswith("k8s://") else 0  # Spark's default there


def grows_with_demand(conf: Mapping[str, str]) -> bool:
    """Tell whether Spark starts executors only once jobs wait for them (dynamic allocation)."""
    return conf.get("spark.dynamicAllocation.enabled", "false").lower() == "true"


@contextlib.contextmanager
def demand(spark_context: Any, jobs: Jobs) -> Iterator[None]:
    """Have one tiny job wait for an executor, so that dynamic allocation starts one; it ends with the block."""

    def ask() -> None:
        with contextlib.suppress(Exception):  # cancelled
            java = spark_context._jsc  # noqa: SLF001 - a job without Python, which executors may lack yet
            session.run(lambda: java.parallelize(spark_context._jvm.java.util.List.of(), 1).count())  # noqa: SLF001

    with jobs.session("zoo_lab: ask for an executor") as session:
        thread = threading.Thread(target=ask, name="zoo_lab demand", daemon=True)
        thread.start()
        try:
            yield
        finally:
            session.cancel()
            thread.join(_QUIET_SECONDS)


def wait_for_slots(
    count: Callable[[], tuple[int, int]], wanted: int, *, seconds: float = WAIT_SECONDS, where: str = "the cluster"
) -> tuple[int, str]:
    """Wait until `wanted` executors are registered; return the slots and a notice, "" if all came.

    Args:
        count: gives (executors, slots) of the moment.
        wanted: executors to wait for; 0 waits for the first and for those that soon follow.
        seconds: the longest wait.
        where: the master, for messages.

    Errors:
        EnvironmentProblem: not one executor came.
    """
    deadline = time.monotonic() + seconds
    quiet_since, before = time.monotonic(), (0, 0)
    while True:
        executors, slots = now = count()
        if now != before:
            quiet_since, before = time.monotonic(), now
        quiet = time.monotonic() - quiet_since >= _QUIET_SECONDS
        if slots and (executors >= wanted > 0 or (wanted == 0 and quiet)):
            return slots, ""
        if time.monotonic() >= deadline:
            return slots, _notice(executors, slots, wanted, seconds, where)
        time.sleep(_POLL_SECONDS)


def threads_per_slot(master: Master, slots: int, cpus_per_task: int, cores: int) -> int:
    """Return the TensorFlow threads of one slot: the cores of its executor over its slots, at least 1.

    Args:
        master: the master.
        slots: tasks at once, counted where the workers share the driver's machine.
        cpus_per_task: `spark.task.cpus`, what Spark sets aside for one task.
        cores: cores of this machine.
    """
    if master.kind == "cluster":
        return max(1, cpus_per_task)
    return max(1, cpus_per_task if master.kind == "local-cluster" else cores // max(1, slots))


def machine_cores(cgroups: Path = _CGROUPS, own: Path = _OWN_CGROUPS) -> int:
    """Return the cores that this process may use: those it may run on or, if less, what its container may take.

    Args:
        cgroups: where Linux shows the limits of containers.
        own: where it shows the place of this process among them.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _own_folders(cgroups, own) if (quota := _quota(folder)) > 0]
    return max(1, min([cores, *map(math.ceil, quotas)]))  # rounded as Java does for local[*]


def _own_folders(cgroups: Path, own: Path) -> list[Path]:
    """Return the folders whose limits hold for this process: its own and all above, of version 2 and of version 1."""
    found = [cgroups, cgroups / "cpu", cgroups / "cpu,cpuacct"]
    for line in _text(own).splitlines():
        _number, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            relative = PurePosixPath(path.lstrip("/"))
            found += [cgroups / controllers / part for part in (relative, *relative.parents)]
    return found


def _quota(folder: Path) -> float:
    """Return the cores that a cgroup may take, 0.0 for no limit."""
    words = _text(folder / "cpu.max").split() or [
        _text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")
    ]
    quota, period = (int(word) if word.isdigit() else 0 for word in words)  # "max" and "-1" are no limit
    return quota / period if period else 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def _notice(executors: int, slots: int, wanted: int, seconds: float, where: str) -> str:
    if not slots:
        msg = (
            f"Expected {wanted or 'some'} executors of {where} within {seconds:.0f} s; none came. Is the cluster up, "
            "and has it free cores and memory for what was asked? Look at its UI, ask for less (cores=, memory=), or "
            "stop the applications that hold it."
        )
        raise EnvironmentProblem(msg)
    return (
        f"{wanted} executors were asked for and {executors} came within {seconds:.0f} s; "
        f"training uses their {slots} slots. For the others, stop() and init_nncontext() again later."
    )
