"""The quickstart, executed without a page."""

from __future__ import annotations


import nbformat
import pytest

from tests.notebooks.execute import ROOT, execute
from zoo_lab.cli import find_result

pytestmark = pytest.mark.slow
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    return execute(QUICKSTART, tmp_path_factory.mktemp("quickstart"))


def cell_with(notebook, source):
    [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and source in cell.source]
    return cell


def test_the_digits_are_read(quickstart):
    result = find_result(quickstart)
    assert result["accuracy"] >= 0.95
    assert result["samples_per_second"] > 0


def test_the_training_cell_keeps_the_picture_of_the_run_and_no_widget(quickstart):
    outputs = cell_with(quickstart, "%zoo_fit").outputs
    [twin] = [output for output in outputs if "image/svg+xml" in output.get("data", {})]
    assert "Finished after 320 iterations" in twin.data["text/plain"]
    assert not any("widget" in kind for output in outputs for kind in output.get("data", {}))


def test_the_context_s_cell_shows_a_table_and_nothing_of_the_way_there(quickstart):
    [output] = cell_with(quickstart, "%zoo_context").outputs
    assert "local[2]" in output.data["text/html"]
    assert "state=warm" in output.data["text/plain"]


def test_no_cell_leaves_noise(quickstart):
    texts = [
        output.text for cell in quickstart.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"
    ]
    assert texts == []


def test_the_committed_notebook_holds_no_outputs():
    notebook = nbformat.read(QUICKSTART, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
