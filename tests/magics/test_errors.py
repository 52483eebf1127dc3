from __future__ import annotations

from zoo_lab.core.errors import WorkerError
from zoo_lab.magics.errors import message


def test_our_own_errors_show_as_one_line_and_are_real_errors(run_cell, shell):
    printed = run_cell("%zoo_fit model", fails=True)
    assert printed.strip().splitlines() == [
        "ArgumentError: %zoo_fit: 2 arguments are wrong.",
        "  - model: Expected a name that this notebook knows; received 'model'. Run the cell that makes it first.",
        "  - Expected data: a FeatureSet, a Spark DataFrame, an RDD of (x, y), or (x, y) arrays. See %zoo_fit --help.",
    ]


def test_the_user_s_own_errors_stay_whole(run_cell):
    assert "ZeroDivisionError" in run_cell("1 // 0", fails=True)


def test_an_error_on_a_worker_says_how_to_see_all_of_it():
    assert message(WorkerError("the batch is odd")).splitlines() == [
        "WorkerError: the batch is odd",
        "(%zoo_context --debug shows the worker's whole traceback.)",
    ]
