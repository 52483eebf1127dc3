"""`auto` on several hosts: which strategy is kept and why, and that no iteration is done twice where a switch fails."""

from __future__ import annotations

import time

import numpy as np
import pytest

from zoo_lab.train.setup import Order
from zoo_lab.train.sync.auto import MeasuredSync
from zoo_lab.train.sync.base import Done, Sync


class Recorded(Sync):
    """A strategy that takes its time, and notes what it is asked for."""

    def __init__(self, name, seconds, notes, failures):
        self.name, self.seconds, self.notes, self.failures = name, seconds, notes, failures

    def publish(self):
        if self.name in self.failures:
            self.failures.remove(self.name)
            message = "a worker was lost"
            raise RuntimeError(message)
        self.notes.append(("publish", self.name))

    def advance(self, orders, finished):
        for order in orders:
            time.sleep(self.seconds)
            self.notes.append((self.name, order.iteration))
            finished(Done(order, 0.5, (), {}, 0, 0.0))

    def pull(self):
        self.notes.append(("pull", self.name))

    def rewind(self):
        self.pull()

    def mark(self):
        pass

    def close(self):
        self.notes.append(("close", self.name))


def measured(seconds, failures=()):
    """Return a measured strategy, the notes of those that it opens and what it has chosen."""
    notes, chosen, failures = [], [], list(failures)
    sync = MeasuredSync(lambda name: Recorded(name, seconds[name], notes, failures), lambda *told: chosen.append(told))
    return sync, notes, chosen


def advance(sync, iterations):
    told = []
    for iteration in iterations:
        order = Order(iteration, np.arange(2))
        try:
            sync.advance([order], lambda done: told.append(done.order.iteration))
        except RuntimeError:
            sync.advance([order], lambda done: told.append(done.order.iteration))
    return told


@pytest.mark.parametrize(("collect", "sliced", "kept"), [(0.001, 0.03, "collect"), (0.03, 0.001, "sliced")])
def test_the_faster_of_two_strategies_is_kept_after_five_iterations(collect, sliced, kept):
    sync, notes, chosen = measured({"collect": collect, "sliced": sliced})
    assert advance(sync, range(1, 9)) == list(range(1, 9))
    done = [note for note in notes if isinstance(note[1], int)]
    assert done[:5] == [("collect", 1), ("collect", 2), ("sliced", 3), ("sliced", 4), ("sliced", 5)]
    assert {name for name, _iteration in done[5:]} == {kept}
    [(name, why)] = chosen
    assert name == kept
    assert "ms with collect and" in why


def test_a_switch_that_fails_is_tried_again_and_no_iteration_is_done_twice():
    sync, notes, _chosen = measured({"collect": 0.001, "sliced": 0.001}, failures=["sliced"])
    assert advance(sync, range(1, 7)) == list(range(1, 7))
    assert [iteration for _name, iteration in notes if isinstance(iteration, int)] == list(range(1, 7))
    assert notes.index(("publish", "sliced")) < notes.index(("close", "collect"))
