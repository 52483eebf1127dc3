"""The status item in a real JupyterLab: a kernel writes its state file, the page shows it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.contrast import worst_contrast

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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
tell([context], [run])
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


def test_the_status_item_follows_the_kernel_of_the_notebook(lab):
    item = lab.page.locator(".jp-ZooLab-Status")
    lab.open_notebook([WRITE_STATE, TELL_CONTEXT, TELL_RUN_AND_STAY_BUSY, TELL_STOPPED])
    lab.run_cell(0)
    lab.wait_until_done(0)
    expect(item).to_be_hidden()

    lab.run_cell(1)
    expect(item).to_have_text("zoo_lab: local[2] · 2 slots · warm", timeout=30_000)
    expect(item).to_have_attribute("title", re.compile("1 executor, 2 slots, 4g memory"))
    lab.picture("status_item_warm")

    lab.run_cell(2)
    expect(item).to_have_text("zoo_lab: local[2] · 2 slots · epoch 2/5 · 41 s left", timeout=30_000)
    lab.picture("status_item_running")
    assert lab.page.evaluate(POST_STOP, [lab.kernel_id(), "r1"]) == 202  # the kernel is busy and hears it all the same
    expect(lab.output(2)).to_contain_text("asked to [{'action': 'stop', 'run': 'r1'}]", timeout=30_000)

    lab.run_cell(3)
    expect(item).to_be_hidden(timeout=30_000)


def test_each_notebook_shows_its_own_kernel(lab):
    item = lab.page.locator(".jp-ZooLab-Status")
    lab.open_notebook(["1 + 1"], name="plain.ipynb")
    lab.open_notebook([WRITE_STATE + TELL_CONTEXT], name="with_context.ipynb")
    lab.run_all()
    expect(item).to_contain_text("local[2]", timeout=30_000)
    lab.page.evaluate("window.jupyterapp.commands.execute('docmanager:open', { path: 'plain.ipynb' })")
    expect(item).to_be_hidden(timeout=30_000)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_the_status_item_is_legible_in_every_theme(lab, theme):
    lab.open_notebook([WRITE_STATE + TELL_CONTEXT])
    lab.use_theme(theme)
    lab.run_all()
    item = lab.page.locator(".jp-ZooLab-Status")
    expect(item).to_contain_text("warm", timeout=30_000)
    lab.picture(f"status_item_{theme.removeprefix('JupyterLab ').replace(' ', '_').lower()}")
    ratio, text = worst_contrast(item)
    assert ratio >= 4.5, text  # WCAG AA
