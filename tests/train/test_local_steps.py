"""`sync_every`: workers step by themselves, and what they hold is averaged by the rows behind it."""

from __future__ import annotations

import doctest
import math
import time

import keras
import numpy as np
import pytest
from keras import layers

import zoo_lab
from tests.train.keras_reference import largest_difference, train_alone, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, linear, mortal, table, tokens
from zoo_lab.core.errors import ArgumentError, NumericsError, ZooLabError
from zoo_lab.core.events import CheckpointSaved, IterationDone, RunStarted, WorkerLost
from zoo_lab.core.slices import slice_bounds
from zoo_lab.train import Checkpoints, EveryIterations, averaging, rehearsal
from zoo_lab.train.averaging import weighted_mean
from zoo_lab.train.batches import batch_rows, epoch_order

X, Y = table(115)
WORKERS = 2
# float32 steps in another order of operations, and a mean in float64 rounded to float32
TOLERANCE = 1e-5


def plain_sgd():
    return dense(keras.optimizers.SGD(0.1))


def adam():
    return dense(keras.optimizers.Adam(1e-2), metrics=["accuracy"])


def normalized():
    inside = [layers.Input((FEATURES,)), layers.Dense(8, "relu"), layers.BatchNormalization(momentum=0.8)]
    return compiled(keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")]), keras.optimizers.Adam(1e-2))


def embedded():
    inside = [layers.Input((6,), dtype="int32"), layers.Embedding(30, 4), layers.Flatten()]
    return compiled(keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")]), keras.optimizers.Adam(1e-2))


def scheduled():
    return dense(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.2, 3, 0.5), momentum=0.9))


def clipped():
    return dense(keras.optimizers.Adam(1e-2, clipnorm=0.3, use_ema=True))


def values_of(model):
    return [np.array(np.asarray(v)) for v in (*model.weights, *model.optimizer.variables)]


def equal_part(batch, worker):
    """Return a worker's part of a batch where all share a host."""
    return batch[slice(*slice_bounds(len(batch), WORKERS, worker))]


