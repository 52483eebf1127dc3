from __future__ import annotations

import json
import math

import numpy as np

from zoo_lab.core.events import CheckpointSaved, IterationDone
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.packets import packet


def follow(events):
    curves = Curves("run-1")
    for event in events:
        curves.add(event)
    return curves


def unpack(content, buffers):
    rows = np.frombuffer(buffers[0], "<f4").reshape(len(content["columns"]), content["count"])
    epochs = np.frombuffer(buffers[1], "<f4").reshape(len(content["epochColumns"]), content["epochCount"])
    return dict(zip(content["columns"], rows, strict=True)), dict(zip(content["epochColumns"], epochs, strict=True))


def test_a_delta_holds_only_what_is_new(recorded):
    curves = follow(recorded())
    content, buffers = packet(curves, start=57, epoch_start=2)
    rows, epochs = unpack(content, buffers)
    assert rows["iteration"].tolist() == [58, 59, 60]
    assert epochs["iteration"].tolist() == [60]
    assert np.allclose(rows["loss"], curves.values["loss"][57:], rtol=1e-6)


def test_many_small_deltas_together_are_the_history(recorded):
    curves = Curves("run-1")
    parts, start = [], 0
    for event in recorded():
        curves.add(event)
        parts.append(unpack(*packet(curves, start))[0]["loss"])
        start = len(curves)
    whole = unpack(*packet(curves, reset=True))[0]["loss"]
    assert np.array_equal(np.concatenate(parts), whole)


def test_each_iteration_brings_its_own_slowest_worker_and_split(recorded):
    content, buffers = packet(follow(recorded(seconds=0.05)), start=57)
    slowest, schedule, compute = np.frombuffer(buffers[2], "<f4").reshape(3, 3)
    assert content["timingColumns"] == ["slowest", "schedule", "compute"]
    assert slowest.tolist() == [0, 1, 0]
    assert np.allclose(schedule, 0.0125)
    assert np.allclose(compute, 0.0375)


def test_two_thousand_steps_of_three_columns_take_24_kilobytes(recorded):
    _, buffers = packet(follow(recorded(epochs=1, steps=2000)), reset=True)
    assert len(buffers[0]) == 2000 * 3 * 4


def test_a_packet_before_the_first_event_is_empty_but_says_so():
    content, buffers = packet(Curves("run-1"))
    assert (content["count"], content["epochCount"], buffers) == (0, 0, [b"", b"", b"", b""])
    assert content["summary"]["status"] == "Preparing the run…"


def test_the_json_part_has_no_number_that_browsers_refuse(recorded):
    events = recorded()[:4]
    strange = {"loss": math.nan, "metrics": {"accuracy": math.inf}, "parts": {"compute": math.nan}}
    values = {"iteration": 4, "epoch": 0, "step": 3, "rows": 1, "seconds": math.inf}
    events.append(IterationDone(run="run-1", **values, **strange))
    json.dumps(packet(follow(events))[0], allow_nan=False)


def test_marks_are_sent_once(recorded):
    curves = follow(recorded()[:5])
    for iteration in (2, 3):
        curves.add(CheckpointSaved(run="run-1", iteration=iteration, path="p"))
    assert packet(curves)[0]["marks"] == curves.marks
    content, _ = packet(curves, start=4, mark_start=1)
    assert (content["markStart"], content["marks"]) == (1, [(3, "checkpoint", "checkpoint saved")])
