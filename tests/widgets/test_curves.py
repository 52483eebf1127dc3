from __future__ import annotations

import dataclasses
import math

import pytest

from zoo_lab.core.events import (
    BatchRejected,
    CheckpointSaved,
    EpochDone,
    IterationDone,
    KnobTurned,
    Notice,
    RunContinued,
    RunPaused,
    RunStarted,
    RunStopped,
    WorkerLost,
)
from zoo_lab.widgets.curves import Curves


def follow(events, run="run-1"):
    curves = Curves(run)
    for event in events:
        curves.add(event)
    return curves


def test_a_whole_run_leaves_one_row_an_iteration_and_one_an_epoch(recorded):
    curves = follow(recorded(epochs=3, steps=20))
    assert len(curves) == 60
    assert list(curves.iteration[:3]) == [1, 2, 3]
    assert list(curves.epoch_iteration) == [20, 40, 60]
    assert curves.epoch_values.names == ["loss", "accuracy", "val_loss"]
    assert curves.state == "finished"


def test_events_of_another_run_change_nothing(recorded):
    curves = follow(recorded(run="other"))
    assert (len(curves), curves.state, curves.started) == (0, "starting", None)


def test_before_the_first_iteration_it_says_what_is_going_on(recorded):
    curves = Curves("run-1")
    assert curves.status == "Preparing the run…"
    curves.add(recorded()[0])
    assert curves.status == "Starting: shipping the model to 2 workers…"
    curves.add(Notice(run="run-1", text="Warming up the workers…"))
    assert curves.status == "Warming up the workers…"


def test_in_mid_run_it_says_epoch_and_step(recorded):
    curves = follow(event for event in recorded() if not isinstance(event, IterationDone) or event.iteration <= 32)
    curves.stopped, curves.state = None, "running"
    assert curves.status == "epoch 2/3 · step 12/20"


@pytest.mark.parametrize(
    ("reason", "words"),
    [("finished", "Finished"), ("stopped", "Stopped by you"), ("early", "Stopped early"), ("failed", "Failed")],
)
def test_each_end_has_its_sentence(recorded, reason, words):
    curves = follow(recorded(reason=reason))
    assert curves.over
    assert curves.status.startswith(words)
    assert "60 iterations" in curves.status


def test_the_message_of_a_failure_is_in_the_sentence(recorded):
    curves = follow(recorded()[:1])
    curves.add(RunStopped(run="run-1", reason="failed", iterations=0, seconds=1.0, message="Row 7 is empty."))
    assert curves.status.endswith("Row 7 is empty.")


def test_the_rate_leaves_out_the_iteration_that_compiles(recorded):
    events = recorded(seconds=0.05)
    first = follow(events[:2])
    assert first.pace.samples_per_second == pytest.approx(128 / 1.0)
    assert follow(events).pace.samples_per_second == pytest.approx(128 / 0.05)


def test_the_time_left_follows_the_pace(recorded):
    events = [event for event in recorded(epochs=3, steps=20, seconds=0.05) if not isinstance(event, RunStopped)]
    curves = follow(events[:11])
    assert curves.eta_seconds == pytest.approx(50 * 0.05, rel=0.01)


def test_nothing_is_left_once_the_run_is_over_and_nothing_is_known_before_it_began(recorded):
    assert follow(recorded()).eta_seconds == 0.0
    assert Curves("run-1").eta_seconds is None


def test_elapsed_is_what_the_run_says_once_it_is_over(recorded):
    events = recorded()
    assert follow(events).elapsed_seconds == events[-1].seconds


def test_lost_workers_and_rejected_batches_are_counted_and_told(recorded):
    curves = follow(recorded()[:5])
    curves.add(WorkerLost(run="run-1", iteration=5, reason="out of memory", attempt=1))
    assert curves.workers_lost == 1
    assert "out of memory" in curves.notice
    curves.add(BatchRejected(run="run-1", iteration=6, epoch=0, step=5, loss=math.nan, reason="label 12 of 10"))
    assert curves.batches_rejected == 1
    assert "label 12 of 10" in curves.notice


