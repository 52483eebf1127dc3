"""How busy a context is: its executors' cores and memory, and the jobs that run. Asks Spark's own status store."""

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
        jobs = len(sc.statusTracker().getActiveJobsIds())
        return {"jobs": jobs, "executors": [_row(one) for one in executors if one.totalCores() > 0]}
    except Exception:  # a picture of Spark must not end with it
        return None


def _row(executor: Any) -> dict[str, Any]:
    return {
        "id": executor.id(),
        "host": executor.hostPort().rpartition(":")[0],
        "cores": executor.totalCores(),
        "busy": min(executor.activeTasks(), executor.totalCores()),
        "memory": executor.maxMemory(),
        "memory_used": executor.memoryUsed(),
    }
