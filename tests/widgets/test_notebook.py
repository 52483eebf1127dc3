"""A recorded run in a real kernel, without a page: what the notebook file keeps of it."""

from __future__ import annotations

import base64
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from zoo_lab.core.runlog import RunLog

WIDGET = "application/vnd.jupyter.widget-view+json"
CODE = """
import time
from zoo_lab.core.runlog import read_events
from zoo_lab.core.stream import EventStream
from zoo_lab.widgets.choose import display_for

stream = EventStream()
stream.subscribe(display_for("run-1"))
for event in list(read_events(PATH))[:COUNT]:
    stream.emit(event)
time.sleep(WAIT)
print("a line of the user")
"""


def execute(path: Path, count: str, wait: str = "0") -> nbformat.NotebookNode:
    code = CODE.replace("PATH", repr(str(path))).replace("COUNT", count).replace("WAIT", wait)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    project = Path(__file__).resolve().parents[2]
    resources = {"metadata": {"path": str(project)}}
    return NotebookClient(notebook, resources=resources, timeout=180, store_widget_state=False).execute()


@pytest.fixture(scope="module")
def run_file(tmp_path_factory, recorded):
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    log = RunLog(path)
    for event in recorded():
        log(event)
    log.close()
    return path


@pytest.fixture(scope="module")
def finished(run_file):
    return execute(run_file, "None")


@pytest.fixture(scope="module")
def saved_in_mid_run(run_file):
    return execute(run_file, "22", wait="2")  # a twin follows within a second


def outputs(notebook, kind):
    return [output for output in notebook.cells[0].outputs if output.output_type == kind]


def test_the_finished_notebook_holds_the_picture_and_no_widget(finished):
    twin, emptied = outputs(finished, "display_data")
    assert twin.data["image/svg+xml"].startswith("<svg")
    assert WIDGET not in twin.data
    assert WIDGET not in emptied.data
    assert outputs(finished, "stream")[0].text == "a line of the user\n"


def test_a_notebook_saved_in_mid_run_holds_the_newest_twin_beside_the_widget(saved_in_mid_run):
    live, hidden = outputs(saved_in_mid_run, "display_data")
    assert WIDGET in live.data
    assert "epoch 1/3 · step 20/20" in hidden.data["text/plain"]
    assert 'alt="digits: epoch 1/3 · step 20/20' in hidden.data["text/html"]


def pictures(notebook):
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "jupyter-widgets/html-manager" not in page
    return page.count(base64.b64encode(b'<svg xmlns="http://www.w3.org/2000/svg" class="zoo-run"')[:64].decode())


def test_html_made_from_the_finished_notebook_shows_the_picture(finished):
    assert pictures(finished) == 1


def test_html_made_in_mid_run_shows_the_twin(saved_in_mid_run):
    assert pictures(saved_in_mid_run) == 1
