"""Iterations that share a Spark job give the weights, losses and events of single ones, and end as promptly."""

from __future__ import annotations

import os
import signal
import time

import keras
import numpy as np
import pytest

from tests.train.battery import check_sync
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, compiled, dense, linear, table
from zoo_lab.core.errors import NumericsError
from zoo_lab.core.events import IterationDone, WorkerLost

X, Y = table(400)


def adam():
    return dense(keras.optimizers.Adam(1e-3), metrics=["accuracy"])


@pytest.mark.parametrize("size", [1, 7, 50])
def test_a_group_of_any_size_gives_keras_weights(train, size):
    check_sync(train, "shared", adam, X, Y, iterations_per_job=size)


def test_groups_and_single_jobs_are_bit_equal(train):
    single, grouped = twin(adam)
    one = train(single, (X, Y), batch_size=13, epochs=2, seed=3, iterations_per_job=1)
    many = train(grouped, (X, Y), batch_size=13, epochs=2, seed=3, iterations_per_job=20)
    assert largest_difference(single, grouped) == 0
    assert one.history == many.history
    losses = [[event.loss for event in run.events if isinstance(event, IterationDone)] for run in (one, many)]
    assert losses[0] == losses[1]
    for a, b in zip(single.optimizer.variables, grouped.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_auto_groups_short_iterations_and_the_plan_tells_why(train):
    run = train(adam(), (X, Y), batch_size=4, epochs=1, seed=3)
    assert "share a job" in run.plan.why
    assert "launch takes" in run.plan.why


def test_events_of_a_group_come_one_by_one_with_times_that_add_up(train):
    run = train(adam(), (X, Y), batch_size=10, epochs=2, seed=3, iterations_per_job=20)
    events = [event for event in run.events if isinstance(event, IterationDone)]
    assert [event.iteration for event in events] == list(range(1, 81))
    for event in events:
        assert set(event.parts) == {"schedule", "read", "compute", "exchange", "update", "return"}
        assert min(event.parts.values()) >= 0
        assert event.seconds > 0
        assert event.slowest in (0, 1)
    total = sum(event.seconds for event in events[41:])
    assert sum(sum(event.parts.values()) for event in events[41:]) == pytest.approx(total, rel=0.1)


def test_a_learning_rate_schedule_goes_on_within_a_group(train):
    def build():
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=5, decay_rate=0.7)
        return dense(keras.optimizers.SGD(schedule, momentum=0.9))

    check_sync(train, "shared", build, X, Y, iterations_per_job=15)


def test_a_callback_that_sets_the_rate_each_epoch_is_obeyed(train):
    def build():
        return dense(keras.optimizers.Adam(0.01))

    def rate(epoch):
        return [0.01, 0.001, 0.1][epoch]

    single, grouped = twin(build)
    for model, size in ((single, 1), (grouped, 8)):
        callback = keras.callbacks.LearningRateScheduler(rate)
        train(model, (X, Y), batch_size=20, epochs=3, seed=3, callbacks=[callback], iterations_per_job=size)
    assert largest_difference(single, grouped) == 0
    fixed, _ = twin(build)
    train(fixed, (X, Y), batch_size=20, epochs=3, seed=3)
    assert largest_difference(fixed, grouped) > 1e-3


def test_a_callback_on_every_batch_has_each_iteration_in_a_job_of_its_own(train):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((int(self.model.optimizer.iterations), float(np.abs(self.model.get_weights()[0]).sum())))

    run = train(adam(), (X, Y), batch_size=50, callbacks=[Watch()], iterations_per_job=8)
    assert [iterations for iterations, _sum in seen] == list(range(1, 9))
    assert len({total for _iterations, total in seen}) == 8
    assert "a callback acts on every batch" in run.plan.why


def test_an_optimizer_that_needs_whole_variables_is_applied_by_the_driver(train):
    run = check_sync(
        train, "shared", lambda: dense(keras.optimizers.Adam(1e-3, clipnorm=0.5)), X, Y, iterations_per_job=9
    )
    assert "the driver updates the weights, as Adam has clipnorm" in run.plan.why


def test_a_loss_that_is_not_finite_keeps_the_weights_before_it(train):
    x = X.copy()
    x[165, 3] = np.nan
    model, reference = twin(linear)
    with pytest.raises(NumericsError, match=r"iteration 17 .*rows 165"):
        train(model, (x, Y), batch_size=10, shuffle=False, iterations_per_job=40)
    for step in range(16):
        reference.train_on_batch(X[step * 10 : step * 10 + 10], Y[step * 10 : step * 10 + 10])
    assert largest_difference(model, reference) < 1e-6
    assert int(model.optimizer.iterations) == 16


