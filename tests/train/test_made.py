from __future__ import annotations

import base64
import io
import json

import keras
import numpy as np
import pytest

import zoo_lab
from tests.train.models import dense, table
from zoo_lab.core.events import RunMade
from zoo_lab.train import made
from zoo_lab.train.stragglers import DropSlow

X, Y = table(64)


def made_of(run):
    [event] = [event for event in run.events if isinstance(event, RunMade)]
    return event


@pytest.fixture
def run(context, tmp_path):
    model = dense(keras.optimizers.Adam(2e-3), metrics=["accuracy"])
    first = model.get_weights()
    watching = keras.callbacks.LambdaCallback()
    done = zoo_lab.fit(
        model,
        (X[:32], Y[:32]),
        batch_size=np.int64(16),
        seed=3,
        class_weight={0: 1.0, 1: 2.0},
        callbacks=[watching],
        runs=tmp_path,
        context=context,
        display="none",
    )
    return made_of(done), first


def test_plain_arguments_are_kept_as_literals_and_the_others_as_they_are_written(run):
    event, _ = run
    folder = event.arguments.pop("runs")
    assert event.arguments == {"batch_size": "16", "seed": "3", "class_weight": "{0: 1.0, 1: 2.0}"}
    assert folder.startswith("'/")
    assert event.written == {"model": "model", "data": "(X[:32], Y[:32])", "callbacks": "[watching]"}
    assert event.others == {}
    assert event.data.startswith("FeatureSet(32 rows")


def test_the_model_can_be_built_compiled_and_begun_from_it(run):
    event, first = run
    built = keras.models.model_from_json(event.model)
    built.compile_from_config(json.loads(event.compiled))
    assert float(built.optimizer.learning_rate) == pytest.approx(2e-3)
    with np.load(io.BytesIO(base64.b64decode(event.start)), allow_pickle=False) as kept:
        built.set_weights([kept[name] for name in kept])
    assert all(np.array_equal(a, b) for a, b in zip(built.get_weights(), first, strict=True))


def test_it_names_the_context_and_the_versions(run):
    event, _ = run
    assert event.context["spark.master"] == "local[2]"
    assert event.context["spark.driver.memory"] == "3g"
    assert {"zoo_lab", "python", "keras", "pyspark"} <= set(event.versions)


def test_the_line_of_a_magic_says_how_things_are_written():
    with made.written_as({"data": "train"}):
        assert made.words_of_call(None) == {"data": "train"}


def test_an_argument_that_nobody_wrote_is_kept_in_words():
    def call(model, data, *, drop=None, seed=None):
        raise NotImplementedError

    given = {"model": None, "data": None, "drop": DropSlow(0.05), "seed": None}
    assert made._sorted_out(call, given, {}) == (
        {},
        {},
        {"model": "None", "data": "None", "drop": repr(DropSlow(0.05))},
    )


def test_a_model_of_the_user_s_own_class_and_large_weights_are_left_out(monkeypatch):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = keras.layers.Dense(2)

        def call(self, x):
            return self.layer(x)

    model = Own()
    model.compile("sgd", "mse")
    model(X[:1])
    monkeypatch.setattr(made, "START_BYTES", 8)
    told = made._model(model)
    assert told["start"] == ""
    assert len(told["digest"]) == 16
    assert made._model(model) == told


def test_code_that_a_file_would_have_to_run_is_left_out():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert made._model(model)["model"] == ""
