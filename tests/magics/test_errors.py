from __future__ import annotations

import re

from zoo_lab.core.errors import ArgumentError, WorkerError
from zoo_lab.core.report import ErrorReport, Frame
from zoo_lab.magics import errors
from zoo_lab.magics.errors import block, message


def test_our_own_errors_show_as_one_line_and_are_real_errors(run_cell, shell):
    printed = run_cell("%zoo_fit model", fails=True)
    assert printed.strip().splitlines() == [
        "ArgumentError: %zoo_fit: 2 arguments are wrong.",
        "  - model: Expected a name that this notebook knows; received 'model'. Run the cell that makes it first.",
        "  - Expected data: a FeatureSet, a Spark DataFrame, an RDD of (x, y), or (x, y) arrays. See %zoo_fit --help.",
    ]


def test_the_user_s_own_errors_stay_whole(run_cell):
    assert "ZeroDivisionError" in run_cell("1 // 0", fails=True)


REPORT = ErrorReport(
    "KeyError",
    "'a' is <b>",
    (Frame("/tmp/1.py", 2, "step", "row['a']", "Cell In[3]"),),
    "worker 1 on node-7",
    "row 70",
    "Mend it.",
    "Traceback: <script>alert(1)</script>",
)


def test_what_is_known_is_one_block_with_the_traceback_folded_and_cannot_break_out_of_it():
    text = block(WorkerError.of(REPORT))
    rows = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert rows == {
        "What": "KeyError: 'a' is &lt;b&gt;",
        "Where": "Cell In[3], line 2, in step: row['a']",
        "Worker": "worker 1 on node-7",
        "Sample": "row 70",
        "What to do": "Mend it.",
    }
    assert "<details><summary>whole traceback</summary><h4>On the worker</h4><pre>Traceback: &lt;script&gt;" in text
    assert "<script>" not in text


def test_its_text_has_the_same_parts():
    assert str(WorkerError.of(REPORT)).splitlines() == [
        "KeyError on worker 1 on node-7, row 70: 'a' is <b>",
        "  Cell In[3], line 2, in step: row['a']",
        "What to do: Mend it.",
    ]


def test_a_notebook_shows_the_block_once_and_not_for_arguments(monkeypatch):
    shown = []
    monkeypatch.setattr(errors, "in_kernel", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    errors.shorten(WorkerError("the batch is odd", "Traceback …"))
    errors.shorten(ArgumentError("no such name"))
    assert len(shown) == 1
    assert "the batch is odd" in shown[0]["text/html"]
    monkeypatch.setattr("zoo_lab.widgets.cell.shows", lambda run: run == "run-1")
    error = WorkerError("the batch is odd")
    error.run = "run-1"  # whose monitor says all of it
    errors.shorten(error)
    assert len(shown) == 1


def test_an_error_on_a_worker_says_how_to_see_all_of_it():
    assert message(WorkerError("the batch is odd")).splitlines() == [
        "WorkerError: the batch is odd",
        "(%zoo_context --debug shows the worker's whole traceback.)",
    ]
