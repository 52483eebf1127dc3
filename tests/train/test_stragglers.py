"""`drop`: which parts are too slow, and what a run makes of those that came in time."""

from __future__ import annotations

import doctest
import hashlib
import math
import re
import time
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from tests.train.battery import STRATEGIES, check_sync
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, linear, table, tokens
from zoo_lab.core.errors import ArgumentError, ZooLabError
from zoo_lab.core.events import IterationDiscarded, IterationDone, Notice
from zoo_lab.core.slices import slice_bounds
from zoo_lab.feature.rowchain import Moment
from zoo_lab.train import DropSlow, rehearsal, stragglers
from zoo_lab.train.batches import batch_rows, epoch_order
from zoo_lab.train.feed import Wanted
from zoo_lab.train.microbatches import PIECES, compute_part
from zoo_lab.train.setup import Order
from zoo_lab.train.step import StepResult
from zoo_lab.train.stragglers import Stragglers

X, Y = table(400)


def learned(rule, workers, *iterations):
    """Return the limit after iterations, each (times, cut) or (times, cut, applied)."""
    slow = Stragglers(rule, workers)
    for iteration in iterations:
        slow.note(*iteration)
    return slow.limit


def test_the_limit_is_the_kth_largest_time_of_the_window():
    rule = DropSlow(0.25, window=4, warm_up_iterations=0)  # k = 0.25 × 4 × 2 = 2
    times = [([1.0, 8.0], 0), ([2.0, 7.0], 0), ([3.0, 6.0], 0), ([4.0, 5.0], 0)]
    assert learned(rule, 2, *times[:3]) is None
    assert learned(rule, 2, *times) == 7.0


def test_k_is_rounded_down():
    rule = DropSlow(0.3, window=3, warm_up_iterations=0)  # 0.3 × 3 × 2 = 1.8
    assert learned(rule, 2, ([1.0, 2.0], 0), ([3.0, 4.0], 0), ([5.0, 6.0], 0)) == 6.0


def test_parts_that_were_cut_off_count_as_the_largest():
    rule = DropSlow(0.5, window=2, warm_up_iterations=0)  # k = 0.5 × 2 × 3 = 3
    window = [([1.0, 2.0, 9.0], 0), ([3.0, 4.0, 5.0], 0)]
    assert learned(rule, 3, *window) == 4.0
    assert learned(rule, 3, *window, ([1.0, 2.0], 1), ([1.5, 2.5, 3.5], 0)) == 2.5  # the (3 − 1)th of those done


def test_too_many_cut_off_loosen_the_limit_by_a_hundredth():
    rule = DropSlow(0.5, window=2, warm_up_iterations=0)
    window = [([1.0, 2.0, 9.0], 0), ([3.0, 4.0, 5.0], 0)]
    assert learned(rule, 3, *window, ([1.0], 2), ([1.0, 2.0], 1)) == pytest.approx(4.0 * 1.01)
    assert learned(rule, 3, *window, ([1.0], 2), ([1.0], 2), ([], 3), ([1.0], 2)) == pytest.approx(4.0 * 1.01**2)


def test_each_window_looks_at_its_own_times_and_losses_only():
    rule = DropSlow(0.5, window=2, warm_up_iterations=0)  # k = 2
    assert learned(rule, 2, ([9.0, 9.0], 0), ([9.0, 9.0], 0), ([1.0, 2.0], 0), ([3.0, 4.0], 0)) == 3.0
    first = [([9.0, 9.0], 0), ([9.0, 9.0], 0), ([], 2), ([1.0, 2.0], 0)]
    assert learned(rule, 2, *first, ([1.0, 2.0], 0), ([3.0, 4.0], 0)) == 3.0


def test_nothing_counts_before_the_warm_up_is_over():
    rule = DropSlow(0.5, window=2, warm_up_iterations=4)
    slow = Stragglers(rule, 2)
    limits = []
    for iteration in range(1, 9):
        slow.note([float(iteration), 0.5])
        limits.append(slow.limit)
    # like the predecessor's: a window ends after 2, 4, 6, 8; the first past iteration 4 counts
    assert limits == [None, None, None, None, None, 5.0, 5.0, 7.0]


def test_a_discarded_iteration_is_none_of_the_window_but_its_loss_is():
    rule = DropSlow(0.5, window=2, warm_up_iterations=0)  # k = 2
    first = [([4.0, 4.0], 0), ([4.0, 4.0], 0)]
    assert learned(rule, 2, *first, ([7.0], 1, False), ([1.0, 2.0], 0)) == 4.0
    assert learned(rule, 2, *first, ([7.0], 1, False), ([1.0, 2.0], 0), ([1.0, 3.0], 0)) == 3.0
    assert learned(rule, 2, *first, ([], 2, False), ([1.0, 2.0], 0), ([1.0, 3.0], 0)) == pytest.approx(4.04)


