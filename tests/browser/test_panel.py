"""The panel of contexts and runs, and saved runs, in a real JupyterLab behind a hub's prefix; without Spark."""

from __future__ import annotations

import os
import re
import signal

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.lab import fresh_page
from tests.browser.legible import check_themes
from tests.browser.page import PICTURES
from tests.browser.saved import saved_notebook
from tests.widgets.recorded import record
from zoo_lab.core.runlog import RunLog
from zoo_lab.widgets import exports
from zoo_lab.widgets.runfiles import read_run

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=4)]

TELL = """
import time
from tests.widgets.recorded import record
from zoo_lab.core.events import RunContinued, RunPaused, RunStopped
from zoo_lab.widgets.board import kernel_board

board = kernel_board()
executor = {"id": "driver", "host": "localhost", "cores": 2, "busy": 1, "memory": 2 << 30, "memory_used": 700 << 20}
board.set_context("digits", master="local[2]", slots=2, memory="4.0 GB", state="warm", ui="http://127.0.0.1:4040",
                  usage={"jobs": 1, "executors": [executor]})
for event in record(run="old", epochs=3, steps=20):
    board.listen(event)
"""
TRAIN = """
taken = []
for action in ("pause", "resume", "stop"):
    board.on(action, taken.append)
board.add_run("run-1")
for event in record(run="run-1", epochs=5, steps=60)[:170]:
    board.listen(event)
done = 0
while not taken or taken[-1]["action"] != "stop":  # the cell is busy all the while
    for request in taken[done:]:
        kind = {"pause": RunPaused, "resume": RunContinued}[request["action"]]
        board.listen(kind(run=request["run"], iteration=167))
        done += 1
    time.sleep(0.1)
board.listen(RunStopped(run="run-1", reason="stopped", iterations=167, seconds=9.0))
"""
MENUS = {
    "View": "Show Contexts and Runs",
    "Run": "Stop the Run of This Notebook",
    "Kernel": "New Spark Context…",
    "Help": "zoo_lab Quickstart",
}
HAS_PANEL = "window.jupyterapp?.commands.hasCommand('zoo-lab:show-panel')"
IS_RESTORED = "async () => { await window.jupyterapp?.restored; return Boolean(window.jupyterapp); }"


@pytest.fixture(scope="module")
def lab(chromium, hub):
    """A page with a notebook whose third cell trains until it is asked to stop, and with the panel shown."""
    own_error = "reading 'kernel'"  # ipywidgets 8.1 throws it for each notebook that is opened without a kernel
    with fresh_page(chromium, hub, (own_error,)) as page:
        page.open_notebook(["%load_ext zoo_lab", TELL, TRAIN, *["'below'"] * 30], name="panel.ipynb")
        page.run_cell(0)
        page.run_cell(1)
        page.wait_until_done(1)
        page.run_cell(2)
        page.command("zoo-lab:show-panel")
        yield page


@pytest.fixture
def panel(lab):
    return lab.page.locator(".jp-ZooLab-Panel")


def test_it_shows_context_and_runs_of_the_notebook(lab, panel):
    expect(panel.get_by_role("heading", name="panel.ipynb")).to_be_visible(timeout=30_000)
    context = panel.locator(".jp-ZooLab-Card").first
    expect(context).to_contain_text("local[2]")
    expect(context).to_contain_text("warm · 4.0 GB · 1 job runs")
    expect(context.get_by_role("meter", name="Cores in use of driver")).to_have_attribute("aria-valuetext", "1/2 cores")
    expect(context.get_by_role("link")).to_have_attribute("href", f"{lab.server.url}proxy/4040/jobs/")
    running, old = panel.locator(".jp-ZooLab-Run").nth(0), panel.locator(".jp-ZooLab-Run").nth(1)
    expect(running).to_contain_text("running · epoch 3/5 · best val loss")
    expect(running.get_by_role("img", name="Loss of digits so far")).to_be_visible()
    expect(old).to_contain_text("finished")


def test_it_is_legible_and_accessible_in_every_theme(lab, panel):
    panel.locator("summary").click()
    check_themes(lab, panel, ".jp-ZooLab-Panel", "panel")
    panel.locator("summary").click()


def test_a_run_opens_in_a_tab_and_draws_its_curve(lab, panel):
    panel.get_by_role("button", name="Open digits in a tab").first.click()
    tab = lab.page.locator(".jp-ZooLab-RunTab")
    expect(tab.locator(".zoo-status")).to_contain_text("epoch 3/5", timeout=30_000)
    expect(tab.locator(".zoo-canvas").first).to_have_attribute("aria-valuenow", re.compile(r"1\d\d"))
    lab.picture("run_tab")
    assert violations(lab.page, ".jp-ZooLab-RunTab") == []
    lab.command("application:close")
    expect(tab).to_have_count(0)


def test_the_forms_values_become_a_cell(lab, panel):
    panel.get_by_role("button", name="New context…").first.click()
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_label("Master", exact=True).fill("local[2]")
    dialog.get_by_label("Memory", exact=True).fill("4g")
    dialog.get_by_label("Cores", exact=True).fill("two")
    expect(dialog.get_by_text("Expected a whole number from 1 on.")).to_be_visible()
    dialog.get_by_label("Spark properties").fill("spark.ui.port=4050")
    lab.picture("form")
    assert violations(lab.page, ".jp-ZooLab-Form") == []
    dialog.get_by_role("button", name="Insert", exact=True).click()
    active = lab.page.locator(".jp-Cell.jp-mod-active .cm-content")
    expect(active).to_have_text("%zoo_context --master local[2] --memory 4g --conf spark.ui.port=4050")


