from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import pytest

from zoo_lab.core.events import EpochDone, RunStopped
from zoo_lab.widgets import twin
from zoo_lab.widgets.curves import Curves

SVG = "{http://www.w3.org/2000/svg}"


def follow(events):
    curves = Curves("run-1")
    for event in events:
        curves.add(event)
    return curves


def test_the_bundle_has_a_picture_words_and_the_run(recorded):
    bundle = twin.bundle(follow(recorded()))
    assert set(bundle) == {"image/svg+xml", "text/plain", "application/vnd.zoo-lab.run+json"}


def test_the_picture_is_well_formed_and_stands_alone(recorded):
    picture = twin.picture(follow(recorded()))
    root = ElementTree.fromstring(picture)
    assert root.tag == f"{SVG}svg"
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in picture


def test_the_picture_has_curves_marks_and_a_title(recorded):
    root = ElementTree.fromstring(twin.picture(follow(recorded())))
    classes = [path.get("class") for path in root.iter(f"{SVG}path")]
    assert {"line s0", "faint s0", "dashed s0", "line s1"} <= set(classes)
    assert len(list(root.iter(f"{SVG}circle"))) == 3
    assert root.find(f"{SVG}title").text.startswith("digits: Finished")


def test_names_cannot_break_the_picture(recorded):
    curves = follow(recorded())
    curves.add(RunStopped(run="run-1", reason="failed", iterations=1, seconds=1.0, message='<b>"a" & b</b>'))
    ElementTree.fromstring(twin.picture(curves))


@pytest.mark.parametrize("steps", [1, 20, 30_000])
def test_the_picture_stays_small_whatever_the_length(recorded, steps):
    bundle = twin.bundle(follow(recorded(epochs=1, steps=steps)))
    assert len(bundle["image/svg+xml"]) < 40_000
    assert len(json.dumps(bundle[twin.RUN_MIME])) < 40_000


def test_nothing_is_blank_before_the_first_iteration(recorded):
    assert "no values yet" in twin.picture(Curves("run-1"))
    assert "shipping the model" in twin.picture(follow(recorded()[:1]))


def test_the_words_hold_every_epoch(recorded):
    words = twin.words(follow(recorded(epochs=3)))
    assert words.splitlines()[0].startswith("digits: Finished after 60 iterations")
    assert [line.split()[0] for line in words.splitlines()[-3:]] == ["1", "2", "3"]


def test_the_record_is_plain_json_with_settings_and_curves(recorded):
    record = json.loads(json.dumps(twin.record(follow(recorded())), allow_nan=False))
    assert record["settings"]["batch_size"] == 128
    assert record["epochs"]["iteration"] == [20, 40, 60]
    assert len(record["curves"]["loss"]) == len(record["curves"]["iteration"]) == 60


def test_a_loss_that_is_not_finite_leaves_a_gap(recorded):
    curves = follow(recorded())
    curves.values["loss"][5] = math.nan
    assert twin.record(curves)["curves"]["loss"][5] is None
    assert "nan" not in twin.picture(curves)


def test_epochs_of_a_resumed_run_keep_their_numbers(resumed):
    events = resumed(done=40, more=20, told_again=False)
    [_, _, last] = [event for event in resumed(done=60, more=0) if isinstance(event, EpochDone)]
    assert "2/3 epochs" in twin.picture(follow(events))
    words = twin.words(follow([*events, last])).splitlines()
    assert "3/3 epochs" in words[2]
    assert [line.split()[0] for line in words[3:]] == ["epoch", "3"]
    assert twin.record(follow([*events, last]))["epochs"]["epoch"] == [2]


def test_the_record_holds_where_the_time_went_row_by_row(recorded):
    record = twin.record(follow(recorded(epochs=3, steps=500)), points=100)
    assert len(record["timing"]["compute"]) == len(record["curves"]["iteration"]) == 100
    assert set(record["timing"]["slowest"]) <= {0.0, 1.0}
    assert record["timing"]["compute"][50] == pytest.approx(0.0375)
    assert len(json.dumps(record)) < 12_000


def test_a_run_that_nobody_timed_has_no_times(recorded):
    assert twin.record(follow(recorded(parts={})))["timing"] == {}