def test_after_a_loss_that_is_not_finite_training_goes_on_with_the_optimizer_as_it_was(train):
    x = X.copy()
    x[165, 3] = np.nan

    def build():
        inside = [keras.layers.Input((X.shape[1],)), keras.layers.Dense(CLASSES, "softmax")]  # relu would hide the NaN
        return compiled(keras.Sequential(inside), keras.optimizers.Adam(1e-3))

    model, reference = twin(build)
    train(model, (X, Y), batch_size=10, epochs=1, seed=1, iterations_per_job=7)
    train(reference, (X, Y), batch_size=10, epochs=1, seed=1, iterations_per_job=7)
    with pytest.raises(NumericsError):
        train(model, (x, Y), batch_size=10, shuffle=False, iterations_per_job=40)
    train(reference, (X[:160], Y[:160]), batch_size=10, shuffle=False, iterations_per_job=40)
    for one, other in zip(model.optimizer.variables, reference.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert largest_difference(model, reference) == 0


class Slowly(keras.layers.Layer):
    """Takes its time over each training step, and the first worker to pass `batches` of them down with it."""

    def __init__(self, seconds, marker="", **arguments):
        super().__init__(**arguments)
        self.seconds, self.marker = seconds, marker
        self.steps = 0

    def call(self, inputs, training=False):
        if not training:
            return inputs
        import tensorflow

        wait = tensorflow.numpy_function(self.pause, [], tensorflow.float32)
        return inputs + keras.ops.reshape(wait, (1, 1))

    def pause(self):
        time.sleep(self.seconds)
        self.steps += 1
        if self.marker and self.steps == 12 and not os.path.exists(self.marker):
            with open(self.marker, "w", encoding="ascii"):
                os.kill(os.getpid(), signal.SIGKILL)
        return np.float32(0)

    def get_config(self):
        return {**super().get_config(), "seconds": self.seconds, "marker": self.marker}


def slow(seconds, marker=""):
    inside = [keras.layers.Input((X.shape[1],)), Slowly(seconds, marker), keras.layers.Dense(CLASSES, "softmax")]
    return compiled(keras.Sequential(inside), keras.optimizers.Adam(1e-2))


def test_a_worker_that_dies_in_a_group_has_it_done_again_from_its_first_weights(train, tmp_path):
    model, undisturbed = twin(lambda: slow(0.0, str(tmp_path / "died")))
    run = train(model, (X, Y), batch_size=10, epochs=2, seed=3, iterations_per_job=20)
    again = train(undisturbed, (X, Y), batch_size=10, epochs=2, seed=3, iterations_per_job=20)
    assert (tmp_path / "died").exists()
    assert len([event for event in run.events if isinstance(event, WorkerLost)]) == 1
    assert run.state == "finished"
    assert largest_difference(model, undisturbed) == 0
    assert run.history == again.history
    iterations = [event.iteration for event in run.events if isinstance(event, IterationDone)]
    assert iterations == list(range(1, 81))


def test_stop_ends_a_group_with_the_iteration_under_way_and_keeps_its_weights(train):
    model, replayed = twin(lambda: slow(0.02))
    run = train(model, (X, Y), batch_size=4, seed=3, iterations_per_job=100, background=True)
    while run.iterations < 10:
        time.sleep(0.01)
    at_stop = run.iterations
    run.stop()
    run.wait(30)
    assert run.state == "stopped"
    assert at_stop <= run.iterations < at_stop + 30
    assert int(model.optimizer.iterations) == run.iterations

    class StopAt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch + 1 == run.iterations

    train(replayed, (X, Y), batch_size=4, seed=3, callbacks=[StopAt()])
    assert int(replayed.optimizer.iterations) == run.iterations
    assert largest_difference(model, replayed) < 1e-6


def test_the_model_is_no_older_than_a_second_or_so_while_it_trains(train):
    model = slow(0.02)
    run = train(model, (X, Y), batch_size=2, epochs=1, seed=3, iterations_per_job=20, background=True)
    seen = set()
    deadline = time.monotonic() + 20
    while run.state == "running" and time.monotonic() < deadline:
        seen.add(int(model.optimizer.iterations))
        time.sleep(0.05)
    run.stop()
    run.wait(30)
    assert len(seen) > 2


def test_two_runs_at_once_do_not_wait_for_each_other_for_ever(train):
    runs = [
        train(model, (X, Y), batch_size=10, epochs=3, seed=3, iterations_per_job=20, background=True)
        for model in twin(adam)
    ]
    for run in runs:
        run.wait(120)
    assert [run.state for run in runs] == ["finished", "finished"]
    assert largest_difference(runs[0].model, runs[1].model) == 0
