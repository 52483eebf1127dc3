"""Workers that wait for each other need all slots; where other jobs hold some, a run goes on without waiting."""

from __future__ import annotations

import threading
import time

import keras
import pytest

from tests.train.keras_reference import largest_difference, twin
from tests.train.models import dense, table
from zoo_lab.core.events import IterationDone, Notice, WorkerLost
from zoo_lab.train.crowding import Crowding


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.mark.parametrize(
    ("present", "running", "found"), [(1, 1, True), (1, 2, False), (2, 2, False), (1, None, False)]
)
def test_only_a_task_without_a_slot_makes_a_crowd(present, running, found):
    clock = Clock()
    crowding = Crowding(2, lambda: running, clock)
    crowding.begin()
    assert not crowding.found(present)
    clock.seconds = 1.5
    assert crowding.found(present) is found
    assert crowding.apart is found
    clock.seconds = 20
    assert not crowding.apart


def hold(seconds):
    def work(rows):
        for _ in rows:
            pass
        time.sleep(seconds)
        yield 1

    return work


def test_a_job_of_somebody_else_that_holds_a_slot_slows_a_run_down_and_changes_nothing(train, context):
    x, y = table(200)
    model, undisturbed = twin(lambda: dense(keras.optimizers.Adam(1e-3)))
    usual = {"batch_size": 10, "epochs": 1, "seed": 3, "iterations_per_job": 5, "sync": "shared"}
    train(undisturbed, (x, y), **usual)
    foreign = context.sc.parallelize([0], 1).mapPartitions(hold(6.0))
    thread = threading.Thread(target=foreign.collect)
    data_run = train(model, (x, y), background=True, **{**usual, "epochs": 200})
    while data_run.iterations < 20:
        time.sleep(0.01)
    before = data_run.iterations
    thread.start()
    time.sleep(4.0)  # it has its slot for two more seconds
    during = data_run.iterations - before
    data_run.stop()
    data_run.wait(30)
    thread.join(30)
    events = data_run.events
    assert during > 5
    assert [event for event in events if isinstance(event, WorkerLost)] == []
    told = [event.text for event in events if isinstance(event, Notice)]
    assert len([text for text in told if "take turns" in text]) == 1
    iterations = [event.iteration for event in events if isinstance(event, IterationDone)]
    assert iterations == list(range(1, data_run.iterations + 1))
    again, _ = twin(lambda: dense(keras.optimizers.Adam(1e-3)))
    train(again, (x, y), **{**usual, "epochs": 200, "max_iterations": data_run.iterations})
    assert largest_difference(model, again) == 0
