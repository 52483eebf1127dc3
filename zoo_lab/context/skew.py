"""Tells when some workers hold many more rows than others: each iteration waits for the slowest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from zoo_lab.context.shardfile import ShardHandle

LIMIT = 0.25


def skew_warning(handles: Sequence[ShardHandle], workers: int) -> str:
    """Return the warning for shards spread unevenly, "" where no worker is over `LIMIT` above the mean.

    Args:
        handles: the shards of one data set, below one folder per worker.
        workers: how many workers there are; those without a shard count as empty.
    """
    rows: dict[tuple[str, str], int] = {}
    for handle in handles:
        worker = (handle.host, str(PurePath(handle.folder).parent))
        rows[worker] = rows.get(worker, 0) + handle.rows
    mean = sum(rows.values()) / max(workers, len(rows), 1)
    most = max(rows.values(), default=0)
    if most <= (1 + LIMIT) * mean:
        return ""
    return (
        f"The rows are spread unevenly over {max(workers, len(rows))} workers: {most:,} on one, {mean:,.0f} on "
        "average. Iterations wait for the fullest worker; repartition the data first, such as df.repartition(n) with n "
        "a multiple of the worker slots."
    )
