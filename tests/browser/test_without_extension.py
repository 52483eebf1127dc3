"""A JupyterLab without the extension, as VS Code and Colab are: what a notebook shows comes from its kernel alone."""

from __future__ import annotations

import shutil

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import fresh_page
from tests.browser.saved import saved_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=4)]

SHOW = """
from tests.widgets.recorded import record
from zoo_lab.core.stream import EventStream
from zoo_lab.widgets.choose import display_for

events, taken, stream = record(epochs=5, steps=60), [], EventStream()
stream.subscribe(display_for("run-1", on_stop=lambda: taken.append("stop"), on_request=taken.append))
for event in events[:170]:
    stream.emit(event)
"""
END = """
for event in events[170:]:
    stream.emit(event)
print("asked for:", taken)
"""
SAVE = "() => window.jupyterapp.shell.currentWidget.context.save()"
OUR_COMMANDS = "() => window.jupyterapp.commands.listCommands().filter(name => name.startsWith('zoo-lab:'))"
IS_DRAWN = "image => image.complete && image.naturalWidth > 600"


@pytest.fixture(scope="module")
def lab(chromium, jupyterlab):
    own_error = "reading 'kernel'"  # ipywidgets 8.1 throws it for each notebook that is opened without a kernel
    with jupyterlab.without_extension(), fresh_page(chromium, jupyterlab, (own_error,)) as page:
        page.open_notebook([SHOW, END], name="without.ipynb")
        yield page


def save_as(lab, name):
    """Save the notebook, and a copy of it, which the server trusts as it does what it saved itself."""
    lab.page.evaluate(SAVE)
    shutil.copy(lab.server.notebooks / "without.ipynb", lab.server.notebooks / name)


def open_without_kernel(lab, name):
    lab.command("docmanager:open", {"path": name, "kernelPreference": {"shouldStart": False}})
    lab.wait_until_in_front(name)


def test_the_monitor_draws_and_is_used_and_leaves_its_picture_in_the_notebook(lab):
    assert lab.page.evaluate(OUR_COMMANDS) == []
    lab.run_cell(0)
    monitor = lab.output(0).locator(".zoo-monitor")
    expect(monitor.locator(".zoo-status")).to_contain_text("epoch 3/5", timeout=60_000)
    monitor.locator(".zoo-canvas").first.hover()
    expect(monitor.locator(".zoo-tooltip").first).to_contain_text("slowest: worker")
    lab.wait_until_done(0)
    monitor.get_by_role("button", name="Pause").click()
    monitor.get_by_role("button", name="Stop").click()
    lab.picture("without_extension_running", monitor)
    save_as(lab, "without_running.ipynb")

    lab.run_cell(1)
    expect(lab.output(1)).to_contain_text("'action': 'pause'", timeout=30_000)
    expect(lab.output(1)).to_contain_text("'stop'")
    expect(lab.output(0).locator(".jp-RenderedSVG img")).to_be_visible(timeout=30_000)
    expect(monitor).to_have_count(0)
    save_as(lab, "without_finished.ipynb")


@pytest.mark.parametrize("state", ["running", "finished"])
def test_the_notebook_shows_its_picture_again_without_a_kernel(lab, state):
    open_without_kernel(lab, f"without_{state}.ipynb")
    image = lab.output(0).locator("img")
    expect(image).to_be_visible(timeout=30_000)
    lab.page.wait_for_function(IS_DRAWN, arg=image.element_handle())
    expect(lab.output(0).get_by_text("Error displaying widget")).to_be_hidden()
    lab.picture(f"without_extension_saved_{state}")


def test_a_notebook_of_somebody_else_shows_the_run_in_words_until_it_is_trusted(lab):
    nbformat.write(saved_notebook("finished"), lab.server.notebooks / "somebodys.ipynb")
    open_without_kernel(lab, "somebodys.ipynb")
    expect(lab.output(0)).to_contain_text("Finished after 300 iterations", timeout=30_000)
