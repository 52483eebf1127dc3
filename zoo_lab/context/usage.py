"""How busy a context is: its executors and the jobs that run, as Spark's own status store and scheduler tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark import SparkContext


def usage(sc: SparkContext) -> dict[str, Any] | None:
    """Return what runs where; None where Spark does not answer any more.

    {"jobs": number of running jobs, "executors": [{"id", "host", "cores", "busy", "memory", "memory_used"}]}: "busy"
    are the cores with a task, "memory" the bytes for data and "memory_used" those that hold some. A driver that runs no
    tasks is left out.

    Example:
        >>> usage(context.sc)["jobs"]                                       # doctest: +SKIP
        0
    """
    try:
        store = sc._jsc.sc().statusStore()  # the REST API's own source, without its port
        listed = store.executorList(True)
        executors = [listed.apply(index) for index in range(listed.size())]
        running = sc._jsc.sc().taskScheduler().runningTasksByExecutors()  # the store may tell of tasks seconds later
        jobs = len(sc.statusTracker().getActiveJobsIds())
        return {"jobs": jobs, "executors": [_row(one, running) for one in executors if one.totalCores() > 0]}
    except Exception:  # a picture of Spark must not end with it
        return None


def _row(executor: Any, running: Any) -> dict[str, Any]:
    name = executor.id()
    tasks = running.apply(name) if running.contains(name) else 0
    return {
        "id": name,
        "host": executor.hostPort().rpartition(":")[0],
        "cores": executor.totalCores(),
        "busy": min(tasks, executor.totalCores()),
        "memory": executor.maxMemory(),
        "memory_used": executor.memoryUsed(),
    }