def average_here(build, x, y, *, batch_size, epochs, seed, sync_every, part=equal_part):
    """Train a copy of the model for each worker with Keras' own train_on_batch, and average the copies at each round.

    Returns the averaged model and the loss of each iteration.
    """
    model, *copies = [*twin(build), *twin(build)][: WORKERS + 1]
    for made in (model, *copies):
        made.set_weights(twin(build)[0].get_weights())
        made.optimizer.build(made.trainable_variables)
    losses, rows, steps = [], len(x), -(-len(x) // batch_size)
    for epoch in range(epochs):
        order = epoch_order(rows, seed, epoch)
        for first in range(0, steps, sync_every):
            positions = range(first, min(first + sync_every, steps))
            ends, used = [], []
            for worker, copy in enumerate(copies):
                start = values_of(model)
                for variable, value in zip((*copy.weights, *copy.optimizer.variables), start, strict=True):
                    variable.assign(value)
                used.append(0)
                for position in positions:
                    batch = batch_rows(order, batch_size, position)
                    own = part(batch, worker)
                    copy.reset_metrics()
                    loss = copy.train_on_batch(x[own], y[own])
                    number = epoch * steps + position
                    losses += [0.0] * (number + 1 - len(losses))
                    losses[number] += float(np.ravel(loss)[0]) * len(own) / len(batch)
                    used[-1] += len(own)
                ends.append(values_of(copy))
            for number, variable in enumerate((*model.weights, *model.optimizer.variables)):
                mean = sum(end[number].astype(np.float64) * count for end, count in zip(ends, used, strict=True))
                mean = mean / sum(used)
                whole = np.asarray(variable).dtype.kind in "iu"
                variable.assign(np.rint(mean) if whole else mean)
    return model, losses


@pytest.mark.parametrize(
    ("build", "data"),
    [(adam, (X, Y)), (normalized, (X, Y)), (embedded, tokens(115)), (scheduled, (X, Y)), (clipped, (X, Y))],
    ids=["adam", "batchnorm", "embedding", "schedule", "clipped"],
)
def test_weights_are_the_average_of_copies_that_keras_trains(train, build, data):
    # 115 rows in batches of 20: rounds of 4 and 2 iterations, the last batch with 8 and 7 rows
    usual = {"batch_size": 20, "epochs": 2, "seed": 5, "sync_every": 4}
    model, _ = twin(build)
    run = train(model, data, **usual)
    expected, losses = average_here(build, *data, **usual)
    if model.optimizer.use_ema:
        expected.optimizer.finalize_variable_values(expected.trainable_weights)
    assert largest_difference(model, expected) < TOLERANCE
    for ours, theirs in zip(model.optimizer.variables, expected.optimizer.variables, strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=TOLERANCE, err_msg=ours.path)
    told = [event.loss for event in run.events if isinstance(event, IterationDone)]
    np.testing.assert_allclose(told, losses, rtol=1e-4, atol=1e-6)


def test_workers_that_read_their_own_shards_count_by_the_rows_they_have(train, context, monkeypatch):
    monkeypatch.setattr(context, "one_host", False)  # as on several hosts: a part is what a worker's own shard holds
    usual = {"batch_size": 9, "epochs": 1, "seed": 5, "sync_every": 2}
    model, _ = twin(adam)
    data = zoo_lab.FeatureSet.from_numpy(X, Y, partitions=WORKERS)
    train(model, data, **usual)
    data.unpersist()
    first = data_split(len(X))
    expected, _ = average_here(adam, X, Y, part=lambda batch, worker: batch[(batch < first) == (worker == 0)], **usual)
    assert largest_difference(model, expected) < TOLERANCE


def data_split(rows):
    """Return where the second of two shards begins."""
    return slice_bounds(rows, WORKERS, 1)[0]


@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1, 0.9, nesterov=True)])
def test_averaging_after_each_step_of_sgd_is_the_ordinary_run(train, optimizer):
    # a batch of all rows: each epoch is a round of one step. SGD is linear in the gradient, so is the average.
    alone, ordinary = twin(lambda: dense(optimizer.from_config(optimizer.get_config())))
    usual = {"batch_size": len(X), "epochs": 8, "seed": 5}
    rounds = train(alone, (X, Y), sync_every=5, **usual)
    steps = train(ordinary, (X, Y), **usual)
    assert largest_difference(alone, ordinary) < 1e-6
    np.testing.assert_allclose(rounds.history["loss"], steps.history["loss"], rtol=1e-5)


def test_averaging_after_each_step_of_adam_is_not(train):
    # Adam divides by the root of each worker's own squared gradients: the mean of squares is no square of the mean
    alone, ordinary = twin(adam)
    usual = {"batch_size": len(X), "epochs": 8, "seed": 5}
    train(alone, (X, Y), sync_every=5, **usual)
    train(ordinary, (X, Y), **usual)
    assert largest_difference(alone, ordinary) > 1e-3


def test_sync_every_one_is_the_ordinary_run(train):
    model, reference = twin(adam)
    run = train(model, (X, Y), batch_size=20, epochs=2, seed=5, sync_every=1)
    train_alone(reference, X, Y, batch_size=20, epochs=2, seed=5)
    assert run.plan.sync == "shared"
    assert largest_difference(model, reference) < TOLERANCE


def test_the_plan_and_the_first_event_say_so(train):
    run = train(plain_sgd(), (X, Y), batch_size=20, seed=5, sync_every=4)
    assert run.plan.sync == "local"
    assert "each worker makes 4 steps by itself before weights are averaged, as asked for" in repr(run.plan)
    [started] = [event for event in run.events if isinstance(event, RunStarted)]
    assert (started.sync, started.why) == ("local", run.plan.why)


