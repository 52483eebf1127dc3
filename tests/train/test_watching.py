"""Samples that are predicted while the model trains: those of Keras' own predict, at a modest rate, and no longer."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest

from tests.train.models import FEATURES, compiled, dense, images, linear, table
from zoo_lab.core.errors import ArgumentError, NumericsError
from zoo_lab.core.events import Notice, SamplesWatched, WatchStarted
from zoo_lab.train.watchkinds import kind_of
from zoo_lab.widgets import twin
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.samples import overlap

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
        train(linear(), (x, Y), batch_size=10, shuffle=False, watch=2, listeners=[heard.append])
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


def test_several_numbers_stand_beside_theirs(train):
    inside = [keras.layers.Input((FEATURES,)), keras.layers.Dense(6), keras.layers.Reshape((2, 3))]
    model = compiled(keras.Sequential(inside), loss="mse")
    y = X[:, :6].reshape(100, 2, 3)
    run = train(model, (X, y), batch_size=50, watch=3)
    np.testing.assert_allclose([sample["targets"] for sample in started(run).samples], X[:3, :6], rtol=1e-3)
    said = model.predict(X[:3], verbose=0).reshape(3, 6)
    np.testing.assert_allclose(watched(run)[-1].predictions, said, rtol=1e-3)


def rectangles(count):
    """Return (x, y): a bright rectangle on each dark picture, and its corners as parts of the picture."""
    random = np.random.default_rng(4)
    x = random.uniform(0, 0.2, (count, 24, 32, 1)).astype("float32")
    corners = np.stack([random.integers(0, 14, count), random.integers(0, 10, count)], 1)
    corners = np.hstack([corners, corners + random.integers(8, 14, (count, 2))])
    for picture, (x1, y1, x2, y2) in zip(x, corners, strict=True):
        picture[y1:y2, x1:x2] += 0.8
    return x, (corners / (32, 24, 32, 24)).astype("float32")


def overlaps(predictions, samples):
    pairs = zip(predictions, samples, strict=True)
    return [overlap(row[0][2:], sample["boxes"][0][2:]) for row, sample in pairs]


def test_boxes_move_to_where_they_belong_as_the_model_learns(train):
    layers = keras.layers
    inside = [layers.Input((24, 32, 1)), layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(4)]
    model = compiled(keras.Sequential(inside), keras.optimizers.Adam(0.003), loss="mse")
    x, y = rectangles(600)
    run = train(
        model, (x[:560], y[:560]), batch_size=40, epochs=12, seed=1, validation_data=(x[560:], y[560:]), watch=8
    )
    told = started(run)
    assert (told.kind, told.source) == ("boxes", "validation")
    np.testing.assert_allclose([sample["boxes"][0][2:] for sample in told.samples], y[560:568], rtol=1e-3)
    assert told.samples[0]["aspect"] == pytest.approx(4 / 3)
    first, last = watched(run)[0], watched(run)[-1]
    said = [[row[0][2:] for row in last.predictions]]
    np.testing.assert_allclose(said[0], model.predict(x[560:568], verbose=0), atol=2e-3)
    before, after = (
        np.mean(overlaps(first.predictions, told.samples)),
        np.mean(overlaps(last.predictions, told.samples)),
    )
    assert before < 0.3
    assert after > 0.5
    curves = Curves(run.id)
    for event in run.events:
        curves.add(event)
    saved = twin.bundle(curves)
    assert saved["image/svg+xml"].count('class="box true') == saved["image/svg+xml"].count('class="box s0') == 8
    assert f"overlap with the true boxes): {overlaps(last.predictions, told.samples)[0]:.2f}" in saved["text/plain"]
    content, _buffers = curves.watched.packet(-1, 0)
    assert content["watch"]["samples"][0]["boxes"][0][:2] == ["", None]


def test_what_cannot_be_shown_says_so_and_trains_on(train):
    inside = [keras.layers.Input((FEATURES,)), keras.layers.Dense(90), keras.layers.Reshape((2, 45))]
    model = compiled(keras.Sequential(inside), loss="mse")
    run = train(model, (X, np.zeros((100, 2, 45), "float32")), batch_size=50, watch=3)
    assert run.state == "finished"
    [notice] = [event.text for event in run.events if isinstance(event, Notice)]
    assert notice.startswith("The samples are not watched: only classes, numbers and boxes")
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
