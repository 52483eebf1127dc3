"""What goes wrong in a run is told in the user's terms, and leaves the model with its last finished iteration."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import socket

import keras
import numpy as np
import pytest
from keras import layers

import zoo_lab
from tests.train.battery import STRATEGIES
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, Falls, compiled, dense, linear, mortal, table
from zoo_lab.core.errors import ModelError, NumericsError, WorkerError
from zoo_lab.core.events import BatchRejected, RunStopped, WorkerLost
from zoo_lab.core.runlog import read_events
from zoo_lab.feature.preprocessing import Preprocessing

X, Y = table(100)


class Touchy(layers.Layer):
    """Works on the driver, while the model is built, and fails on a worker once it trains."""

    def call(self, inputs, training=False):
        if training:
            message = "no training today"
            raise ZeroDivisionError(message)
        return inputs


class Forgetful(layers.Layer):
    """Lacks get_config."""

    def __init__(self, units):
        super().__init__()
        self.inner = layers.Dense(units)

    def call(self, inputs):
        return self.inner(inputs)


class OwnStep(keras.Sequential):
    def train_step(self, data):
        return super().train_step(data)


class Mortal(layers.Layer):
    """Takes the first worker that trains it down with it; the file `marker` tells that it has."""

    def __init__(self, marker, driver, **arguments):
        super().__init__(**arguments)
        self.marker, self.driver = marker, driver

    def call(self, inputs, training=False):
        if training and os.getpid() != self.driver and not os.path.exists(self.marker):
            with open(self.marker, "w", encoding="ascii"):
                os.kill(os.getpid(), signal.SIGKILL)
        return inputs

    def get_config(self):
        return {**super().get_config(), "marker": self.marker, "driver": self.driver}


def touchy():
    return compiled(keras.Sequential([layers.Input((FEATURES,)), Touchy(), layers.Dense(CLASSES, "softmax")]))


def test_an_error_in_a_layer_is_shown_as_python_with_the_users_frames(train):
    with pytest.raises(WorkerError) as caught:
        train(touchy(), (X, Y))
    message = str(caught.value)
    assert message.startswith("ZeroDivisionError on worker 0")
    assert "no training today" in message
    assert "raise ZeroDivisionError(message)" in message
    assert len(message.splitlines()) < 15
    assert not any(word in message for word in ("Py4J", "java.lang", "at org.apache", "site-packages"))
    assert "site-packages/keras" in caught.value.remote_traceback


def test_a_worker_that_dies_while_it_builds_the_model_costs_nothing_but_time(train, tmp_path):
    marker = str(tmp_path / "died")

    def made():
        layer = Mortal(marker, os.getpid())
        return compiled(keras.Sequential([layers.Input((FEATURES,)), layer, layers.Dense(CLASSES, "softmax")]))

    model, undisturbed = twin(made)
    run = train(model, (X, Y), seed=3)
    lost = [event for event in run.events if isinstance(event, WorkerLost)]
    assert os.path.exists(marker)
    assert [event.iteration for event in lost] == [0]
    assert lost[0].who in {f"worker {number} on {socket.gethostname()}" for number in (0, 1)}
    assert run.state == "finished"
    train(undisturbed, (X, Y), seed=3)
    assert largest_difference(model, undisturbed) == 0


def normalized(layer):
    """Return a model whose workers meet in mid-step; `layer` comes after the meeting."""
    inside = [layers.Dense(8, use_bias=False), layers.BatchNormalization(synchronized=True), layer]
    return compiled(keras.Sequential([layers.Input((FEATURES,)), *inside, layers.Dense(CLASSES, "softmax")]))


@pytest.mark.parametrize("sync", ["shared", "collect"])
def test_a_worker_that_dies_while_others_wait_for_it_in_mid_step_costs_nothing_but_time(train, sync, tmp_path):
    model, undisturbed = twin(lambda: normalized(Falls(str(tmp_path / "fell"))))
    run = train(model, (X, Y), batch_size=10, seed=3, sync=sync)
    assert (tmp_path / "fell").exists()
    assert run.state == "finished"
    train(undisturbed, (X, Y), batch_size=10, seed=3, sync=sync)
    assert largest_difference(model, undisturbed) == 0


def test_an_error_while_others_wait_in_mid_step_is_told_as_it_is(train):
    with pytest.raises(WorkerError, match="worker"):
        train(normalized(Falls()), (X, Y), batch_size=10, seed=3, sync="collect")


@pytest.mark.parametrize("source", ["arrays", "records"])
def test_shards_that_are_deleted_are_written_again(train, context, source):
    x, y = table(400)
    pairs = [(row, label) for row, label in zip(x, y.tolist(), strict=True)]
    made = {
        "arrays": lambda: zoo_lab.FeatureSet.from_numpy(x, y),
        "records": lambda: zoo_lab.FeatureSet.from_rdd(context.sc.parallelize(pairs, 3)),
    }
    data = made[source]()
    model, undisturbed = twin(lambda: dense(keras.optimizers.Adam()))
    usual = {"batch_size": 10, "epochs": 2, "seed": 1, "sync": "shared"}
    expected = train(undisturbed, data, **usual)
    for handle in data.store.handles[:2]:
        shutil.rmtree(handle.folder)
    run = train(model, data, **usual)
    assert [event.iteration for event in run.events if isinstance(event, WorkerLost)] == [1]
    assert run.history == expected.history
    assert largest_difference(model, undisturbed) == 0
    for handle in data.store.handles:
        shutil.rmtree(handle.folder)
    assert zoo_lab.evaluate(undisturbed, data)["loss"] > 0
    shutil.rmtree(data.store.handles[0].folder)
    np.testing.assert_allclose(zoo_lab.predict(model, data), model.predict(x, verbose=0), atol=1e-5)


def test_an_error_while_the_step_runs_names_worker_and_rows(train):
    y = Y.copy()
    y[70] = 9
    with pytest.raises(WorkerError) as caught:
        train(linear(), (X, y), shuffle=False, batch_size=50)
    message = str(caught.value)
    assert "worker 0" in message
    assert "rows 50 … 74 (25 of the batch)" in message
    assert "label value of 9" in message
    assert len(message.splitlines()) < 15
    assert "java" not in message


class Odd(Preprocessing):
    """A step of the user's that fails on one row."""

    def __call__(self, value):
        if value[0] > 100:
            message = "too odd"
            raise LookupError(message)
        return value


