"""Weights kept in mid-run: a branch without changes computes the bits that the run did; a rewind puts weights back."""

from __future__ import annotations

import gc
import threading
import weakref

import keras
import numpy as np
import pytest

from tests.train.keras_reference import largest_difference, twin
from tests.train.models import dense, table
from zoo_lab.core.errors import ArgumentError, TrainingError
from zoo_lab.core.events import BranchedFrom, BranchStarted, IterationDone, Notice, RunRewound, RunStopped, WeightsKept
from zoo_lab.train import KeepWeights
from zoo_lab.train.display import obey
from zoo_lab.widgets.curves import Curves

X, Y = table(100)
USUAL = {"batch_size": 10, "epochs": 3, "seed": 3}


def with_dropout():
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((12,)),
            layers.Dense(16, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(4, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def losses(run, after=0):
    return [event.loss for event in run.events if isinstance(event, IterationDone) and event.iteration > after]


@pytest.mark.slow
@pytest.mark.parametrize("sync", ["shared", "collect", "sliced"])
def test_a_branch_without_changes_computes_what_the_run_did_to_the_bit(train, sync):
    model = with_dropout()
    run = train(model, (X, Y), sync=sync, keep_weights=KeepWeights(7, 3), validation_data=(X, Y), **USUAL)
    assert run.kept.iterations == (14, 21, 28)
    branch = run.branch(20)
    assert branch.model is not model
    assert largest_difference(model, branch.model) == 0
    assert losses(branch) == losses(run)  # those before are told again
    assert branch.history == run.history
    assert (branch.name, branch.iterations) == (f"{run.name} from 14", 30)
    [told] = [event for event in branch.events if isinstance(event, BranchedFrom)]
    assert (told.iteration, told.parent, told.path) == (14, run.id, str(run.path))


def test_a_branch_from_the_middle_of_a_run_with_groups_goes_on_as_the_run_did(train):
    """Groups end where weights are kept; a run without keeps its groups."""
    run = train(dense(), (X, Y), keep_weights=8, iterations_per_job=6, **USUAL)
    other, _ = twin(dense)
    branch = run.branch(16, iterations_per_job=1, name="single jobs", epochs=4)
    assert (branch.iterations, branch.name, branch.state) == (40, "single jobs", "finished")
    assert losses(branch)[:30] == losses(run)
    kept = [event for event in run.events if isinstance(event, WeightsKept)]
    assert [event.iteration for event in kept] == [8, 16, 24]
    one = 4 * (12 * 16 + 16 + 16 * 4 + 4)  # bytes of the weights; as much for the momentum
    assert 2 * one < kept[0].nbytes < 2 * one + 64
    assert kept[-1].nbytes == run.kept.nbytes == 3 * kept[0].nbytes


def test_a_branch_with_another_rate_is_keras_with_that_rate_from_there_on(train):
    model, reference = twin(lambda: dense(keras.optimizers.SGD(0.1, momentum=0.5)))
    run = train(model, (X, Y), keep_weights=5, shuffle=False, batch_size=10, epochs=2)
    branch = run.branch(10, learning_rate=0.01, clipvalue=0.02)
    assert branch.knobs["learning_rate"] == pytest.approx(0.01)
    for step in range(20):
        if step == 10:
            reference.optimizer.learning_rate = 0.01
            reference.optimizer.clipvalue = 0.02
            reference.make_train_function(force=True)
        reference.train_on_batch(X[10 * (step % 10) :][:10], Y[10 * (step % 10) :][:10])
    assert largest_difference(branch.model, reference) < 1e-5
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    assert largest_difference(branch.model, model) > 1e-3


def test_a_rewind_puts_weights_and_optimizer_back(train):
    model, reference = twin(lambda: dense(keras.optimizers.Adam()))
    run = train(model, (X, Y), keep_weights=KeepWeights(10), **USUAL)
    assert run.rewind(13) == 10
    train(reference, (X, Y), **{**USUAL, "epochs": 1})
    assert largest_difference(model, reference) == 0
    for own, other in zip(model.optimizer.variables, reference.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(own), np.asarray(other))


def test_a_branch_beside_a_run_that_trains_is_drawn_with_it_and_leaves_it_alone(train):
    model, undisturbed = twin(dense)
    runs, curves, known, done = [], [], threading.Event(), threading.Event()

    def listen(event):
        if known.wait(30):
            curves[0].add(event)
        if isinstance(event, IterationDone) and event.iteration == 12:
            request = {"action": "branch", "run": runs[0].id, "iteration": "10", "token": "t"}
            for _way in range(2):  # the server's and the kernel's own
                obey(runs[0], {**request, "changes": '{"learning_rate": 0.001}'})
            done.wait(60)

    usual = {**USUAL, "iterations_per_job": 1, "keep_weights": 5}
    run = train(model, (X, Y), listeners=[listen], background=True, **usual)
    runs.append(run)
    curves.append(Curves(run.id))

    def beside(event):
        curves[0].add(event)
        if isinstance(event, RunStopped):
            done.set()

    run.beside.subscribe(beside)
    known.set()
    run.wait(90)
    [started] = [event for event in run.events if isinstance(event, BranchStarted)]
    other = curves[0].beside[started.branch]
    assert (other.begin, other.iteration[0], other.iteration[-1], other.over) == (10, 11, 30, True)
    assert curves[0].all_over
    assert (10, "branch", f"branch: {started.name}") in curves[0].marks
    train(undisturbed, (X, Y), **usual)
    assert largest_difference(model, undisturbed) == 0


def test_a_page_can_ask_for_a_branch_when_the_run_is_over(train):
    run = train(dense(), (X, Y), keep_weights=5, **USUAL)
    curves, done = Curves(run.id), threading.Event()
    for event in run.events:
        curves.add(event)
    run.stream.subscribe(curves.add)

    def beside(event):
        curves.add(event)
        if isinstance(event, RunStopped):
            done.set()

    run.beside.subscribe(beside)
    request = {
        "action": "branch",
        "run": run.id,
        "iteration": "25",
        "token": "t",
        "changes": '{"learning_rate": 0.001}',
    }
    for _way in range(2):
        obey(run, request)
    assert done.wait(60)
    [other] = curves.beside.values()
    assert list(other.iteration) == [26, 27, 28, 29, 30]
    [told] = [event for event in run.events if isinstance(event, BranchStarted)]  # the file is told of it too
    assert (told.branch, told.iteration) == (other.run, 25)


def test_a_rewind_is_told_in_the_run_file(train):
    run = train(dense(), (X, Y), keep_weights=5, **USUAL)
    run.rewind(12)
    assert run.events[-1].iteration == 10
    assert isinstance(run.events[-1], RunRewound)


def test_what_shows_a_run_that_is_over_keeps_no_weights_but_the_newest_run_s(train):
    usual = {**USUAL, "epochs": 1, "keep_weights": 5, "display": "text"}
    first, second = (weakref.ref(train(dense(), (X, Y), **usual)) for _ in range(2))
    gc.collect()
    assert first() is None
    assert second() is not None


def test_what_cannot_be_is_refused(train):
    plain = train(dense(), (X, Y), batch_size=50)
    with pytest.raises(ArgumentError, match="Train with keep_weights=50"):
        plain.branch(1)
    run = train(dense(), (X, Y), batch_size=10, keep_weights=4)
    with pytest.raises(ArgumentError, match=r"no batch_size(.|\n)*Did you mean 'epochs'"):
        run.branch(8, batch_size=5, epoch=3)
    with pytest.raises(ArgumentError, match="above 0"):
        run.branch(8, learning_rate=-1)
    with pytest.raises(ArgumentError, match="weights are kept: 4, 8; received 3"):
        run.rewind(3)
    with pytest.raises(ArgumentError, match=r"every to be an integer(.|\n)*last to be an integer"):
        KeepWeights(0, -1)
    with pytest.raises(ArgumentError, match="keep_weights to be a number"):
        train(dense(), (X, Y), keep_weights="all")
    heard, told = [], threading.Event()
    run.stream.subscribe(lambda event: (heard.append(event), told.set()))
    obey(run, {"action": "branch", "run": run.id, "iteration": "2", "changes": "{}", "token": "t"})
    assert told.wait(20)
    assert isinstance(heard[0], Notice)
    assert "received 2" in heard[0].text


def test_a_run_that_goes_on_is_not_rewound(train):
    run = train(dense(), (X, Y), batch_size=10, epochs=200, keep_weights=5, background=True)
    with pytest.raises(TrainingError, match="Stop it first"):
        run.rewind(5)
    run.stop()
    run.wait(30)
