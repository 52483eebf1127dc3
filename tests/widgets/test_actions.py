"""What a page is told of branches, bad batches and kept weights."""

from __future__ import annotations

import dataclasses
import json
import math
import struct

from tests.widgets.recorded import record
from zoo_lab.core.events import (
    BatchHandled,
    BatchRejected,
    BranchStarted,
    IterationDone,
    KnobRefused,
    RunStopped,
    WeightsKept,
)
from zoo_lab.widgets import twin
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.packets import packet

ROW = {"row": 3, "loss": math.nan, "inputs": "nan", "targets": "1", "picture": ""}
BAD = {"epoch": 0, "step": 1, "loss": math.nan, "reason": "NaN", "rows": (3,), "workers": (0,), "partitions": (1,)}


def recorded():
    curves = Curves("run-1")
    for event in record(epochs=2, steps=20):
        if not isinstance(event, RunStopped):
            curves.add(event)
    return curves


def branch_of(curves, iterations):
    curves.add(BranchStarted(run="run-1", iteration=20, branch="b", name="gentle"))
    done = next(event for event in record(epochs=1, steps=2) if isinstance(event, IterationDone))
    for iteration in iterations:
        curves.add(dataclasses.replace(done, run="b", iteration=iteration, loss=iteration / 10))


def test_a_branch_is_sent_from_where_it_parts_and_only_what_is_new():
    curves = recorded()
    branch_of(curves, [19, 20, 21, 22, 23])
    content, buffers = packet(curves)
    [told] = content["beside"]
    assert (told["name"], told["begin"], told["start"], told["count"]) == ("gentle", 20, 0, 3)
    assert told["columns"][:2] == ["iteration", "loss"]
    assert struct.unpack_from("<3f", buffers[3]) == (21, 22, 23)
    content, buffers = packet(curves, beside={"b": 2})
    assert (content["beside"][0]["start"], content["beside"][0]["count"]) == (2, 1)
    assert struct.unpack_from("<2f", buffers[3]) == (23, struct.unpack("f", struct.pack("f", 2.3))[0])
    assert twin.record(curves)["beside"][0]["curves"]["iteration"] == [21, 22, 23]
    assert ("branch", "branch: gentle") in [mark[1:] for mark in curves.marks]


def test_a_run_is_shown_until_its_branches_are_over():
    curves = recorded()
    branch_of(curves, [21])
    curves.add(RunStopped(run="run-1", reason="finished", iterations=40, seconds=2.0))
    assert (curves.over, curves.all_over) == (True, False)
    curves.add(RunStopped(run="b", reason="finished", iterations=40, seconds=2.0))
    assert curves.all_over
    assert curves.state == "finished"


def test_bad_batches_are_sent_once_as_strict_json_and_asked_about_until_handled():
    curves = recorded()
    curves.add(BatchRejected(run="run-1", iteration=41, shown=(ROW,), asks=True, **BAD))
    content, _ = packet(curves)
    [told] = json.loads(json.dumps(content["rejected"], allow_nan=False))
    assert told["shown"][0]["loss"] is None
    assert content["summary"]["asking"] == 41
    assert packet(curves, rejected_start=1)[0]["rejected"] == []
    curves.add(BatchHandled(run="run-1", iteration=41, choice="quarantine", rows=(3,)))
    summary = packet(curves)[0]["summary"]
    assert (summary["asking"], summary["handled"]) == (None, {"41": "quarantine"})
    assert twin.record(curves)["handled"] == {"41": "quarantine"}
    assert curves.marks[-1][1:] == ("rejected", "quarantine: 1 row")


def test_kept_weights_and_refused_values_are_told():
    curves = recorded()
    for iteration in (10, 20, 30):
        curves.add(WeightsKept(run="run-1", iteration=iteration, first=max(iteration - 10, 10), nbytes=200))
    curves.add(KnobRefused(run="run-1", knob="clipnorm", reason="no"))
    summary = packet(curves)[0]["summary"]
    assert (summary["kept"], summary["keptBytes"]) == ([20, 30], 200)
    assert summary["refused"] == {"knob": "clipnorm", "reason": "no"}
