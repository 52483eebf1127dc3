"""`sliced`: what travels, what is kept where, and what happens when that is lost."""

from __future__ import annotations

import contextlib
import json
import pickle
import time
import urllib.request

import keras
import numpy as np
import psutil
import pytest

from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, table
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import IterationDone, WorkerLost
from zoo_lab.train.slicing import brief

X, Y = table(200)
WIDE = 256


def adam():
    return dense(keras.optimizers.Adam(1e-3))


def wide():
    inside = [
        keras.layers.Dense(WIDE, "relu"),
        keras.layers.Dense(WIDE, "relu"),
        keras.layers.Dense(CLASSES, "softmax"),
    ]
    return compiled(keras.Sequential([keras.layers.Input((FEATURES,)), *inside]), keras.optimizers.Adam(1e-3))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_what_an_optimizer_keeps_before_its_first_update_travels_as_a_number(dtype):
    zeros = np.zeros(100_000, dtype)
    sent = pickle.dumps(brief(zeros))
    assert len(sent) < 300
    for part in (slice(0, 5), slice(99_990, 100_000), slice(40, 40)):
        np.testing.assert_array_equal(pickle.loads(sent)[part], zeros[part], strict=True)
    for other in (np.nan, 1e-7, -0.0):
        values = np.append(zeros, np.array([other], dtype))
        assert brief(values) is values


def stages(context):
    """Return Spark's own figures of all stages that have run."""
    url = f"{context.sc.uiWebUrl}/api/v1/applications/{context.sc.applicationId}/stages?status=complete"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return {stage["stageId"]: stage for stage in json.load(answer)}


def moved(train, context, sync, rows=300, **arguments):
    """Return bytes an iteration in units of W, by Spark's metrics: results to the driver, shuffle written and read.

    Without the jobs that bring the optimizer's slots to the user's model: they run once a second and at the end, so
    that a slow machine has more of them in an iteration.
    """
    data = table(rows)
    before = set(stages(context))
    run = train(wide(), data, batch_size=10, epochs=1, seed=1, sync=sync, **arguments)
    context.sc._jsc.sc().listenerBus().waitUntilEmpty()  # the figures come after the results
    new = [stage for number, stage in stages(context).items() if number not in before]
    names = ("resultSize", "shuffleWriteBytes", "shuffleReadBytes")
    exchanging = [stage for stage in new if stage["shuffleWriteBytes"] + stage["shuffleReadBytes"] > 50_000]
    steps = exchanging if sync == "sliced" else [stage for stage in new if stage["resultSize"] > 50_000]
    size = 4 * sum(int(np.prod(variable.shape)) for variable in run.model.trainable_variables)
    return [sum(stage[name] for stage in steps) / run.iterations / size for name in names]


def test_the_driver_receives_the_weights_once_and_each_worker_writes_its_gradient_once(train, context):
    result, written, read = moved(train, context, "sliced")
    assert 0.95 < result < 1.2  # the new weights
    assert 1.9 < written < 2.2  # of two workers
    assert 1.9 < read < 2.2
    collected, _written, _read = moved(train, context, "collect")
    assert collected > 1.9


def test_what_the_driver_receives_does_not_grow_with_the_number_of_workers(train, context, monkeypatch):
    results = []
    for workers in (2, 3, 4):
        monkeypatch.setattr(context, "slots", workers)  # the tasks of a stage of `sliced` need not run at once
        result, written, read = moved(train, context, "sliced", rows=100)
        assert workers - 0.1 < written < workers + 0.2  # each worker writes its gradient, and reads its slice of all
        assert workers - 0.1 < read < workers + 0.2
        results.append(result)
    assert max(results) < 1.2
    assert max(results) - min(results) < 0.1
    collected, _written, _read = moved(train, context, "collect", rows=100)
    assert collected > 3.9  # of the last four


def test_16_bits_halve_what_travels_between_the_workers(train, context):
    _result, written, _read = moved(train, context, "sliced", compression="bf16")
    assert 0.9 < written < 1.2


def clipped():
    return dense(keras.optimizers.Adam(1e-3, clipnorm=1.0))  # looks at whole variables: the driver updates


def lose_everything(context):
    """Delete what the slice workers keep and kill all Python workers."""
    for file in context.scratch.rglob("zoo_lab-slices/*"):
        file.unlink(missing_ok=True)
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "pyspark.worker" in process.cmdline() and "pyspark.worker" in process.parent().cmdline():
                process.kill()


@pytest.mark.slow
def test_learning_rates_that_callbacks_have_set_are_those_of_the_iterations_done_again(train, context):
    model, undisturbed = twin(clipped)
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3 / (epoch + 1))
    usual = {"batch_size": 10, "epochs": 3, "seed": 3, "sync": "sliced", "compression": "bf16", "callbacks": [rates]}
    run = train(model, (X, Y), background=True, **usual)
    while run.iterations < 30:
        time.sleep(0.01)
    lose_everything(context)
    run.wait(120)
    assert losses(run)
    train(undisturbed, (X, Y), **usual)
    assert largest_difference(model, undisturbed) == 0
    assert float(model.optimizer.learning_rate) == float(undisturbed.optimizer.learning_rate)


def losses(run):
    return [event.reason for event in run.events if isinstance(event, WorkerLost)]


@pytest.mark.slow
@pytest.mark.parametrize("build", [adam, clipped])
def test_what_is_lost_with_its_worker_is_computed_again(train, context, build):
    model, undisturbed = twin(build)
    usual = {"batch_size": 4, "epochs": 3, "seed": 3, "sync": "sliced", "compression": "bf16"}
    run = train(model, (X, Y), background=True, **usual)
    while run.iterations < 20:
        time.sleep(0.01)
    lose_everything(context)
    while not any("is lost with it" in reason for reason in losses(run)):
        time.sleep(0.01)
    time.sleep(0.3)  # the iterations since the last snapshot are being repeated
    lose_everything(context)
    run.wait(120)
    assert [event.iteration for event in run.events if isinstance(event, IterationDone)] == list(range(1, 151))
    again = train(undisturbed, (X, Y), **usual)
    assert largest_difference(model, undisturbed) == 0
    assert run.history == again.history


def test_nothing_is_left_on_the_hosts(train, context):
    train(adam(), (X, Y), batch_size=20, sync="sliced", compression="fp16")
    assert list(context.scratch.rglob("zoo_lab-slices/*")) == []


def test_gradients_in_16_bits_train_nearly_as_well(train):
    exact, rounded = twin(adam)
    train(exact, (X, Y), batch_size=20, epochs=5, seed=3)
    run = train(rounded, (X, Y), batch_size=20, epochs=5, seed=3, sync="sliced", compression="bf16")
    assert 0 < largest_difference(exact, rounded) < 5e-3
    assert run.history["loss"][-1] < run.history["loss"][0]


def test_compression_without_slices_is_refused(train):
    with pytest.raises(ArgumentError, match="Expected sync='sliced' with compression='bf16'"):
        train(adam(), (X, Y), compression="bf16")
