from __future__ import annotations

import dataclasses
import math

import pytest

from zoo_lab.core.events import IterationDone, WorkerLost
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.packets import packet
from zoo_lab.widgets.twin import record as saved


@pytest.fixture
def curves(recorded):
    """A recorded run of 50 ms an iteration, in which worker 1 computes longer, is lost at 30 and gone from there on."""
    made = Curves("run-1")
    for event in recorded(run="run-1", epochs=1, steps=60):
        if isinstance(event, IterationDone):
            both = ((0.001, 0.01, 0.02), (0.001, 0.03, 0.0))
            event = dataclasses.replace(event, each=both if event.iteration < 30 else both[:1])
            if event.iteration == 30:
                lost = {"reason": "killed", "attempt": 1, "worker": 1, "host": "node-7"}
                made.add(WorkerLost(run="run-1", time=event.time, iteration=30, **lost))
        made.add(event)
    return made


def test_each_worker_has_its_split_about_ten_times_a_second(curves):
    table = curves.lanes.table
    assert 25 <= len(table) <= 35  # 60 iterations of 50 ms
    assert set(table.names) == {
        "iteration",
        *(f"{worker} {part}" for worker in "01" for part in ("read", "compute", "exchange")),
    }
    assert table["1 compute"][0] == pytest.approx(0.03)


def test_a_lost_worker_s_lane_has_no_more_and_the_text_names_it_and_what_is_done(curves):
    assert math.isnan(curves.lanes.table["1 compute"][-1])
    assert curves.lanes.lost == [(30, 1, "worker 1 on node-7")]
    assert curves.notice == "Worker 1 on node-7 was lost at iteration 30 (killed); the iteration is done again."
    assert curves.marks == [(30, "lost", "worker 1 on node-7 was lost, done again: killed")]


def test_a_view_is_told_of_it_and_so_is_a_saved_run(curves):
    content, buffers = packet(curves, lane_start=len(curves.lanes.table) - 2)
    assert (content["laneCount"], content["laneColumns"][0]) == (2, "iteration")
    assert len(buffers[-1]) == 2 * 7 * 4
    assert content["summary"]["lost"] == [[30, 1, "worker 1 on node-7"]]
    kept = saved(curves)
    assert kept["lost"] == [[30, 1, "worker 1 on node-7"]]
    assert len(kept["lanes"]["iteration"]) == len(curves.lanes.table)


def test_the_loss_of_nobody_knows_whom_is_told_without_a_lane(recorded):
    made = Curves("run-1")
    made.add(WorkerLost(run="run-1", iteration=3, reason="gone", attempt=2))
    assert made.notice == "A worker was lost at iteration 3 (gone); the iteration is done again, attempt 3."
    assert made.lanes.lost == []