def test_a_run_that_has_lost_workers_may_still_cut_one_part_off():
    rule = DropSlow(0.3, window=2, warm_up_iterations=0)
    assert rule.parts(workers=1) == 0
    assert learned(rule, 1, ([1.0], 0), ([2.0], 0)) == 2.0


def test_a_note_tells_whether_the_limit_is_new():
    slow = Stragglers(DropSlow(0.5, window=2, warm_up_iterations=0), 2)
    assert [slow.note([1.0, 2.0]) for _ in range(4)] == [False, True, False, True]


@pytest.mark.parametrize(("most", "rows", "least"), [(0.5, 20, 10), (0.5, 7, 4), (0.7, 10, 3), (0, 9, 9), (0.99, 5, 1)])
def test_an_iteration_needs_the_rest_of_its_rows(most, rows, least):
    rule = DropSlow(max_drop_percentage=most)
    assert rule.least_rows(rows) == least
    order = Order(1, np.arange(rows), least=least)
    assert order.enough(least)
    assert not order.enough(least - 1)


def test_all_wrong_settings_come_at_once():
    with pytest.raises(ArgumentError, match="4 arguments are wrong") as caught:
        DropSlow(drop_percentage=5, max_drop_percentage=1, window=0, warm_up_iterations=-1)
    assert "drop_percentage to be a number above 0 and below 1; received 5" in str(caught.value)


def test_the_examples_are_right():
    assert doctest.testmod(stragglers).failed == 0


def counting_replica(seconds=0.0):
    """A worker whose step gives what is needed to see which rows it was given, and takes its time."""

    def step(order, index, weights, state, data, piece):
        time.sleep(seconds)
        rows = data["x"]
        share = len(rows) / len(order.rows)
        values = np.array([rows.mean() * share, piece])
        return StepResult(share, values, [(rows, rows * 1.0)], values[:1], np.array([float(len(rows))]))

    def part_of(iteration, batch, worker, feed):
        return Wanted(batch, batch, Moment())

    def next_part(iteration, worker, feed):
        return Wanted(np.arange(20, 28), np.arange(20, 28), Moment())

    ahead = []
    feed = SimpleNamespace(
        read=lambda wanted: {"x": wanted.rows},
        expect=lambda wanted, sure: ahead.append((wanted.rows.tolist(), sure)),
        ahead=ahead,
    )
    return SimpleNamespace(part_of=part_of, next_part=next_part, step=step), feed


def test_pieces_add_up_to_the_part():
    replica, feed = counting_replica()
    part = compute_part(replica, 0, feed, Order(1, np.arange(10), pieces=4), None, None)
    within = [([3, 4, 5], True), ([6, 7], True), ([8, 9], True)]
    assert feed.ahead == [*within, ([20, 21], False)]  # at last the first piece of the next batch, in another job
    assert (part.rows, part.asked) == (10, 10)
    assert part.result.loss == pytest.approx(1)
    np.testing.assert_allclose(part.result.gradient, [4.5, 0 + 1 + 2 + 3])  # and each piece draws its own seeds
    np.testing.assert_array_equal(part.result.sparse[0][0], np.arange(10))
    assert part.result.metrics == [10]


def test_a_part_ends_at_its_limit_with_the_rows_it_has():
    replica, feed = counting_replica(seconds=0.05)
    part = compute_part(replica, 0, feed, Order(1, np.arange(10), pieces=4, limit=0.02), None, None)
    assert (part.rows, part.asked) == (3, 10)
    np.testing.assert_array_equal(part.result.sparse[0][0], [0, 1, 2])
    nothing = compute_part(replica, 0, feed, Order(1, np.arange(10), pieces=4, limit=-1.0), None, None)
    assert (nothing.rows, nothing.result) == (0, None)


def test_a_batch_asked_for_again_gives_the_rows_it_gave():
    replica, feed = counting_replica()
    order = Order(1, np.arange(10), pieces=4, limit=-1.0)
    part = compute_part(replica, 1, feed, order.again([10, 6]), None, None)
    assert part.rows == 6
    assert replace(order, pieces=1).again([10, 6]).arrived is None


