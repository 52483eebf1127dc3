"""Finds the rows that fail: what fails on many is tried again on halves, down to one. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from zoo_lab.core.errors import ModelError

T = TypeVar("T")
POLICIES = ("raise", "null")


def attempts(
    rows: int, attempt: Callable[[int, int], T], beyond: tuple[type[Exception], ...] = ()
) -> Iterator[tuple[int, int, T | Exception]]:
    """Yield (start, stop, result) for runs that cover all rows in order; a row that fails stands alone with its error.

    Args:
        rows: how many there are.
        attempt: called with start and stop; what it raises is the fault of one of these rows, except a `ModelError`.
        beyond: further errors that are no row's fault.

    Example:
        >>> list(attempts(4, lambda start, stop: [1 / row for row in range(start - 3, stop - 3)]))[-1]
        (3, 4, ZeroDivisionError('division by zero'))
    """
    waiting = [(0, rows)] if rows else []
    while waiting:
        start, stop = waiting.pop()
        try:
            result: T | Exception = attempt(start, stop)
        except (ModelError, *beyond):
            raise
        except Exception as error:
            if stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
                continue
            result = error
        yield start, stop, result