def test_each_batch_is_an_iteration_and_its_times_add_up(train):
    run = train(adam(), (X, Y), batch_size=10, epochs=2, seed=5, sync_every=5)
    events = [event for event in run.events if isinstance(event, IterationDone)]
    assert [event.iteration for event in events] == list(range(1, 25))
    assert [event.rows for event in events] == ([10] * 11 + [5]) * 2
    assert all(event.seconds > 0 for event in events)
    total = sum(event.seconds for event in events[5:])
    assert sum(sum(event.parts.values()) for event in events[5:]) == pytest.approx(total, rel=0.1)
    assert events[11].metrics["accuracy"] == pytest.approx(run.history["accuracy"][0])


def test_the_same_seed_gives_the_same_bits(train):
    def noisy():
        inside = [layers.Input((FEATURES,)), layers.Dense(16, "relu"), layers.Dropout(0.5)]
        return compiled(keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")]), keras.optimizers.Adam(1e-2))

    one, other = twin(noisy)
    for model in (one, other):
        train(model, (X, Y), batch_size=20, epochs=2, seed=5, sync_every=3)
    assert largest_difference(one, other) == 0


def test_callbacks_hear_of_every_batch_and_see_averaged_weights(train):
    begun, seen = [], []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            begun.append(batch)

        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, float(np.abs(self.model.get_weights()[0]).sum())))

    train(adam(), (X, Y), batch_size=20, seed=5, sync_every=4, callbacks=[Watch()])
    assert begun == [batch for batch, _sum in seen] == list(range(6))
    assert len({total for _batch, total in seen[:4]}) == 1
    assert len({total for _batch, total in seen}) == 2


def test_a_callback_that_sets_the_rate_is_obeyed_by_the_workers(train):
    model, reference = twin(plain_sgd)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: [0.1, 0.0][epoch])
    train(model, (X, Y), batch_size=20, epochs=2, seed=5, sync_every=4, callbacks=[rate])
    train(reference, (X, Y), batch_size=20, epochs=1, seed=5, sync_every=4)
    assert largest_difference(model, reference) == 0


def test_checkpoints_lie_between_rounds_and_resume_to_the_bit(train, tmp_path):
    whole, first = twin(adam)
    usual = {"batch_size": 10, "seed": 5, "sync_every": 5}
    train(whole, (X, Y), epochs=2, **usual)
    saving = Checkpoints(tmp_path / "saved", every=EveryIterations(7))
    run = train(first, (X, Y), epochs=2, max_iterations=17, checkpoint=saving, **usual)
    saved = [event.iteration for event in run.events if isinstance(event, CheckpointSaved)]
    assert saved == [10, 17]  # rounds end at 5, 10, 12 (the epoch's end) and 17
    second, _ = twin(adam)
    train(second, (X, Y), epochs=2, resume=tmp_path / "saved", **usual)
    assert largest_difference(whole, second) == 0


def test_a_run_can_end_within_a_round(train):
    run = train(plain_sgd(), (X, Y), batch_size=10, seed=5, sync_every=5, max_iterations=7)
    assert run.iterations == 7
    assert int(run.model.optimizer.iterations) == 7


def test_a_loss_that_is_not_finite_keeps_the_last_average(train):
    x = X.copy()
    x[75, 3] = np.nan
    model, reference = twin(linear)
    usual = {"batch_size": 10, "shuffle": False, "sync_every": 5}
    with pytest.raises(NumericsError, match=r"iteration 8 .*rows 75.*keeps the weights of iteration 5"):
        train(model, (x, Y), **usual)
    train(reference, (X, Y), max_iterations=5, **usual)
    assert largest_difference(model, reference) == 0


def test_a_batch_with_fewer_rows_than_workers_is_averaged_over_those_that_have_some(train):
    model, reference = twin(plain_sgd)
    train(model, (X[:7], Y[:7]), batch_size=1, epochs=2, seed=5, sync_every=3)
    train_alone(reference, X[:7], Y[:7], batch_size=1, epochs=2, seed=5)  # one worker has every row
    assert largest_difference(model, reference) < TOLERANCE


