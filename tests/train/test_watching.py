"""Samples that are predicted while the model trains: those of Keras' own predict, at a modest rate, and no longer."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest

from tests.train.models import FEATURES, compiled, dense, images, table
from zoo_lab.core.errors import ArgumentError, NumericsError
from zoo_lab.core.events import Notice, SamplesWatched, WatchStarted
from zoo_lab.train.watching import kind_of
from zoo_lab.widgets import twin
from zoo_lab.widgets.curves import Curves

X, Y = table(100)


def watched(run):
    return [event for event in run.events if isinstance(event, SamplesWatched)]


def started(run):
    [event] = [event for event in run.events if isinstance(event, WatchStarted)]
    return event


def test_classes_are_those_that_the_model_predicts_at_the_end(train):
    model = dense()
    run = train(model, (X, Y), batch_size=10, epochs=2, validation_data=(X[50:], Y[50:]), watch=5)
    told = started(run)
    assert (told.kind, told.source, len(told.samples)) == ("classes", "validation", 5)
    assert [sample["label"] for sample in told.samples] == [str(label) for label in Y[50:55]]
    assert told.samples[0]["inputs"].endswith("(12 values)")
    first, last = watched(run)[0], watched(run)[-1]
    assert (first.iteration, last.iteration) == (0, 20)
    shares = model.predict(X[50:55], verbose=0)
    for row, said in zip(shares, last.predictions, strict=True):
        assert said[0][0] == row.argmax()
        assert [share for _class, share in said] == pytest.approx(np.sort(row)[::-1][:3], rel=1e-3)
    assert [event for event in watched(run) if event.iteration > 20] == []


def test_watching_changes_no_bit_and_leaves_no_thread(train):
    plain, seen = dense(), dense()
    seen.set_weights(plain.get_weights())
    before = set(threading.enumerate())
    usual = {"batch_size": 10, "epochs": 3, "seed": 1}
    train(plain, (X, Y), **usual)
    train(seen, (X, Y), watch=8, **usual)
    for one, other in zip(plain.get_weights(), seen.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [thread.name for thread in set(threading.enumerate()) - before if "watch" in thread.name] == []


def test_it_ends_with_a_run_that_raises(train, tmp_path):
    x = X.copy()
    x[35] = np.nan
    heard = []
    with pytest.raises(NumericsError):
        train(dense(), (x, Y), batch_size=10, shuffle=False, watch=2, listeners=[heard.append])
    kinds = [type(event).__name__ for event in heard]
    assert "SamplesWatched" in kinds[: kinds.index("BatchRejected")]
    assert "SamplesWatched" not in kinds[kinds.index("BatchRejected") :]


def test_pictures_are_thumbnails_and_stay_in_the_saved_notebook(train):
    x, y = images(40)
    layers = [keras.layers.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)]
    scores = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    run = train(compiled(keras.Sequential(layers), loss=scores), (x, y), batch_size=20, watch=2)
    told = started(run)
    assert told.source == "training"
    assert all(sample["picture"] and not sample["inputs"] for sample in told.samples)
    assert sum(share for _class, share in watched(run)[-1].predictions[0]) <= 1.001
    curves = Curves(run.id)
    for event in run.events:
        curves.add(event)
    saved = twin.bundle(curves)
    assert saved["image/svg+xml"].count("data:image/png;base64,") == 2
    assert "true → predicted" in saved["text/plain"]
    assert saved[twin.RUN_MIME]["watch"]["samples"][0]["picture"]
    content, buffers = curves.watched.packet(-1, 3)
    assert [sample["buffer"] for sample in content["watch"]["samples"]] == [3, 4]
    assert all(buffer.startswith(b"\x89PNG") for buffer in buffers)
    assert curves.watched.packet(content["watch"]["iteration"], 3) == ({}, [])


def test_numbers_stand_beside_their_targets(train):
    model = compiled(keras.Sequential([keras.layers.Input((FEATURES,)), keras.layers.Dense(1)]), loss="mse")
    y = X[:, :1] * 2
    run = train(model, (X, y), batch_size=50, watch=3)
    assert started(run).kind == "values"
    assert started(run).samples[0]["label"] == f"{y[0, 0]:.4g}"
    said = [row[0] for row in watched(run)[-1].predictions]
    assert said == pytest.approx(model.predict(X[:3], verbose=0)[:, 0], rel=1e-3)


def test_what_cannot_be_shown_says_so_and_trains_on(train):
    inside = [keras.layers.Input((FEATURES,)), keras.layers.Dense(6), keras.layers.Reshape((2, 3))]
    model = compiled(keras.Sequential(inside), loss="mse")
    run = train(model, (X, np.zeros((100, 2, 3), "float32")), batch_size=50, watch=3)
    assert run.state == "finished"
    [notice] = [event.text for event in run.events if isinstance(event, Notice)]
    assert notice.startswith("The samples are not watched: only classes and numbers")
    with pytest.raises(ArgumentError, match="watch to be at most 32; received 33"):
        train(dense(), (X, Y), watch=33)


def test_kinds_are_told_from_outputs_and_targets():
    three = np.full((2, 3), 1 / 3)
    assert kind_of(three, np.eye(3)[:2]) == "classes"
    assert kind_of(three, np.array([[0], [2]])) == "classes"
    assert kind_of(np.array([[0.2], [0.9]]), np.array([0, 1])) == "classes"
    assert kind_of(three, np.array([0.5, 2.0])) == ""
    assert kind_of([three, three], np.array([0, 1])) == ""
    assert kind_of(three, None) == ""