def told_of(error, tmp_path):
    """Return what the error says part by part, having seen that the run file says the same."""
    [file] = tmp_path.glob("*.jsonl")
    ended = list(read_events(file))[-1]
    assert ended.error == json.loads(json.dumps(error.report.to_dict()), object_hook=_tuples)
    return {**dict(error.report.rows), "traceback": error.report.traceback}


def _tuples(values):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def test_a_failing_step_of_the_data_is_told_part_by_part(train, context, tmp_path):
    x = X.copy()
    x[70] = 200
    data = zoo_lab.FeatureSet.from_numpy(x, Y, context=context).transform(Odd())
    with pytest.raises(WorkerError) as caught:
        train(linear(), data, shuffle=False, batch_size=50)
    told = told_of(caught.value, tmp_path)
    assert told["What"] == "LookupError: too odd"
    assert told["Where"].endswith("in __call__: raise LookupError(message)")
    assert told["Worker"] in {f"worker {number} on {socket.gethostname()}" for number in (0, 1)}
    assert told["Sample"] == "row 70"
    assert told["What to do"].startswith("Try the data's steps on that row alone")
    assert "Traceback" in told["traceback"]


def test_a_row_that_the_model_fails_on_is_told_part_by_part(train, tmp_path):
    y = Y.copy()
    y[70] = 9
    with pytest.raises(WorkerError) as caught:
        train(linear(), (X, y), shuffle=False, batch_size=50)
    told = told_of(caught.value, tmp_path)
    assert "label value of 9" in told["What"]
    assert told["Sample"] == "row 70 (one of rows 50 … 74 (25 of the batch))"
    assert told["Worker"] == f"worker 0 on {socket.gethostname()}"
    assert told["What to do"].startswith("Try model(x, training=True) on that row here")


def test_a_model_that_fails_on_any_row_is_told_part_by_part(train, tmp_path):
    with pytest.raises(WorkerError) as caught:
        train(touchy(), (X, Y))
    told = told_of(caught.value, tmp_path)
    assert told["What"].startswith("ZeroDivisionError:")
    assert told["Where"].splitlines()[-1].endswith("in call: raise ZeroDivisionError(message)")
    assert "Sample" not in told
    assert "where a debugger reaches it" in told["What to do"]


