from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from PIL import Image

from tests.widgets.recorded import PARTS
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.runlog import RunLog
from zoo_lab.widgets import comparison, exports
from zoo_lab.widgets.runfiles import list_runs, read_run


@pytest.fixture
def runs(tmp_path, recorded):
    for name, steps in (("a", 20), ("b", 10)):
        log = RunLog(tmp_path / f"{name}.jsonl")
        for event in recorded(run=name, epochs=2, steps=steps):
            log(event)
        log.close()
    return sorted(list_runs(tmp_path)[0], key=lambda run: run.path.name)


def test_the_csv_has_each_iteration_and_what_its_epoch_gave(runs):
    rows = list(csv.DictReader(io.StringIO(exports.as_csv(runs))))
    assert len(rows) == 40 + 20
    assert [float(row["loss"]) for row in rows[:40]] == pytest.approx(list(runs[0].curves.values["loss"]))
    ends = [row for row in rows if row["val_loss"]]
    assert [row["iteration"] for row in ends] == ["20", "40", "10", "20"]
    assert set(PARTS) <= set(rows[0])


def test_the_png_is_a_picture(runs):
    with Image.open(io.BytesIO(exports.as_png(runs))) as picture:
        assert picture.size == (1640, 640)
        assert len(picture.convert("RGB").getcolors(1_000_000)) > 20


def test_the_page_holds_all_that_it_needs_and_asks_for_nothing(runs):
    page = exports.as_page(runs)
    [records] = re.findall(r'<script id="zoo-records" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert [record["run"] for record in json.loads(records)] == ["a", "b"]
    assert not re.findall(r"""(?:src|href)=|@import|url\((?!#)|import .* from""", page)
    assert page.count("</script>") == 2
    assert 'class="zoo-run"' in page


def test_a_name_cannot_break_out_of_the_page(runs):
    evil = [type(run)(run.path, run.curves, "</script><script>alert(1)</script>") for run in runs]
    assert "<script>alert" not in exports.as_page(evil)


def test_the_picture_of_two_runs_has_both_with_their_legend(runs):
    svg = comparison.picture(runs)
    assert svg.count('class="key ') == 2
    assert svg.count('class="line s0"') == svg.count('class="line s1"') == 2  # loss and accuracy


def test_the_differences_leave_out_what_is_the_same(runs):
    table = comparison.differences(runs)
    assert table["rows"] == [2560, 1280]
    assert "batch_size" not in table
    assert comparison.differences(runs, everything=True)["batch_size"] == [128, 128]


def test_the_learning_rate_that_a_run_began_with_is_one_of_its_settings(runs, tmp_path, recorded):
    first, *rest = recorded(run="c", epochs=2, steps=10)
    log = RunLog(tmp_path / "c.jsonl")
    for event in (replace(first, knobs={"learning_rate": 0.01}), *rest):
        log(event)
    log.close()
    assert comparison.differences([runs[1], read_run(log.path)])["learning_rate"] == [None, 0.01]


def test_a_folder_that_is_not_there_is_named(runs, tmp_path):
    with pytest.raises(ArgumentError, match="nowhere"):
        exports.export(runs, tmp_path / "nowhere" / "x.csv")
