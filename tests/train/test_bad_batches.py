"""Batches with a NaN or a loss far above the others: left out, put into quarantine, computed again, or asked about."""

from __future__ import annotations

import base64
import math
import socket
import time

import cv2
import keras
import numpy as np
import pytest

import zoo_lab
from tests.train.battery import STRATEGIES
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import compiled, linear, table
from zoo_lab.core.errors import ArgumentError, NumericsError
from zoo_lab.core.events import BatchHandled, BatchRejected, IterationDone
from zoo_lab.train import badbatches
from zoo_lab.train.badbatches import Spikes
from zoo_lab.train.display import obey
from zoo_lab.train.examine import brief, thumbnail

X, Y = table(100)
NAN = X.copy()
NAN[[61, 63], 3] = np.nan
USUAL = {"shuffle": False, "batch_size": 10}


def adam():
    inside = [keras.layers.Input((X.shape[1],)), keras.layers.Dense(4, "softmax")]  # relu would hide the NaN
    return compiled(keras.Sequential(inside), keras.optimizers.Adam(0.01))


def steps(reference, x, batches):
    """Train with Keras on these batches, each a list of rows."""
    for rows in batches:
        reference.train_on_batch(x[rows], Y[rows])


def tens(*numbers, without=()):
    return [[row for row in range(10 * number, 10 * number + 10) if row not in without] for number in numbers]


def the(kind, run):
    return [event for event in run.events if isinstance(event, kind)]


@pytest.mark.parametrize("sync", STRATEGIES)
def test_a_skipped_batch_changes_nothing_and_the_others_all_count(train, sync):
    model, reference = twin(adam)
    run = train(model, (NAN, Y), bad_batch="skip", epochs=2, sync=sync, **USUAL)
    steps(reference, NAN, 2 * tens(0, 1, 2, 3, 4, 5, 7, 8, 9))
    assert largest_difference(model, reference) < 1e-5
    assert (run.state, run.iterations, int(model.optimizer.iterations)) == ("finished", 20, 18)
    assert [(event.iteration, event.choice) for event in the(BatchHandled, run)] == [(7, "skip"), (17, "skip")]
    assert [event.iteration for event in the(IterationDone, run)] == [n for n in range(1, 21) if n not in (7, 17)]
    assert all(map(math.isfinite, run.history["loss"]))


def test_rows_in_quarantine_are_left_out_of_all_later_epochs(train, tmp_path):
    """Also in a group of iterations, and in a run that goes on from a checkpoint."""
    model, reference = twin(adam)
    again, _ = twin(adam)
    arguments = {"bad_batch": "quarantine", "epochs": 3, "iterations_per_job": 4, **USUAL}
    run = train(model, (NAN, Y), checkpoint=tmp_path / "saved", **arguments)
    cleaned = tens(*range(10), without=(61, 63))
    steps(reference, NAN, [*tens(0, 1, 2, 3, 4, 5, 7, 8, 9), *cleaned, *cleaned])
    assert largest_difference(model, reference) < 1e-5
    assert run.quarantine == {61, 63}
    [handled] = the(BatchHandled, run)
    assert (handled.choice, handled.rows) == ("quarantine", (61, 63))
    resumed = train(again, (NAN, Y), resume=tmp_path / "saved" / "iteration-000000010", **arguments)
    assert largest_difference(model, again) == 0
    assert resumed.quarantine == {61, 63}


def test_a_batch_that_quarantine_has_left_nothing_of_is_passed_over(train):
    x = X.copy()
    x[60:70] = np.nan
    model, reference = twin(adam)
    run = train(model, (x, Y), bad_batch="quarantine", epochs=2, iterations_per_job=6, **USUAL)
    steps(reference, x, 2 * tens(0, 1, 2, 3, 4, 5, 7, 8, 9))
    assert largest_difference(model, reference) < 1e-5
    assert len(the(BatchRejected, run)) == 1
    assert run.iterations == 20


@pytest.mark.parametrize("sync", STRATEGIES)
def test_a_spike_is_not_applied_either(train, sync):
    """Also in the first job that could take all of the rest: it ends where ten losses are known."""
    y = X[:, :1].copy()
    y[25] = 900.0
    inside = [keras.layers.Input((X.shape[1],)), keras.layers.Dense(1)]

    def build():
        return compiled(keras.Sequential(inside), keras.optimizers.SGD(0.01), loss="mse")

    order = np.r_[0:20, 30:100, 20:30]  # the last batch has the outlier
    model, reference = twin(build)
    run = train(
        model, (X[order], y[order]), spikes=20, bad_batch="skip", epochs=1, sync=sync, batch_size=5, shuffle=False
    )
    [rejected] = the(BatchRejected, run)
    assert (rejected.iteration, rejected.kind, rejected.rows) == (20, "spike", (95,))
    assert "20 times the running median" in rejected.reason
    assert rejected.who in {f"worker {number} on {socket.gethostname()}" for number in (0, 1)}  # of the outlier only
    for step in range(19):
        rows = order[5 * step : 5 * step + 5]
        reference.train_on_batch(X[rows], y[rows])
    assert largest_difference(model, reference) < 1e-5


