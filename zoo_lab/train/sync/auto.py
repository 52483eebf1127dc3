"""`auto` on several hosts: measures `collect` and `sliced` in the run's first five iterations and keeps the faster.

Both give the same bits, so the iterations count like any others, and what is chosen changes nothing but the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from zoo_lab.train.setup import Order
from zoo_lab.train.sync.base import Done, Sync

# The first of each strategy compiles or starts its workers and is not counted.
_TRIALS = ("collect", "collect", "sliced", "sliced", "sliced")


class MeasuredSync(Sync):
    """Is `collect`, then `sliced`, then whichever was faster.

    Args:
        open_named: opens a strategy by name on the live model as it is then.
        chosen: called with the name of the strategy that is kept and the reason.
    """

    def __init__(self, open_named: Callable[[str], Sync], chosen: Callable[[str, str], None]) -> None:
        self._open = open_named
        self._chosen = chosen
        self._seconds: dict[str, list[float]] = {name: [] for name in _TRIALS}
        self._iterations = 0
        self._name = self._next = _TRIALS[0]
        self._sync = open_named(self._name)

    def publish(self) -> None:
        self._sync.publish()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        for order in orders:
            self._switch()
            begin = time.perf_counter()
            self._sync.advance([order], finished)
            if self._iterations < len(_TRIALS):
                self._seconds[self._name].append(time.perf_counter() - begin)
                self._iterations += 1
                self._decide()

    def pull(self) -> None:
        self._sync.pull()

    def rewind(self) -> None:
        self._sync.rewind()

    def mark(self) -> None:
        self._sync.mark()

    def close(self) -> None:
        self._sync.close()

    def _decide(self) -> None:
        if self._iterations < len(_TRIALS):
            self._next = _TRIALS[self._iterations]
            return
        best = {name: min(times[1:]) for name, times in self._seconds.items()}
        self._next = min(best, key=lambda name: best[name])
        told = " and ".join(f"{1000 * seconds:.0f} ms with {name}" for name, seconds in best.items())
        self._chosen(self._next, f"an iteration took {told}")

    def _switch(self) -> None:
        """Go over to the strategy of the next iteration; where that fails, all is as before and it is tried again."""
        if self._next == self._name:
            return
        self._sync.pull()
        opened = self._open(self._next)
        try:
            opened.publish()
        except BaseException:
            opened.close()
            raise
        self._sync.close()
        self._name, self._sync = self._next, opened
