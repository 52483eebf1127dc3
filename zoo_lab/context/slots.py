"""Counts the tasks that can run at once, and waits at the start until the executors that were asked for are there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from zoo_lab.context.master import Master
from zoo_lab.core.errors import EnvironmentProblem

_POLL_SECONDS = 0.1
WAIT_SECONDS = 120.0
# Without a number to wait for, executors that keep registering are waited for this long after the last one.
_QUIET_SECONDS = 2.0


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
    if conf.get("spark.dynamicAllocation.enabled", "false").lower() == "true":
        least = [conf.get(f"spark.dynamicAllocation.{name}Executors", "0") for name in ("min", "initial")]
        return max(map(int, [*least, conf.get("spark.executor.instances", "0")]))
    if "spark.executor.instances" in conf:
        return int(conf["spark.executor.instances"])
    if "spark.cores.max" in conf and "spark.executor.cores" in conf:
        return int(conf["spark.cores.max"]) // int(conf["spark.executor.cores"])
    return 2 if master.url == "yarn" or master.url.startswith("k8s://") else 0  # Spark's default there


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


def machine_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