def test_the_event_carries_rows_worker_partition_and_how_they_look(train, context):
    data = zoo_lab.FeatureSet.from_numpy(NAN, Y, partitions=4)
    run = train(linear(), data, bad_batch="skip", **USUAL)
    [rejected] = the(BatchRejected, run)
    assert (rejected.rows, rejected.partitions, rejected.kind, rejected.asks) == ((61, 63), (2,), "nan", False)
    assert set(rejected.workers) <= {0, 1}
    assert rejected.who == ", ".join(f"worker {number} on {socket.gethostname()}" for number in rejected.workers)
    shown = {row["row"]: row for row in rejected.shown}
    assert {61, 63} <= set(shown)
    assert "nan" in shown[61]["inputs"]
    assert math.isnan(shown[61]["loss"])
    assert shown[61]["targets"] == str(Y[61])
    good = next(row for number, row in shown.items() if number not in (61, 63))
    assert math.isfinite(good["loss"])
    data.unpersist()


def test_a_choice_is_waited_for_and_taken_once(train):
    model, reference = twin(adam)
    run = train(model, (NAN, Y), bad_batch="ask", background=True, **USUAL)
    for number, choice in enumerate(["retry", "quarantine"]):
        wait_for_question(run, number + 1)
        request = {"action": "decide", "run": run.id, "iteration": "7", "choice": choice}
        obey(run, request)
        obey(run, request)  # the server's way and the kernel's own
    run.wait(60)
    assert [event.choice for event in the(BatchHandled, run)] == ["retry", "quarantine"]
    assert the(BatchRejected, run)[0].asks
    steps(reference, NAN, tens(0, 1, 2, 3, 4, 5, 7, 8, 9))
    assert largest_difference(model, reference) < 1e-5
    with pytest.raises(ArgumentError, match="waits with a bad batch"):
        run.decide("skip")


def test_a_run_that_waits_for_a_choice_can_be_stopped(train):
    run = train(adam(), (NAN, Y), bad_batch="ask", background=True, **USUAL)
    wait_for_question(run, 1)
    run.stop()
    assert run.wait(30).state == "stopped"
    assert run.iterations == 6


def test_without_a_choice_the_run_ends_in_time_as_it_would_have_at_once(train, monkeypatch):
    monkeypatch.setattr(badbatches, "ASK_SECONDS", 0.3)
    with pytest.raises(NumericsError, match="loss is nan in iteration 7"):
        train(adam(), (NAN, Y), bad_batch="ask", **USUAL)


def wait_for_question(run, number):
    end = time.monotonic() + 60
    while run.asking is None or len(the(BatchRejected, run)) < number:
        assert time.monotonic() < end
        assert run.error is None
        time.sleep(0.05)


def test_a_spike_computed_again_passes_as_it_is():
    spikes = Spikes(3)
    for loss in [1.0] * 9:
        spikes.note(loss)
    assert spikes.limit == math.inf  # too few to know
    spikes.note(1.0)
    assert spikes.limit == 3.0
    assert Spikes(None).limit == math.inf
    assert (Spikes(None).room(400), Spikes(3).room(400), spikes.room(400)) == (400, 10, 50)


def test_rows_and_pictures_are_told_briefly():
    assert brief(np.arange(9.0)) == "0, 1, 2, 3, 4, 5, … (9 values)"
    assert brief(b"caf\xc3\xa9") == "café"
    assert thumbnail(np.zeros((3, 3, 3))) == "" == thumbnail(np.zeros(12))
    picture = np.zeros((100, 200, 3), np.float32)
    picture[..., 0] = 1.0  # red
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(thumbnail(picture)), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (32, 64, 3)
    assert shown[0, 0].tolist() == [0, 0, 255]  # OpenCV's blue comes first
    holed = np.full((8, 8, 1), np.nan)
    assert thumbnail(holed)


def test_wrong_arguments_are_told_together(train):
    with pytest.raises(ArgumentError) as caught:
        train(linear(), (X, Y), bad_batch="drop", spikes=0.5, sync_every=2)
    for told in ("bad_batch to be one of", "a factor above 1; received 0.5", "sync_every=1 with bad_batch"):
        assert told in str(caught.value)
