"""From timed runs to the page: the fit, the runs held back, the predictions and the plots."""

from __future__ import annotations

import xml.dom.minidom
from pathlib import Path

import pytest

from benchmarks.costmodel import STRATEGIES, TERMS, Constants, Place, Setting, seconds
from benchmarks.scale import HELD_BACK, fits, held_back, setting_of
from benchmarks.scalepage import INCEPTION, constants_of, markdown, speed_up, winner
from benchmarks.scaleplots import draw

TRUE = {"job": 0.02, "task": 0.0005, "worker": 0.004, "node_byte": 1.5e-9, "driver_byte": 1e-9, "block": 1e-4}
HERE = Place(cores=2)


def timed(strategy, workers, size):
    known = Constants({name: TRUE[name] for name in TERMS[strategy]})
    alone = 0.002 + size * 5e-10
    time = seconds(Setting(strategy, workers, size, alone), HERE, known)
    compute = alone * HERE.crowding(workers)
    return {"strategy": strategy, "workers": workers, "bytes": size, "seconds": time, "compute": compute}


@pytest.fixture(scope="module")
def figures():
    runs = [timed(strategy, n, size) for strategy in STRATEGIES for n in (1, 2, 4, 8) for size in (3e5, 3e6, 24e6)]
    made = {"machine": "2 cores", "cores": 2, "task_seconds": TRUE["task"], "runs": runs}
    return made | {"fits": fits(made), "held_back": held_back(made)}


def test_what_a_worker_computes_alone_is_taken_from_the_runs_on_one_worker(figures):
    run = timed("sliced", 8, 3e6)
    assert setting_of(run, figures["runs"]).compute_seconds == pytest.approx(run["compute"] / 4)


def test_the_runs_held_back_are_predicted_by_a_fit_that_has_not_seen_them(figures):
    assert {run["workers"] for run in figures["held_back"]} == {HELD_BACK}
    assert max(abs(run["error"]) for run in figures["held_back"]) < 0.01
    spoilt = [{**run, "seconds": 2 * run["seconds"]} if run["workers"] == HELD_BACK else run for run in figures["runs"]]
    errors = [run["error"] for run in held_back({**figures, "runs": spoilt})]
    assert errors == pytest.approx([-0.5] * 9, abs=0.01)


def test_without_runs_to_hold_back_nothing_is_claimed(figures):
    few = {**figures, "runs": [run for run in figures["runs"] if run["workers"] != HELD_BACK]}
    assert held_back(few) == []
    assert "Nothing was held back." in markdown({**few, "held_back": []})


def test_more_nodes_do_more_but_never_more_than_their_number(figures):
    known = constants_of(figures)
    assert 1 < speed_up(INCEPTION, known) < 6
    assert speed_up(INCEPTION, known, 16, 32) < 2


def test_the_page_names_what_is_predicted_and_what_was_published(figures):
    text = markdown(figures)
    assert "predicts 6 of 6 of `collect` and `sliced` within 15 %, the worst off by 0 %" in text
    assert "3 of 3 of `shared` within 15 %" in text
    assert "published 5.3×" in text
    assert {winner(nodes, 102e6, constants_of(figures)) for nodes in (16, 256)} == {"sliced"}
    for strategy in STRATEGIES:
        assert f"| {strategy} | " in text


def test_the_plots_are_small_and_the_same_for_the_same_figures(figures, tmp_path: Path):
    first = [path.read_bytes() for path in draw(figures, tmp_path)]
    for content in first:
        assert xml.dom.minidom.parseString(content).documentElement.tagName == "svg"
        assert len(content) < 120_000
    assert [path.read_bytes() for path in draw(figures, tmp_path)] == first
    assert all(path.name in markdown(figures) for path in draw(figures, tmp_path))