def test_what_it_does_is_in_the_menus_and_in_the_palette_too(lab):
    bar = lab.page.locator("#jp-MainMenu")
    for menu, item in MENUS.items():
        bar.get_by_role("menuitem", name=menu, exact=True).click()
        expect(lab.page.locator(".lm-Menu").get_by_role("menuitem", name=item, exact=True)).to_be_visible()
        lab.page.keyboard.press("Escape")
    lab.command("apputils:activate-command-palette")
    palette = lab.page.locator(".jp-ModalCommandPalette")
    palette.locator("input").fill("zoo_lab")
    for item in MENUS.values():
        expect(palette.get_by_text(item, exact=True)).to_be_visible()
    lab.page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_a_click_on_a_run_jumps_to_its_cell(lab, panel):
    lab.cell(20).click()
    panel.locator(".jp-ZooLab-Run").first.get_by_role("button", name="digits", exact=True).click()
    expect(lab.cell(2)).to_have_class(re.compile("jp-mod-active"))


@pytest.mark.parametrize(("state", "status"), [("finished", "Finished after 300"), ("running", "epoch 3/5")])
def test_a_saved_notebook_shows_an_interactive_curve_without_a_kernel(lab, state, status):
    nbformat.write(saved_notebook(state), lab.server.notebooks / f"{state}.ipynb")
    lab.command("docmanager:open", {"path": f"{state}.ipynb", "kernelPreference": {"shouldStart": False}})
    lab.wait_until_in_front(f"{state}.ipynb")
    saved = lab.output(0).locator(".jp-ZooLab-SavedRun")
    expect(saved.locator(".zoo-status")).to_contain_text(status, timeout=30_000)
    expect(lab.output(0).locator(".zoo-monitor")).to_have_count(1)
    saved.locator(".zoo-canvas").first.hover()
    expect(saved.locator(".zoo-tooltip").first).to_contain_text("slowest: worker")
    expect(saved.get_by_role("button", name="Stop")).to_be_hidden()
    broken = lab.output(0).locator(".jp-OutputArea-child").first
    expect(broken).to_be_visible() if state == "finished" else expect(broken).to_be_hidden()
    assert violations(lab.page, ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-ZooLab-SavedRun") == []
    lab.picture(f"saved_{state}")


def test_an_exported_page_shows_its_curves_with_no_server_at_all(lab, tmp_path):
    log = RunLog(tmp_path / "saved.jsonl")
    for event in record(run="saved", epochs=2, steps=20):
        log(event)
    log.close()
    path = exports.export([read_run(log.path)], tmp_path / "run.html")
    page = lab.page.context.new_page()
    page.goto(path.as_uri())
    page.locator(".zoo-canvas").first.hover()
    expect(page.locator(".zoo-tooltip").first).to_contain_text("loss")
    page.screenshot(path=PICTURES / "exported.png")
    assert violations(page, "body") == []
    page.close()


@pytest.fixture
def second_tab(lab):
    page = lab.page.context.new_page()
    page.goto(f"{lab.server.url}lab/workspaces/second?token={lab.server.token}")
    page.wait_for_function(IS_RESTORED, timeout=60_000)
    expect(page.locator(".jp-LauncherCard").get_by_text("zoo_lab Quickstart")).to_be_visible()
    page.get_by_role("tab", name="zoo_lab: contexts and runs").click()
    yield page.locator(".jp-ZooLab-Panel")
    page.close()


def test_pause_resume_and_stop_reach_the_busy_kernel(lab, panel):
    lab.command("docmanager:open", {"path": "panel.ipynb"})
    lab.page.reload()  # in mid-run: the panel comes back and still knows the run
    lab.cell(0).wait_for(timeout=60_000)
    lab.page.wait_for_function(HAS_PANEL)
    lab.command("zoo-lab:show-panel")
    run = panel.locator(".jp-ZooLab-Run").first
    run.get_by_role("button", name="Pause digits").click(timeout=30_000)
    expect(run).to_contain_text("paused", timeout=10_000)
    run.get_by_role("button", name="Resume digits").click()
    expect(run).to_contain_text("running", timeout=10_000)
    run.get_by_role("button", name="Stop digits").click()
    expect(run).to_contain_text("stopped", timeout=10_000)


def test_a_second_tab_shows_the_same_and_what_a_killed_kernel_told_is_forgotten(lab, panel, second_tab):
    expect(second_tab.get_by_role("heading", name="panel.ipynb")).to_be_visible(timeout=30_000)
    expect(second_tab.locator(".jp-ZooLab-Run").first).to_contain_text("stopped")
    sessions = lab.server.api("GET", "api/sessions").json
    [kernel] = [session["kernel"]["id"] for session in sessions if session["path"] == "panel.ipynb"]
    os.kill(lab.server.process_of_kernel(kernel), signal.SIGKILL)
    for each in (second_tab, panel):
        expect(each).to_contain_text("No notebook has a context yet", timeout=30_000)