def test_a_killed_worker_costs_nothing_but_time(train, tmp_path):
    model, undisturbed = twin(lambda: mortal(str(tmp_path / "fell"), keras.optimizers.Adam()))
    usual = {"batch_size": 10, "epochs": 2, "seed": 5, "sync_every": 2}
    run = train(model, (X, Y), **usual)
    again = train(undisturbed, (X, Y), **usual)
    assert [event for event in run.events if isinstance(event, WorkerLost)]
    assert largest_difference(model, undisturbed) == 0
    assert run.history == again.history


def test_a_run_stops_between_two_rounds(train):
    model = adam()
    run = train(model, (X[:100], Y[:100]), batch_size=10, epochs=100_000, seed=5, sync_every=5, background=True)
    while run.iterations < 10:
        time.sleep(0.01)
    run.stop()
    run.wait(60)
    assert run.state == "stopped"
    assert run.iterations % 5 == 0
    assert int(model.optimizer.iterations) == run.iterations


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"sync": "sliced"}, "Expected sync='auto' with sync_every=4: weights are averaged"),
        ({"sync": "shared"}, "received sync='shared'"),
        ({"sync": "sliced", "compression": "bf16"}, "Expected sync='auto' with sync_every=4"),
        ({"compression": "bf16"}, "Expected sync='sliced' with compression='bf16'"),
        ({"iterations_per_job": 8}, "the steps between two averagings are a job; received 8"),
    ],
)
def test_what_makes_no_sense_with_local_steps_is_refused(train, other, message):
    with pytest.raises(ArgumentError, match=message):
        train(plain_sgd(), (X, Y), sync_every=4, **other)


def test_a_rehearsal_tells_of_rounds_and_does_not_compare_them_with_one_process(train, context):
    usual = {"batch_size": 10, "sync_every": 4, "context": context}
    found = rehearsal.estimate(plain_sgd(), (X, Y), **usual)
    assert found.iterations_per_job == 4
    assert found.iteration_seconds > 0
    values = FEATURES * 16 + 16 + 16 * CLASSES + CLASSES
    assert found.network_bytes == 2 * 4 * (values + 2) // 4  # SGD keeps a counter and a rate
    with pytest.raises(ArgumentError, match="Expected sync_every=1 to compare with one process; received sync_every=4"):
        rehearsal.verify(plain_sgd(), (X, Y), **usual)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "4", None])
def test_sync_every_is_a_positive_integer(train, wrong):
    with pytest.raises(ArgumentError, match="Expected sync_every to be an integer of at least 1"):
        train(plain_sgd(), (X, Y), sync_every=wrong)


def test_statistics_of_the_whole_batch_are_refused(train):
    inside = [layers.Input((FEATURES,)), layers.BatchNormalization(synchronized=True), layers.Dense(CLASSES, "softmax")]
    with pytest.raises(ZooLabError, match="neither with sync_every nor with drop"):
        train(compiled(keras.Sequential(inside)), (X, Y), sync_every=4)


def test_a_mean_weighs_by_rows_and_rounds_integers():
    values = [np.array([1.0, 2.0], "float32"), np.array([4.0, 2.0], "float32")]
    np.testing.assert_array_equal(weighted_mean(values, [2, 1]), np.array([2.0, 2.0], "float32"))
    assert weighted_mean([np.int64(3), np.int64(4)], [1, 3]) == 4
    assert weighted_mean([np.int64(3), np.int64(4)], [1, 3]).dtype == np.int64


def test_the_example_is_right():
    assert doctest.testmod(averaging).failed == 0


def test_the_mean_of_equal_values_is_that_value():
    value = np.array([0.1, math.pi, 1e-30, -3e38], "float32")
    np.testing.assert_array_equal(weighted_mean([value] * 7, [1, 2, 3, 4, 5, 6, 7]), value)