class Drowsy(layers.Layer):
    """Takes `seconds` for a step over some pieces of batches, whichever process does it."""

    def __init__(self, seconds, pieces, **arguments):
        super().__init__(**arguments)
        self.settings = {"seconds": seconds, "pieces": list(pieces)}

    def call(self, inputs, training=False):
        if not training:
            return inputs
        import tensorflow

        wait = tensorflow.numpy_function(self.pause, [inputs], tensorflow.float32)
        return inputs + keras.ops.cast(keras.ops.reshape(wait, (1, 1)), inputs.dtype)

    def pause(self, inputs):
        if digest(inputs) in self.settings["pieces"]:
            time.sleep(self.settings["seconds"])
        return np.float32(0)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), **self.settings}


SLEEP = 0.6  # longer than a crowded machine takes for the other parts
RULE = DropSlow(0.2, 0.8, window=5, warm_up_iterations=5)  # the second slowest part of five iterations
SLOW = (11, 17, 23, 29)  # iterations of as many windows: each has a limit of its own


def digest(rows):
    return hashlib.sha256(rows.tobytes()).hexdigest()


def slow_pieces(x, iterations=SLOW, batch_size=40):
    """Yield what the second of two workers computes in some iterations, as `Drowsy` knows it."""
    steps = len(x) // batch_size
    for iteration in iterations:
        epoch, step = divmod(iteration - 1, steps)
        batch = batch_rows(epoch_order(len(x), 5, epoch), batch_size, step)
        part = batch[slice(*slice_bounds(batch_size, 2, 1))]
        for piece in range(PIECES):
            yield digest(x[part[slice(*slice_bounds(len(part), PIECES, piece))]])


def drowsy(pieces=()):
    inside = [layers.Input((FEATURES,)), Drowsy(SLEEP, pieces), layers.Dense(16, "relu")]
    model = keras.Sequential([*inside, layers.Dense(CLASSES, "softmax")])
    return compiled(model, keras.optimizers.SGD(0.05, momentum=0.9), jit_compile=False)


def drowsy_words(pieces=()):
    inside = [layers.Input((6,), dtype="int32"), Drowsy(SLEEP, pieces), layers.Embedding(30, 4), layers.Flatten()]
    last = layers.Dense(CLASSES, "softmax")
    return compiled(keras.Sequential([*inside, last]), keras.optimizers.SGD(0.05), jit_compile=False)


def limits_of(run):
    """Return {iteration: the limit in seconds that held in it}, as the run has told them; none where none held."""
    told = [event.text for event in run.events if isinstance(event, Notice)]
    found = [re.search(r"From iteration (\d+) on, parts .* longer than (\S+) ms are cut off", text) for text in told]
    new = {int(one[1]): float(one[2]) / 1000 for one in found if one}
    return {at: new[max(n for n in new if n <= at)] for at in range(min(new), run.iterations + 1)}


def iterations_of(run):
    return [event for event in run.events if isinstance(event, (IterationDone, IterationDiscarded))]


def arrived_rows(event, order, batch_size, workers):
    """Return the rows that an event says were used: each worker's part without the end that came too late."""
    batch = batch_rows(order, batch_size, event.step - 1)
    parts = [batch[slice(*slice_bounds(len(batch), workers, worker))] for worker in range(workers)]
    return np.concatenate([part[: len(part) - event.dropped.get(str(n), 0)] for n, part in enumerate(parts)])


def train_on_what_arrived(model, run, x, y, batch_size):
    """Train alone on the rows that each iteration of a run used."""
    for event in iterations_of(run):
        if isinstance(event, IterationDone):
            order = epoch_order(len(x), run.plan.seed, event.epoch)
            rows = arrived_rows(event, order, batch_size, run.plan.workers)
            assert len(rows) == event.rows
            loss = float(np.ravel(model.train_on_batch(x[rows], y[rows]))[0])
            model.reset_metrics()
            assert event.loss == pytest.approx(loss, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    ("sync", "build", "data"),
    [
        *((sync, drowsy, (X, Y)) for sync in STRATEGIES),
        ("shared", drowsy_words, tokens(400)),
        ("sliced", drowsy_words, tokens(400)),
    ],
    ids=[*STRATEGIES, "shared-embedding", "sliced-embedding"],
)
def test_a_slow_worker_holds_nobody_up_and_what_arrived_counts_exactly(train, sync, build, data):
    model, _ = twin(lambda: build(slow_pieces(data[0])))
    _, reference = twin(build)
    run = train(model, data, batch_size=40, epochs=3, seed=5, sync=sync, drop=RULE)
    events = iterations_of(run)
    assert [event.iteration for event in events] == list(range(1, 31))
    assert {type(event) for event in events} == {IterationDone}
    limits = limits_of(run)
    cut = [events[at - 1] for at in SLOW if limits[at] < SLEEP]  # a busy machine may have raised a limit, not all
    assert cut
    for event in cut:
        assert event.dropped["1"] == 15  # of 20 rows in four pieces: the slow one gave the first
        assert SLEEP <= event.parts["compute"] < 4 * SLEEP  # what waiting for all of them would take at least
    assert all(sum(event.dropped.values()) + event.rows == 40 for event in events)
    train_on_what_arrived(reference, run, *data, 40)
    assert largest_difference(model, reference) < 1e-5


