"""Reads out of an error which worker was lost: Spark says it in words, in other ones for each kind of stage. Pure."""

from __future__ import annotations

import re

NOBODY = -1
_TASK = re.compile(
    r"Lost task (?P<worker>\d+)\.\d+ in stage \S+ \(TID \d+\) \((?P<host>\S+) executor (?P<executor>[^\s)]+)\)"
)
_BARRIER = re.compile(r"barrier task (?:Result|ShuffleMap)Task\(\d+, (?P<worker>\d+)\)")
_PART = re.compile(r"Python worker \d+ of part (?P<worker>\d+) has died")
_SAID = re.compile(r"\bworker (?P<worker>\d+) (?:died|has not started)")


def who_was_lost(error: BaseException | str, here: str = "") -> tuple[int, str]:
    """Return the number of the worker, -1 where nobody says, and its host, `here` where the words name none.

    Args:
        error: what Spark raised for a job with one task for each worker, or its text.
        here: the host that all workers share, "" where they have several.

    Example:
        >>> who_was_lost("Lost task 1.0 in stage 7.0 (TID 15) (10.0.0.2 executor 3): ExecutorLostFailure")
        (1, '10.0.0.2')
    """
    text = str(error)
    for pattern in (_TASK, _BARRIER, _PART, _SAID):
        if match := pattern.search(text):
            found = match.groupdict()
            local = found.get("executor") == "driver"
            return int(found["worker"]), here if local and here else found.get("host") or here
    return NOBODY, ""
