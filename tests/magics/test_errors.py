from __future__ import annotations

from zoo_lab.core.errors import ArgumentError, WorkerError
from zoo_lab.magics import errors
from zoo_lab.magics.errors import folded, message


def test_our_own_errors_show_as_one_line_and_are_real_errors(run_cell, shell):
    printed = run_cell("%zoo_fit model", fails=True)
    assert printed.strip().splitlines() == [
        "ArgumentError: %zoo_fit: 2 arguments are wrong.",
        "  - model: Expected a name that this notebook knows; received 'model'. Run the cell that makes it first.",
        "  - Expected data: a FeatureSet, a Spark DataFrame, an RDD of (x, y), or (x, y) arrays. See %zoo_fit --help.",
    ]


def test_the_user_s_own_errors_stay_whole(run_cell):
    assert "ZeroDivisionError" in run_cell("1 // 0", fails=True)


def test_all_that_is_known_is_folded_under_one_line_and_cannot_break_out_of_it():
    text = folded(WorkerError("the batch <b> is odd\nmore", "Traceback: <script>alert(1)</script>"))
    assert text.count("<summary><b>WorkerError</b>: the batch &lt;b&gt; is odd · whole traceback</summary>") == 1
    assert "<h4>On the worker</h4><pre>Traceback: &lt;script&gt;" in text
    assert "<script>" not in text
    assert text.endswith("</details>")


def test_a_notebook_shows_it_folded_but_not_for_arguments(monkeypatch):
    shown = []
    monkeypatch.setattr(errors, "in_kernel", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    errors.shorten(WorkerError("the batch is odd", "Traceback …"))
    errors.shorten(ArgumentError("no such name"))
    assert len(shown) == 1
    assert "the batch is odd" in shown[0]["text/html"]


def test_an_error_on_a_worker_says_how_to_see_all_of_it():
    assert message(WorkerError("the batch is odd")).splitlines() == [
        "WorkerError: the batch is odd",
        "(%zoo_context --debug shows the worker's whole traceback.)",
    ]
