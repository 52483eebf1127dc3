"""When a long run counts as flat."""

from __future__ import annotations

import pytest

from benchmarks.flatness import ALLOWED, sentence, trends

LEVEL = {name: 100.0 for name in ALLOWED}


def run(name="heap", values=()):
    return [{**LEVEL, name: value} for value in values or [100.0] * 10]


def growing(stretches, **ceilings):
    return [trend.name for trend in trends(stretches, ceilings) if not trend.flat]


def test_what_stays_is_flat():
    assert growing(run()) == []
    assert sentence(trends(run())) == "Flat."


def test_the_start_of_a_run_does_not_count():
    assert growing(run("milliseconds", [900, 300, *[100] * 8])) == []
    assert growing(run("driver_memory", [10, 60, *[100] * 8])) == []


@pytest.mark.parametrize("name", ALLOWED)
def test_steady_growth_is_found_in_every_figure(name):
    assert growing(run(name, [100 + 10 * step for step in range(10)])) == [name]


def test_one_outlier_is_no_growth():
    assert growing(run("milliseconds", [*[100] * 8, 190, 100])) == []


def test_files_may_not_grow_at_all():
    assert growing(run("shuffle_files", [0, 0, 0, 0, 0, 0, 1, 1, 2, 2])) == []
    assert growing(run("shuffle_files", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])) == ["shuffle_files"]


def test_what_spark_is_set_to_retain_may_fill_up():
    values = [20 * step for step in range(10)]
    assert growing(run("jobs", values), jobs=200) == []
    assert growing(run("jobs", values), jobs=150) == ["jobs"]


def test_the_verdict_names_what_grows():
    assert sentence(trends(run("heap", [100 + 10 * step for step in range(10)]))) == "Growing: heap 130.0 → 180.0."
