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
        self._name = _TRIALS[0]
        self._sync = open_named(self._name)

    def publish(self) -> None:
        self._sync.publish()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        for order in orders:
            begin = time.perf_counter()
            self._sync.advance([order], finished)
            if self._iterations < len(_TRIALS):
                self._seconds[self._name].append(time.perf_counter() - begin)
                self._iterations += 1
                self._go_on()

    def pull(self) -> None:
        self._sync.pull()

    def mark(self) -> None:
        self._sync.mark()

    def close(self) -> None:
        self._sync.close()

    def _go_on(self) -> None:
        done = self._iterations == len(_TRIALS)
        self._switch(self._fastest() if done else _TRIALS[self._iterations])
        if done:
            told = " and ".join(f"{1000 * min(times[1:]):.0f} ms with {name}" for name, times in self._seconds.items())
            self._chosen(self._name, f"an iteration took {told}")

    def _fastest(self) -> str:
        return min(self._seconds, key=lambda name: min(self._seconds[name][1:]))

    def _switch(self, name: str) -> None:
        if name == self._name:
            return
        self._sync.pull()
        self._sync.close()
        self._name, self._sync = name, self._open(name)
        self._sync.publish()
