"""Knobs turned in mid-run: Keras with an optimizer, or a chain, that was changed at the same iteration is the measure."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest

import zoo_lab
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import dense, table
from tests.train.test_augmentation import BATCH, CHAIN, LABELS, PICTURES, classifier, image_set, made, named
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import KnobRefused, KnobTurned, Notice
from zoo_lab.feature.image import (
    ImageColorJitter,
    ImageFeature,
    ImageHFlip,
    ImageMatToTensor,
    ImageRandomCrop,
    ImageRandomPreprocessing,
    ImageRandomRotation,
)
from zoo_lab.feature.image.strength import _RULES, at_strength
from zoo_lab.feature.preprocessing import ChainedPreprocessing
from zoo_lab.train import Checkpoints, EveryIterations
from zoo_lab.train.batches import batch_rows, epoch_order
from zoo_lab.train.display import obey
from zoo_lab.train.knobs import check_turn

X, Y = table(100)
STRATEGIES = ("shared", "collect", "sliced")


def train_turning(train, model, data, turns, **arguments):
    """Train in the background; `turns` says what is turned after which epoch: epoch → {knob: value}."""
    runs, known = [], threading.Event()

    def turn(epoch, logs):
        for knob, value in turns.get(epoch, {}).items():
            runs[0].turn(knob, value)

    hook = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: known.wait(60), on_epoch_end=turn)
    runs.append(train(model, data, callbacks=[hook], background=True, **arguments))
    known.set()
    return runs[0].wait(90)


@pytest.mark.slow
@pytest.mark.parametrize("sync", STRATEGIES)
def test_clipping_turned_on_over_and_off_gives_the_weights_of_keras(train, sync):
    model, reference = twin(lambda: dense(keras.optimizers.SGD(0.1, momentum=0.5)))
    turns = {0: {"clipnorm": 0.05}, 1: {"clipnorm": 0, "clipvalue": 0.01}, 2: {"clipvalue": 0}}
    usual = {"batch_size": 25, "shuffle": False, "epochs": 4, "sync": sync}
    run = train_turning(train, model, (X, Y), turns, **usual)
    clipping = [{}, {"clipnorm": 0.05}, {"clipvalue": 0.01}, {}]
    for step in range(16):
        reference.optimizer.clipnorm = clipping[step // 4].get("clipnorm")
        reference.optimizer.clipvalue = clipping[step // 4].get("clipvalue")
        if step % 4 == 0:
            reference.make_train_function(force=True)  # else Keras goes on with what it traced
        reference.train_on_batch(X[25 * (step % 4) :][:25], Y[25 * (step % 4) :][:25])
    assert largest_difference(model, reference) < 1e-5  # sums of 25 rows in two parts, in float32
    turned = [(event.iteration, event.knob, event.value) for event in run.events if isinstance(event, KnobTurned)]
    assert turned == [(4, "clipnorm", 0.05), (8, "clipnorm", 0), (8, "clipvalue", 0.01), (12, "clipvalue", 0)]


def test_a_rate_turned_in_mid_group_ends_the_group(train):
    model, reference = twin(lambda: dense(keras.optimizers.Adam(0.01)))
    runs, known = [], threading.Event()

    def listen(event):
        if getattr(event, "iteration", 0) == 6 and known.wait(60):
            runs[0].turn("learning_rate", 0.001)

    usual = {"batch_size": 5, "shuffle": False, "iterations_per_job": 10}
    runs.append(train(model, (X, Y), listeners=[listen], background=True, **usual))
    known.set()
    [turned] = [event for event in runs[0].wait(60).events if isinstance(event, KnobTurned)]
    assert 6 <= turned.iteration <= 10
    for step in range(20):
        reference.optimizer.learning_rate = 0.01 if step < turned.iteration else 0.001
        reference.train_on_batch(X[5 * step :][:5], Y[5 * step :][:5])
    assert largest_difference(model, reference) < 1e-5


def test_a_long_group_does_not_keep_a_knob_waiting(train):
    wide = keras.Sequential([keras.Input((X.shape[1],)), *(keras.layers.Dense(1500) for _ in range(3))])
    model = keras.Sequential([wide, keras.layers.Dense(Y.shape[1] if Y.ndim > 1 else 1)])
    model.compile("adam", "mse")
    runs, known = [], threading.Event()

    def listen(event):
        if getattr(event, "iteration", 0) == 3 and known.wait(60):
            runs[0].turn("learning_rate", 1e-5)

    usual = {"batch_size": 1, "iterations_per_job": 100, "sync": "shared"}
    runs.append(train(model, (X, Y), listeners=[listen], background=True, **usual))
    known.set()
    run = runs[0].wait(90)
    [turned] = [event for event in run.events if isinstance(event, KnobTurned)]
    assert 3 <= turned.iteration < 90
    assert run.iterations == 100


def test_what_is_due_turns_by_itself_at_that_iteration_also_in_mid_group(train):
    model, reference = twin(lambda: dense(keras.optimizers.SGD(0.1, momentum=0.5)))
    turns = {0: {"learning_rate": 0.05}, 7: {"clipnorm": 0.02}, 13: {"clipnorm": 0, "learning_rate": 0.01}}
    run = train(model, (X, Y), turns=turns, batch_size=5, shuffle=False, iterations_per_job=10)
    told = [(event.iteration, event.knob) for event in run.events if isinstance(event, KnobTurned)]
    assert told == [(0, "learning_rate"), (7, "clipnorm"), (13, "clipnorm"), (13, "learning_rate")]
    for step in range(20):
        reference.optimizer.learning_rate = 0.05 if step < 13 else 0.01
        reference.optimizer.clipnorm = 0.02 if 7 <= step < 13 else None
        if step in (0, 7, 13):
            reference.make_train_function(force=True)
        reference.train_on_batch(X[5 * step :][:5], Y[5 * step :][:5])
    assert largest_difference(model, reference) < 1e-5


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        ({-1: {"learning_rate": 1}}, "a dict of iterations done"),
        ([1], "a dict of iterations done"),
        ({1: {"learning_rates": 1}}, "Did you mean 'learning_rate'"),
        ({1: {"clipnorm": 1}, 2: {"clipvalue": 1}}, "one way of clipping; clipnorm is on"),
    ],
)
def test_turns_that_cannot_be_are_refused_before_anything_starts(train, tmp_path, turns, told):
    with pytest.raises(ArgumentError, match=told):
        train(dense(), (X, Y), turns=turns)
    assert not list(tmp_path.glob("*.jsonl"))


@pytest.mark.parametrize("sync", STRATEGIES)
def test_another_strength_draws_less_far_from_the_next_iteration_on(train, sync):
    model, reference = twin(classifier)
    usual = {"batch_size": BATCH, "epochs": 2, "seed": 5, "sync": sync}
    run = train_turning(train, model, image_set().transform(CHAIN), {0: {"augmentation_strength": 0.25}}, **usual)
    features = named(PICTURES)
    for epoch, strength in enumerate((1, 0.25)):
        x = np.stack([CHAIN(feature.seeded(5, epoch, strength)).tensor for feature in features])
        for step in range(3):
            rows = batch_rows(epoch_order(len(x), 5, epoch), BATCH, step)
            reference.train_on_batch(x[rows], LABELS[rows])
    assert largest_difference(model, reference) < 1e-5
    assert np.abs(x - made(CHAIN, features, 5, 1)).max() > 0
    [told] = [event.text for event in run.events if isinstance(event, Notice)]
    assert told.startswith("The strength does not change ImageRandomCrop:")


def test_what_was_turned_holds_in_a_run_that_goes_on_from_a_checkpoint(train, tmp_path):
    whole, again = twin(classifier)
    data = image_set().transform(CHAIN)
    saving = Checkpoints(tmp_path / "saved", every=EveryIterations(5), keep=None)
    usual = {"batch_size": BATCH, "epochs": 3, "seed": 5}
    train_turning(train, whole, data, {0: {"augmentation_strength": 0.5}}, checkpoint=saving, **usual)
    resumed = train(again, data, resume=tmp_path / "saved" / "iteration-000000005", **usual)
    assert largest_difference(whole, again) == 0
    assert resumed.knobs["augmentation_strength"] == 0.5


def test_strength_zero_changes_nearly_nothing_and_one_nothing_at_all():
    image = ImageFeature(uri="a.png", mat=PICTURES[0])
    chain = ChainedPreprocessing(
        [ImageColorJitter(), ImageRandomRotation(-30, 30), ImageRandomPreprocessing(ImageHFlip(), 0.9)]
    )
    assert np.abs(chain(image.seeded(1, 0, 0.0)).mat.astype(int) - PICTURES[0]).max() <= 1
    np.testing.assert_array_equal(chain(image.seeded(1, 0, 1.0)).mat, chain(image.seeded(1)).mat)
    half, whole = (dict(chain(image.seeded(1, 0, strength)).draws) for strength in (0.5, 1.0))
    assert half["ImageRandomRotation"]["degrees"] == pytest.approx(whole["ImageRandomRotation"]["degrees"] / 2)
    crop = ImageRandomCrop(4, 4)
    assert at_strength(crop, 0.5) is crop


@pytest.mark.parametrize("name", sorted(_RULES))
@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0, 10.0])
def test_every_step_takes_the_arguments_of_any_strength(name, strength):
    from zoo_lab.feature import image

    needed = {"ImageRandomPreprocessing": (ImageHFlip(), 0.5), "ImageRandomResizedCrop": (8, 8)}
    ranges = {"Contrast": (0.5, 1.5), "ImageSaturation": (0.5, 1.5), "ImageRandomAffine": (20,)}
    plain = {"ImageBrightness": (-9, 9), "ImageHue": (-9, 9), "ImageRandomRotation": (-9, 9)}
    arguments = {**needed, **ranges, **plain}.get(name, ())
    step = at_strength(getattr(image, name)(*arguments), strength)
    picture = step(ImageFeature(uri="a", mat=PICTURES[1]).seeded(3))
    assert picture.is_valid


def test_wrong_values_are_refused_and_told_where_they_were_typed(train):
    run = train(dense(), (X, Y), batch_size=50)
    for knob, value, reason in [
        ("clipnorm", -1, "0 .off. or above"),
        ("learning_rate", 0, "above 0"),
        ("learning_rate", float("nan"), "above 0"),
        ("augmentation_strength", 0.5, "to be one of"),
        ("clipnrm", 1, "Did you mean 'clipnorm'"),
    ]:
        with pytest.raises(ArgumentError, match=reason):
            run.turn(knob, value)
    heard = []
    run.stream.subscribe(heard.append)
    obey(run, {"action": "knob", "run": run.id, "knob": "learning_rate", "value": "-3"})
    obey(run, {"action": "knob", "run": run.id, "knob": "learning_rate", "value": "fast"})
    assert [type(event) for event in heard] == [KnobRefused, KnobRefused]
    assert heard[0].reason == "Expected learning_rate to be above 0; received -3.0."


def test_one_way_of_clipping_at_a_time():
    with pytest.raises(ArgumentError, match="clipvalue is on. Set it to 0 first"):
        check_turn("clipnorm", 1, {"clipnorm": 0, "clipvalue": 2})
    with pytest.raises(ArgumentError, match="from 0 to 10"):
        check_turn("augmentation_strength", 11, {"augmentation_strength": 1})
    assert check_turn("clipnorm", 0, {"clipnorm": 1, "clipvalue": 0}) == 0.0


def test_a_chain_s_strength_is_a_knob_only_where_a_step_has_one(train):
    scaled = zoo_lab.FeatureSet.from_numpy(X, Y)
    assert "augmentation_strength" not in train(dense(), scaled, batch_size=50).knobs
    chain = ChainedPreprocessing([ImageRandomCrop(20, 18), ImageMatToTensor(format="NHWC")])
    run = train(classifier((18, 20, 3)), image_set().transform(chain), batch_size=BATCH)
    assert sorted(run.knobs) == ["clipnorm", "clipvalue", "global_clipnorm", "learning_rate"]
    scaled.unpersist()
