"""A run: its events, its file, its picture, and what can be done while it goes on."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo_lab
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import dense, linear, table
from zoo_lab.core.errors import ArgumentError, WorkerError
from zoo_lab.core.events import EpochDone, IterationDone, KnobTurned, RunMade, RunPaused, RunStarted, RunStopped

X, Y = table(100)


def test_the_run_file_tells_the_whole_run(train, tmp_path):
    model = dense(metrics=["accuracy"])
    run = train(model, (X, Y), batch_size=16, epochs=2, seed=4, validation_data=(X, Y), name="my run/1")
    assert run.path.parent == tmp_path
    assert "my-run-1" in run.path.name
    assert all(json.loads(line) for line in run.path.read_text().splitlines())
    events = run.events
    kinds = [type(event) for event in events]
    assert kinds == [RunStarted, RunMade, *[IterationDone] * 7, EpochDone, *[IterationDone] * 7, EpochDone, RunStopped]
    started, first, stopped = events[0], events[2], events[-1]
    assert (started.rows, started.batch_size, started.epochs, started.steps_per_epoch) == (100, 16, 2, 7)
    assert (started.workers, started.sync, started.seed, started.validation) == (2, "shared", 4, True)
    assert started.parameters == model.count_params()
    assert started.metrics == ("accuracy",)
    assert [event.rows for event in events if isinstance(event, IterationDone)] == [*[16] * 6, 4] * 2
    assert [event.iteration for event in events if isinstance(event, IterationDone)] == list(range(1, 15))
    assert set(first.parts) == {"schedule", "read", "compute", "exchange", "update", "return"}
    assert sum(first.parts.values()) <= first.seconds
    assert first.metrics.keys() == {"accuracy"}
    assert (stopped.reason, stopped.iterations) == ("finished", 14)
    epochs = [event.logs for event in events if isinstance(event, EpochDone)]
    assert [logs["val_accuracy"] for logs in epochs] == run.history["val_accuracy"]


def test_the_loss_of_an_iteration_is_that_of_its_batch(train):
    model, reference = twin(linear)
    run = train(model, (X, Y), batch_size=16, shuffle=False)
    losses = [event.loss for event in run.events if isinstance(event, IterationDone)]
    expected = [reference.train_on_batch(X[start : start + 16], Y[start : start + 16]) for start in range(0, 100, 16)]
    assert losses == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("background", [False, True])
def test_a_folder_that_takes_no_run_file_ends_the_run_with_the_way_out(train, tmp_path, background):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ArgumentError, match="Name another folder with runs="):
        train(linear(), (X, Y), runs=tmp_path / "file", background=background).wait(60)


def test_a_full_disk_costs_the_rest_of_the_run_file_and_not_the_run(train, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zoo_lab.train.api._run_path", lambda folder, name: Path("/dev/full"))
    model, reference = twin(linear)
    run = train(model, (X, Y), epochs=3, seed=1, checkpoint=tmp_path / "saved")
    assert run.state == "finished"
    assert "No space left" in capsys.readouterr().err
    monkeypatch.undo()
    train(reference, (X, Y), epochs=3, resume=tmp_path / "saved" / "iteration-000000004")
    assert largest_difference(model, reference) == 0


@pytest.mark.parametrize("sync", ["shared", "sliced"])
def test_a_paused_run_waits_with_its_model_up_to_date_and_goes_on_as_if_nothing_had_been(train, sync):
    model, undisturbed = twin(lambda: dense(keras.optimizers.Adam()))
    usual = {"batch_size": 4, "epochs": 3, "seed": 1, "sync": sync}
    run = train(model, (X, Y), background=True, **usual)
    while run.iterations < 5:
        time.sleep(0.005)
    run.pause()
    while not any(isinstance(event, RunPaused) for event in run.events):
        time.sleep(0.05)
    paused = run.iterations
    assert int(model.optimizer.iterations) == paused < 75
    time.sleep(0.5)
    assert (run.iterations, run.state) == (paused, "running")
    run.resume()
    run.wait(60)
    train(undisturbed, (X, Y), **usual)
    assert run.iterations == 75
    assert largest_difference(model, undisturbed) == 0
    assert max(event.seconds for event in run.events if isinstance(event, IterationDone)) < 30


@pytest.mark.parametrize("sync", ["shared", "collect", "sliced"])
def test_a_learning_rate_turned_in_mid_run_holds_from_the_next_iteration_on(train, sync):
    model, reference = twin(lambda: dense(keras.optimizers.SGD(0.1, momentum=0.5)))
    runs, known = [], threading.Event()
    turn = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: known.wait(60),
        on_epoch_end=lambda epoch, logs: epoch == 0 and runs[0].turn("learning_rate", 0.025),
    )
    usual = {"batch_size": 10, "shuffle": False, "epochs": 2, "sync": sync}
    runs.append(train(model, (X, Y), callbacks=[turn], background=True, **usual))
    known.set()
    run = runs[0].wait(60)
    [turned] = [event for event in run.events if isinstance(event, KnobTurned)]
    assert (turned.iteration, turned.before, turned.value) == (10, pytest.approx(0.1), 0.025)
    assert run.knobs["learning_rate"] == 0.025
    for step in range(20):
        reference.optimizer.learning_rate = 0.1 if step < 10 else 0.025
        reference.train_on_batch(X[10 * (step % 10) :][:10], Y[10 * (step % 10) :][:10])
    assert largest_difference(model, reference) < 1e-5  # sums of ten rows in two parts, in float32


def test_what_cannot_be_turned_is_refused(train):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    run = train(dense(keras.optimizers.SGD(schedule)), (X, Y))
    with pytest.raises(ArgumentError, match="knob"):
        run.turn("learning_rate", 0.1)
    run = train(linear(), (X, Y))
    with pytest.raises(ArgumentError, match="above 0"):
        run.turn("learning_rate", float("nan"))


def test_a_paused_run_can_be_stopped(train):
    run = train(linear(), (X, Y), batch_size=4, epochs=500, seed=1, background=True)
    run.pause()
    time.sleep(0.3)
    run.stop()
    assert run.wait(30).state == "stopped"


def test_a_run_that_is_stopped_ends_for_its_callbacks_as_any_other(train):
    ended = []

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            runs[0].stop()

        def on_train_end(self, logs=None):
            ended.append(logs)

    runs = [None]
    model = dense(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    data = zoo_lab.FeatureSet.from_numpy(X, Y)
    started = threading.Event()
    wait = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: started.wait(60))
    runs[0] = train(model, data, epochs=50, seed=1, callbacks=[wait, Stop()], background=True)
    started.set()
    run = runs[0].wait(60)
    assert run.state == "stopped"
    assert len(ended) == 1
    averages = [v for v in model.optimizer.variables if "average" in v.path]
    assert averages
    for weight, average in zip(model.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(weight, average)


def test_the_run_reads_as_a_sentence_and_draws_itself(train):
    run = train(dense(metrics=["accuracy"]), (X, Y), epochs=2, validation_data=(X, Y), name="digits")
    assert repr(run).startswith("Run('digits', finished, 8 iterations, accuracy=")
    left, right = run.plot().axes
    assert {line.get_label() for line in left.lines} == {"loss", "val_loss"}
    assert {line.get_label() for line in right.lines} == {"accuracy", "val_accuracy"}
    assert len(left.lines[0].get_xdata()) == 8


def test_a_background_run_can_be_waited_for_and_awaited(train):
    model, reference = twin(linear)
    run = train(model, (X, Y), seed=1, epochs=2, background=True)
    assert run.wait() is run
    assert run.state == "finished"
    train(reference, (X, Y), seed=1, epochs=2)
    assert largest_difference(model, reference) == 0

    async def main():
        return await train(linear(), (X, Y), background=True)

    assert asyncio.run(main()).state == "finished"


def test_a_background_run_that_fails_raises_where_it_is_waited_for(train):
    y = Y.copy()
    y[-1] = 9
    run = train(linear(), (X, y), background=True)
    with pytest.raises(WorkerError, match="label value"):
        run.wait()
    assert run.state == "failed"
    assert isinstance(run.error, WorkerError)


def test_stop_from_another_thread_ends_the_run_after_its_iteration(train):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 4:
                thread = threading.Thread(target=runs[0].stop)
                thread.start()
                thread.join()

    runs, began = [], threading.Event()
    model, reference = twin(linear)
    slow = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: began.wait(30))
    runs.append(train(model, (X, Y), batch_size=2, epochs=50, seed=1, background=True, callbacks=[slow, Stop()]))
    began.set()
    run = runs[0].wait()
    assert (run.state, run.iterations, run.stopping) == ("stopped", 5, True)
    assert run.events[-1].reason == "stopped"

    class Five(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 4

    train(reference, (X, Y), batch_size=2, seed=1, callbacks=[Five()])
    assert largest_difference(model, reference) == 0


def test_two_runs_at_once_do_not_disturb_each_other(train):
    models = [twin(linear) for _ in range(2)]
    runs = [train(pair[0], (X, Y), seed=index, epochs=2, background=True) for index, pair in enumerate(models)]
    for run in runs:
        run.wait()
    for index, (model, reference) in enumerate(models):
        train(reference, (X, Y), seed=index, epochs=2)
        assert largest_difference(model, reference) == 0
