"""The quickstart in a real JupyterLab: the curve moves, buttons and knobs reach the run, Stop ends it at once."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from tests.jupyter import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=60)]
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"
TRAIN = "--epochs 10 "


@pytest.fixture
def long_quickstart(tmp_path):
    """The quickstart until it trains, for far more epochs than anybody waits for; the last cell prints the run's state.

    What follows in it, with the weights that a run has reached, tests/notebooks executes without a page.
    """
    notebook = nbformat.read(QUICKSTART, as_version=4)
    [index] = [index for index, cell in enumerate(notebook.cells) if TRAIN in cell.source]
    notebook.cells[index].source = notebook.cells[index].source.replace(TRAIN, "--epochs 2000 ")
    notebook.cells[index + 1 :] = [nbformat.v4.new_code_cell("print('state:', run.state, run.iterations)")]
    path = tmp_path / "long.ipynb"
    nbformat.write(notebook, path)
    return path, index


def iteration(monitor: Locator) -> int:
    """Return the iteration that the chart's slider stands at."""
    return int(monitor.locator(".zoo-canvas").first.get_attribute("aria-valuenow") or 0)


def wait_for_iteration(lab, monitor: Locator, least: int) -> None:
    slider = monitor.locator(".zoo-canvas").first
    lab.page.wait_for_function(
        "([element, least]) => Number(element.getAttribute('aria-valuenow')) >= least",
        arg=[slider.element_handle(), least],
        timeout=120_000,
    )


def pause_and_turn(lab, monitor: Locator) -> None:
    """Pause in the panel, change the learning rate, and go on with the monitor's own button; the cell is busy."""
    lab.command("zoo-lab:show-panel")
    panel = lab.page.locator(".jp-ZooLab-Panel")
    run = panel.locator(".jp-ZooLab-Run").first
    expect(run).to_contain_text("running", timeout=30_000)
    expect(panel.get_by_role("meter", name="Cores in use of driver")).to_be_visible(timeout=30_000)
    run.get_by_role("button", name=re.compile("Pause")).click()
    expect(monitor.locator(".zoo-state")).to_have_text("paused", timeout=15_000)
    reached = iteration(monitor)
    lab.picture("quickstart_paused")
    monitor.get_by_label("New learning rate").fill("0.0005")
    monitor.get_by_label("New learning rate").press("Enter")
    monitor.get_by_role("button", name="Resume").click()
    wait_for_iteration(lab, monitor, reached + 1)
    expect(monitor.locator(".zoo-knob[data-knob='learning_rate']")).to_contain_text(
        "learning rate 0.0005", timeout=15_000
    )
    expect(monitor.locator(".zoo-events summary")).to_contain_text(re.compile(r"\d+ events"))


def test_the_quickstart_trains_in_the_page_and_stops_at_once(lab, long_quickstart):
    path, index = long_quickstart
    lab.open_notebook(path, name="long.ipynb")
    lab.run_all()

    monitor = lab.output(index).locator(".zoo-monitor")
    expect(monitor).to_be_visible(timeout=240_000)
    wait_for_iteration(lab, monitor, 5)
    seen = iteration(monitor)
    wait_for_iteration(lab, monitor, seen + 40)
    expect(lab.page.locator(".jp-ZooLab-Status")).to_contain_text(re.compile(r"epoch \d+/2000"), timeout=30_000)
    lab.cell(index).scroll_into_view_if_needed()
    lab.picture("quickstart_training")
    lab.use_theme("JupyterLab Dark")
    lab.picture("quickstart_training_dark")
    lab.use_theme("JupyterLab Light")

    pause_and_turn(lab, monitor)
    monitor.get_by_role("button", name="Stop", exact=True).click()
    expect(lab.output(index + 1)).to_contain_text(re.compile(r"state: stopped \d+"), timeout=10_000)
    reached = int(re.search(r"stopped (\d+)", lab.output(index + 1).text_content())[1])
    assert reached >= seen + 40
    expect(lab.output(index).locator(".jp-ZooLab-SavedRun .zoo-canvas").first).to_be_visible(timeout=30_000)
    lab.picture("quickstart_stopped")

    lab.command("zoo-lab:stop-context")
    lab.page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(lab.page.locator(".jp-ZooLab-Panel").get_by_role("meter")).to_have_count(0, timeout=30_000)
    expect(lab.page.locator(".jp-ZooLab-Status")).to_be_hidden(timeout=30_000)
