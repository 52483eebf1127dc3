"""Has another strategy do without the parts that come too late. `stragglers` decides, the workers look at the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from zoo_lab.train.microbatches import PIECES
from zoo_lab.train.setup import Order
from zoo_lab.train.stragglers import DropSlow, Stragglers
from zoo_lab.train.sync.base import Done, Sync


class DroppingSync(Sync):
    """Gives each order of `inner` its limit, and learns from what came.

    Args:
        inner: `shared`, `collect`, `sliced` or what chooses among them.
        rule: how much a run may do without.
        workers: their number.
        notice: called with a sentence at each new limit.
    """

    def __init__(self, inner: Sync, rule: DropSlow, workers: int, notice: Callable[[str], None]) -> None:
        self._inner = inner
        self._rule = rule
        self._stragglers = Stragglers(rule, workers)
        self._notice = notice
        self._dropped = 0

    def publish(self) -> None:
        self._inner.publish()

    def advance(self, orders: Sequence[Order], finished: Callable[[Done], None]) -> None:
        def take(done: Done) -> None:
            if not done.rejected:
                self._learn(done)
            finished(done)

        for order in orders:
            least = self._rule.least_rows(len(order.rows))
            self._inner.advance([replace(order, pieces=PIECES, limit=self._stragglers.limit, least=least)], take)

    def pull(self) -> None:
        self._inner.pull()

    def rewind(self) -> None:
        self._inner.rewind()

    def mark(self) -> None:
        self._inner.mark()

    def close(self) -> None:
        self._inner.close()

    def _learn(self, done: Done) -> None:
        cut = sum(part.rows < part.asked for part in done.arrivals)
        times = [part.seconds for part in done.arrivals if part.rows == part.asked > 0]
        self._dropped += len(done.order.rows) - done.arrived
        if self._stragglers.note(times, cut, applied=not done.discarded):
            self._notice(
                f"From iteration {done.order.iteration + 1} on, parts of a batch that take longer than "
                f"{1000 * self._stragglers.limit:.3g} ms are cut off; so far {self._dropped:,} rows came too late."
            )