@pytest.mark.parametrize("sync", STRATEGIES)
def test_an_iteration_with_too_little_applies_nothing_and_is_told(train, sync):
    model, _ = twin(lambda: drowsy(slow_pieces(X)))
    _, reference = twin(drowsy)
    strict = replace(RULE, max_drop_percentage=0.1)
    run = train(model, (X, Y), batch_size=40, epochs=3, seed=5, sync=sync, drop=strict)
    discarded = [event for event in run.events if isinstance(event, IterationDiscarded)]
    assert discarded
    assert all(event.rows < 36 for event in discarded)
    assert all(event.rows >= 36 for event in iterations_of(run) if isinstance(event, IterationDone))
    assert run.iterations == 30
    assert int(model.optimizer.iterations) == 30 - len(discarded)
    train_on_what_arrived(reference, run, X, Y, 40)
    assert largest_difference(model, reference) < 1e-5


@pytest.mark.parametrize("sync", STRATEGIES)
def test_while_nobody_is_slow_the_weights_are_keras(train, sync):
    run = check_sync(train, sync, lambda: dense(keras.optimizers.Adam(1e-3)), X, Y, drop=DropSlow())
    assert not any(event.dropped for event in iterations_of(run))
    assert run.plan.iterations_per_job == 1
    assert "one iteration a job, as what comes too late is dropped" in run.plan.why


def test_a_rehearsal_compares_pieces_with_one_process(context):
    found = rehearsal.verify(dense(), (X, Y), batch_size=20, drop=DropSlow(), context=context)
    assert found.difference < 1e-6


def test_epoch_values_count_the_rows_that_arrived_and_new_limits_are_told(train):
    run = train(drowsy(slow_pieces(X)), (X, Y), batch_size=40, epochs=2, seed=5, sync="collect", drop=RULE)
    for epoch in range(2):
        own = [event for event in iterations_of(run) if event.epoch == epoch]
        mean = sum(event.loss * event.rows for event in own) / sum(event.rows for event in own)
        assert run.history["loss"][epoch] == pytest.approx(mean, rel=1e-4)
    told = [event.text for event in run.events if isinstance(event, Notice)]
    applied = sum(isinstance(event, IterationDone) for event in iterations_of(run))
    assert len(told) == applied // 5 - 1  # after 10, 15 and 20 iterations
    assert "are cut off" in told[0]


def test_an_epoch_of_nothing_but_discarded_iterations_has_no_loss(train):
    rule = DropSlow(0.5, 0.1, window=2, warm_up_iterations=2)
    model = drowsy(slow_pieces(X, (5, 7), batch_size=400))
    run = train(model, (X, Y), batch_size=400, epochs=8, seed=5, sync="collect", drop=rule)
    discarded = [event.epoch for event in run.events if isinstance(event, IterationDiscarded)]
    assert discarded
    assert [epoch for epoch, loss in enumerate(run.history["loss"]) if math.isnan(loss)] == discarded


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"drop": 0.05}, r"Expected drop to be None or zoo_lab.train.DropSlow\(…\); received 0.05"),
        ({"drop": DropSlow(), "sync_every": 4}, "Expected sync_every=1 with drop"),
        ({"drop": DropSlow(), "iterations_per_job": 8}, "Expected iterations_per_job=1 or 'auto' with drop"),
        ({"drop": DropSlow(0.01, window=3)}, "no part could ever be cut off"),
    ],
)
def test_what_makes_no_sense_with_drop_is_refused(train, other, message):
    with pytest.raises(ArgumentError, match=message):
        train(linear(), (X, Y), **other)


def test_statistics_of_the_whole_batch_cannot_wait_for_who_may_not_come(train):
    inside = [layers.Input((FEATURES,)), layers.BatchNormalization(synchronized=True), layers.Dense(CLASSES, "softmax")]
    with pytest.raises(ZooLabError, match="neither with sync_every nor with drop"):
        train(compiled(keras.Sequential(inside)), (X, Y), drop=DropSlow())