def test_metrics_come_in_the_order_of_the_model(recorded):
    curves = follow(recorded(metrics=("top_3", "accuracy")))
    assert curves.metrics == ["top_3", "accuracy"]


def test_a_run_without_its_start_is_still_followed(recorded):
    curves = follow(event for event in recorded() if not isinstance(event, (RunStarted, RunStopped)))
    assert (curves.name, curves.iterations, curves.eta_seconds) == ("run-1", 0, None)
    assert curves.status == "epoch 3 · step 19"


def test_a_resumed_run_has_its_whole_curve_but_the_time_left_of_this_day(resumed):
    curves = follow(resumed(done=40, more=5))
    assert list(curves.iteration) == list(range(1, 46))
    assert curves.pace.samples_per_second == pytest.approx(128 / 0.05)
    assert curves.eta_seconds == pytest.approx(15 * 0.05, rel=0.01)
    assert curves.elapsed_seconds == pytest.approx(10.2)


def test_a_resumed_run_says_where_it_goes_on_until_it_does(resumed):
    curves = follow(resumed(more=0))
    assert (curves.state, curves.eta_seconds, curves.pace.samples_per_second) == ("starting", None, None)
    assert curves.status == "Going on after iteration 40: shipping the model to 2 workers…"
    assert follow(resumed(more=1)).status == "epoch 3/3 · step 1/20"


def test_a_resumed_run_counts_the_epochs_that_it_was_not_told_of(resumed):
    curves = follow(resumed(done=40, more=20, told_again=False))
    assert (len(curves.epoch_values), curves.epochs_done) == (0, 2)
    [_, _, last] = [event for event in resumed(done=60, more=0) if isinstance(event, EpochDone)]
    curves.add(last)
    assert (list(curves.epoch_number), curves.epochs_done) == ([2], 3)


def test_a_run_that_ends_within_an_epoch_knows_how_much_is_left(recorded):
    first, *events = recorded(epochs=3, steps=20, seconds=0.05)
    curves = follow([dataclasses.replace(first, iterations=30), *events[:10]])
    assert (curves.iterations, curves.epochs, curves.status) == (30, 2, "epoch 1/2 · step 10/20")
    assert curves.eta_seconds == pytest.approx(20 * 0.05, rel=0.01)
    for event in events[10:30]:
        curves.add(event)
    assert (curves.last_iteration, curves.status) == (29, "epoch 2/2 · step 9/10")


def test_what_happens_besides_is_marked_where_it_happened(recorded):
    curves = Curves("run-1")
    start, *iterations = recorded()[:6]
    for event in (dataclasses.replace(start, knobs={"learning_rate": 0.1}), *iterations):
        curves.add(event)
    curves.add(CheckpointSaved(run="run-1", iteration=3, path="p"))
    curves.add(WorkerLost(run="run-1", iteration=4, reason="killed" * 100, attempt=1))
    curves.add(KnobTurned(run="run-1", iteration=5, knob="learning_rate", value=0.01, before=0.1))
    curves.add(RunStopped(run="run-1", reason="early", iterations=5, seconds=1.0))
    assert [mark[:2] for mark in curves.marks] == [(3, "checkpoint"), (4, "lost"), (5, "knob"), (5, "early")]
    assert curves.marks[2][2] == "learning rate 0.1 → 0.01"
    assert max(len(mark[2]) for mark in curves.marks) == 160
    assert curves.knobs == {"learning_rate": 0.01}


def test_a_paused_run_says_where_it_is_and_that_it_goes_on(recorded):
    curves = Curves("run-1")
    for event in recorded()[:6]:
        curves.add(event)
    curves.add(RunPaused(run="run-1", iteration=5))
    assert (curves.state, curves.status) == ("paused", "Paused at epoch 1/3 · step 5/20")
    assert not curves.over
    curves.add(RunContinued(run="run-1", iteration=5))
    assert (curves.state, curves.status) == ("running", "epoch 1/3 · step 5/20")