def test_a_failed_run_says_so_and_keeps_what_it_has_done(train):
    y = Y.copy()
    y[70] = 9
    model, reference = twin(linear)
    kept = []

    class Keep(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            kept.append(self.model)

    with pytest.raises(WorkerError) as caught:
        train(model, (X, y), shuffle=False, batch_size=50, callbacks=[Keep()])
    reference.train_on_batch(X[:50], Y[:50])
    assert kept == [model]
    assert largest_difference(model, reference) < 1e-6
    assert "9" in str(caught.value)


def test_after_a_failure_the_same_workers_train_on(train, worker_pids):
    before = worker_pids()
    with pytest.raises(WorkerError):
        train(touchy(), (X, Y))
    assert train(linear(), (X, Y)).state == "finished"
    assert worker_pids() == before


@pytest.mark.parametrize("sync", STRATEGIES)
def test_nan_in_the_data_names_iteration_field_and_row(train, sync, tmp_path):
    x = X.copy()
    x[[61, 63], 3] = np.nan
    model, reference = twin(linear)
    with pytest.raises(NumericsError, match=r"loss is nan in iteration 7 \(epoch 1, batch 7\): 'x.*rows 61, 63"):
        train(model, (x, Y), shuffle=False, batch_size=10, sync=sync)
    for step in range(6):
        reference.train_on_batch(x[step * 10 : step * 10 + 10], Y[step * 10 : step * 10 + 10])
    assert largest_difference(model, reference) < 1e-6
    [file] = tmp_path.glob("*.jsonl")
    events = list(read_events(file))
    [rejected] = [event for event in events if isinstance(event, BatchRejected)]
    assert (rejected.iteration, rejected.step) == (7, 7)
    assert math.isnan(rejected.loss)
    assert isinstance(events[-1], RunStopped)
    assert events[-1].reason == "failed"
    assert "NumericsError" in events[-1].message
    assert events[-1].error["sample"] == "rows 61, 63"
    assert socket.gethostname() in events[-1].error["worker"]


def test_a_learning_rate_without_bounds_is_named(train):
    inside = [layers.Input((FEATURES,)), layers.Dense(8), layers.Dense(1)]
    model = compiled(keras.Sequential(inside), keras.optimizers.SGD(1e10), loss="mse")
    with pytest.raises(NumericsError, match="inputs and targets are finite: the weights or the learning rate made it"):
        train(model, (X, X[:, :1]), epochs=20)


@pytest.mark.parametrize("sync", STRATEGIES)
def test_a_killed_worker_costs_nothing_but_time(train, sync, tmp_path):
    """It is killed at work: Spark starts another for one that dies between two jobs, and there is nothing to tell."""

    model, reference = twin(lambda: mortal(str(tmp_path / "fell")))
    run = train(model, (X, Y), batch_size=10, seed=1, sync=sync)
    undisturbed = train(reference, (X, Y), batch_size=10, seed=1, sync=sync)
    lost = [event for event in run.events if isinstance(event, WorkerLost)]
    assert len(lost) == 1
    assert lost[0].iteration in (1, 2, 3)  # the first of the job that was to do the third
    assert "worker" in lost[0].reason.lower()
    assert lost[0].worker in (0, 1)
    assert lost[0].host == socket.gethostname()
    assert "\n" not in lost[0].reason
    assert run.state == "finished"
    assert largest_difference(model, reference) == 0
    assert run.history == undisturbed.history


def test_a_layer_without_get_config_says_what_to_add(train):
    model = compiled(keras.Sequential([layers.Input((FEATURES,)), Forgetful(CLASSES), layers.Softmax()]))
    with pytest.raises(ModelError, match=r"(?s)Forgetful.*get_config\(\)"):
        train(model, (X, Y))


def test_a_train_step_of_the_users_is_refused_with_the_way_out(train):
    model = compiled(OwnStep([layers.Input((FEATURES,)), layers.Dense(CLASSES, "softmax")]))
    with pytest.raises(ModelError, match=r"own train_step\(\).*compute_loss\(\)"):
        train(model, (X, Y))


def test_a_model_that_is_not_compiled_is_refused_with_the_way_out(train):
    model = keras.Sequential([layers.Input((FEATURES,)), layers.Dense(CLASSES)])
    with pytest.raises(ModelError, match=r"not compiled. Call model.compile\(optimizer, loss\)"):
        train(model, (X, Y))


def test_a_callback_that_fails_ends_the_run_with_its_own_error(train, tmp_path):
    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise LookupError("mine")

    model = linear()
    with pytest.raises(LookupError, match="mine"):
        train(model, (X, Y), batch_size=10, callbacks=[Fail()])
    assert int(model.optimizer.iterations) == 2
    [file] = tmp_path.glob("*.jsonl")
    assert list(read_events(file))[-1].iterations == 2
