import dataclasses
import json
import math

import numpy as np
import pytest

from zoo_lab.core.events import (
    BatchHandled,
    BatchRejected,
    BranchedFrom,
    BranchStarted,
    CheckpointSaved,
    EpochDone,
    Event,
    IterationDiscarded,
    IterationDone,
    KnobRefused,
    KnobTurned,
    Notice,
    RunContinued,
    RunMade,
    RunPaused,
    RunRewound,
    RunStarted,
    RunStopped,
    SamplesWatched,
    WatchStarted,
    WeightsKept,
    WorkerLost,
)

EXAMPLES = [
    RunStarted(
        run="r", name="n", model="m", parameters=1, rows=2, batch_size=3, epochs=4, steps_per_epoch=5, workers=6,
        sync="shared", seed=7, metrics=("accuracy",), validation=True, iterations=19,
    ),
    RunMade(run="r", arguments={"epochs": "2"}, written={"data": "(x, y)"}, model="{}", versions={"keras": "3"}),
    IterationDone(
        run="r", iteration=1, epoch=0, step=1, loss=0.5, rows=3, seconds=0.1, metrics={"a": 1.0}, parts={"read": 0.1}
    ),
    IterationDiscarded(run="r", iteration=2, epoch=0, step=2, rows=1, dropped={"1": 2}, seconds=0.1),
    EpochDone(run="r", epoch=0, iteration=1, logs={"loss": 0.5}, seconds=1.0),
    WorkerLost(run="r", iteration=1, reason="gone", attempt=1),
    BatchRejected(run="r", iteration=1, epoch=0, step=1, loss=2.0, reason="x"),
    BatchRejected(
        run="r", iteration=1, epoch=0, step=1, loss=2.0, reason="x", kind="spike", rows=(3,), workers=(0,), partitions=(1,),
        shown=({"row": 3, "loss": 9.0, "inputs": "1, 2", "targets": "0", "picture": ""},), asks=True,
    ),
    BatchHandled(run="r", iteration=1, choice="quarantine", rows=(3, 4)),
    CheckpointSaved(run="r", iteration=7, path="saved/iteration-000000007"),
    RunPaused(run="r", iteration=3),
    RunContinued(run="r", iteration=3),
    KnobTurned(run="r", iteration=3, knob="learning_rate", value=0.01, before=0.1),
    KnobRefused(run="r", knob="clipnorm", reason="Expected clipnorm to be 0 (off) or above; received -1."),
    WatchStarted(
        run="r", kind="classes", source="validation", samples=({"label": "3", "inputs": "0, 1", "picture": ""},)
    ),
    SamplesWatched(run="r", iteration=7, predictions=(((3, 0.9), (1, 0.1)), ((0, 0.6),))),
    WeightsKept(run="r", iteration=20, first=10, nbytes=300),
    BranchStarted(run="r", iteration=20, branch="b", name="gentle"),
    BranchedFrom(run="b", iteration=20, parent="r", name="n", path="runs/r.jsonl"),
    RunRewound(run="r", iteration=20),
    Notice(run="r", text="note"),
    RunStopped(run="r", reason="finished", iterations=1, seconds=2.0),
]  # fmt: skip


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_survives_json(event):
    assert Event.from_dict(json.loads(json.dumps(event.to_dict()))) == event


def test_there_is_an_example_of_every_kind():
    assert {type(event).__name__ for event in EXAMPLES} == set(Event.kinds)


def test_events_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        EXAMPLES[0].rows = 3


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_json_lacks_survive_strict_json(value):
    text = json.dumps(
        BatchRejected(run="r", iteration=1, epoch=0, step=1, loss=value, reason="").to_dict(), allow_nan=False
    )
    assert repr(Event.from_dict(json.loads(text)).loss) == repr(value)


def test_numpy_values_become_plain_ones():
    logs = {"loss": np.float32(0.5), "f1": np.array([0.25, math.nan]), "count": np.int64(3)}
    text = json.dumps(EpochDone(run="r", epoch=0, iteration=1, logs=logs, seconds=1.0).to_dict(), allow_nan=False)
    back = Event.from_dict(json.loads(text)).logs
    assert back["loss"] == 0.5
    assert back["count"] == 3
    assert back["f1"][0] == 0.25
    assert math.isnan(back["f1"][1])


def test_fields_of_later_versions_are_ignored():
    later = {**EXAMPLES[-1].to_dict(), "colour": "red"}
    assert Event.from_dict(later) == EXAMPLES[-1]


def test_time_is_noted_by_itself():
    assert Notice(run="r", text="").time <= Notice(run="r", text="").time
