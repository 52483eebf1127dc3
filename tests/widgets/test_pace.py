from __future__ import annotations

import pytest

from zoo_lab.core.events import IterationDone
from zoo_lab.widgets.pace import Pace


def pace_of(times, seconds=1.0, rows=10, parts=None):
    pace = Pace(window_seconds=5.0)
    for iteration, time in enumerate(times, start=1):
        values = {"iteration": iteration, "epoch": 0, "step": 0, "loss": 1.0, "parts": parts or {}}
        pace.add(IterationDone(run="r", time=time, rows=rows, seconds=seconds, **values))
    return pace


def test_nothing_is_known_before_the_first_iteration():
    pace = pace_of([])
    assert (pace.samples_per_second, pace.eta_seconds(10)) == (None, None)


def test_pauses_between_iterations_count_for_the_time_left_but_not_for_the_rate():
    pace = pace_of([2.0, 4.0, 6.0, 8.0], seconds=1.0)
    assert pace.samples_per_second == 10.0
    assert pace.eta_seconds(4) == pytest.approx(4 * (1.0 + 3.0 / 4))


def test_one_iteration_longer_than_the_window_still_gives_a_rate():
    assert pace_of([100.0, 200.0], seconds=100.0, rows=50).samples_per_second == 0.5


def test_the_parts_of_an_iteration_are_a_running_mean():
    assert pace_of([1.0, 2.0, 3.0], parts={"compute": 0.8, "read": 0.2}).parts == pytest.approx(
        {"compute": 0.8, "read": 0.2}
    )


def test_memory_stays_bounded_by_the_window():
    pace = pace_of([index * 0.01 for index in range(2000)], seconds=0.01)
    assert len(pace._recent) <= 502
