"""The status item in a real JupyterLab: a kernel writes its state file, the page shows it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import fresh_page
from tests.browser.legible import check_themes

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=4)]

WRITE_STATE = """
import time
from pathlib import Path
import ipykernel
from zoo_lab.core import kernelstate

connection = Path(ipykernel.get_connection_file())
folder, kernel = connection.parent / "zoo_lab", connection.stem.removeprefix("kernel-")
context = {"app": "digits", "master": "local[2]", "executors": 1, "slots": 2, "memory": "4g", "state": "warm",
           "ui": "http://127.0.0.1:4040"}
run = {"id": "r1", "name": "lenet", "state": "running", "iteration": 30, "iterations": 100, "epoch": 2, "epochs": 5,
       "loss": 0.25, "samples_per_second": 1234.5, "eta_seconds": 41}

def tell(contexts, runs=()):
    state = {"version": 1, "kernel": kernel, "updated": time.time(), "contexts": contexts, "runs": list(runs)}
    kernelstate.write_state(folder, kernel, state)
"""
TELL_CONTEXT = "tell([context])"
TELL_RUN_AND_STAY_BUSY = """
executor = {"id": "driver", "host": "localhost", "cores": 2, "busy": 1, "memory": 2 << 30, "memory_used": 0}
tell([{**context, "usage": {"jobs": 1, "executors": [executor]}}], [run])
while not (taken := kernelstate.take_requests(folder, kernel)):
    time.sleep(0.1)
print("asked to", taken)
"""
TELL_STOPPED = 'tell([{**context, "state": "stopped"}])'

POST_STOP = """async ([kernel, run]) => {
    const settings = window.jupyterapp.serviceManager.serverSettings;
    const xsrf = document.cookie.match(/_xsrf=([^;]*)/)[1];
    const answer = await fetch(`${settings.baseUrl}zoo-lab/api/kernels/${kernel}/requests`, {
        method: 'POST', body: JSON.stringify({ action: 'stop', run }), headers: { 'X-XSRFToken': xsrf }
    });
    return answer.status;
}"""


@pytest.fixture(scope="module")
def lab(chromium, jupyterlab):
    """A page with a notebook whose kernel can tell of a context and of a run."""
    with fresh_page(chromium, jupyterlab) as page:
        page.open_notebook([WRITE_STATE, TELL_CONTEXT, TELL_RUN_AND_STAY_BUSY, TELL_STOPPED], name="status.ipynb")
        page.run_cell(0)
        page.wait_until_done(0)
        yield page


@pytest.fixture
def item(lab):
    return lab.page.locator(".jp-ZooLab-Status")


def test_it_follows_the_kernel_and_reaches_it_while_it_is_busy(lab, item):
    expect(item).to_be_hidden()

    lab.run_cell(1)
    expect(item).to_have_text("zoo_lab: local[2] · 2 slots · warm", timeout=30_000)
    expect(item).to_have_attribute("title", re.compile("1 executor, 2 slots, 4g memory"))

    lab.run_cell(2)
    expect(item).to_have_text("zoo_lab: local[2] · 1/2 slots busy · epoch 2/5 · 41 s left", timeout=30_000)
    lab.picture("status_item_running")
    assert lab.page.evaluate(POST_STOP, [lab.kernel_id(), "r1"]) == 202
    expect(lab.output(2)).to_contain_text("asked to [{'action': 'stop', 'run': 'r1'}]", timeout=30_000)


def test_it_is_legible_in_every_theme(lab, item):
    lab.run_cell(1)
    check_themes(lab, item, ".jp-ZooLab-Status", "status_item", prepare=lambda: expect(item).to_contain_text("warm"))


def test_each_notebook_shows_its_own_kernel(lab, item):
    lab.run_cell(1)
    expect(item).to_contain_text("local[2]", timeout=30_000)
    lab.open_another_notebook(["1 + 1"], name="plain.ipynb")
    expect(item).to_be_hidden(timeout=30_000)
    lab.command("docmanager:open", {"path": "status.ipynb"})
    expect(item).to_contain_text("local[2]", timeout=30_000)


def test_it_hides_when_the_context_is_stopped(lab, item):
    lab.run_cell(3)
    expect(item).to_be_hidden(timeout=30_000)
