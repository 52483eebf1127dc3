"""From the form of %zoo_context to ■, in one kernel: Spark starts, the curve shows at once, the next cell goes on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import fresh_page
from tests.browser.legible import check_here

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=25)]

# The ninth step waits until the page was seen to show an earlier one.
START = """
%load_ext zoo_lab
import time
from pathlib import Path
import keras, numpy as np

class WaitUntilSeen(keras.callbacks.Callback):
    steps = 0
    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        while self.steps == 8 and not Path("seen").exists():
            time.sleep(0.05)

x = np.random.default_rng(0).normal(size=(512, 8)).astype("float32")
y = x.sum(axis=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(1)], name="line")
model.compile("sgd", "mse")
before = model.get_weights()
"""
TRAIN = "%zoo_fit model (x, y) --batch-size 32 --epochs 100000 --callbacks WaitUntilSeen() -o run"
AFTER = """
from zoo_lab.context.current import current_context
moved = any((a != b).any() for a, b in zip(model.get_weights(), before))
counted = current_context().spark.range(7).count()
print("state:", run.state, run.iterations, "- moved:", moved, "- counted:", counted)
"""
FORM = "%load_ext zoo_lab\n%zoo_context --form --memory 1g"
HAS_REACHED = """([element, least]) => {
    const now = Number(element.getAttribute('aria-valuenow'));
    return now >= least && now;
}"""


@pytest.fixture(scope="module")
def lab(chromium, jupyterlab):
    """A page with a notebook of these cells; their kernel has no context yet."""
    with fresh_page(chromium, jupyterlab) as page:
        (jupyterlab.notebooks / "seen").unlink(missing_ok=True)
        page.open_notebook([START, TRAIN, AFTER, FORM], name="first.ipynb")
        yield page


def test_start_in_the_form_starts_the_context_that_its_line_says(lab):
    lab.use_theme("JupyterLab Dark")
    lab.run_cell(3)
    form = lab.output(3).locator(".zoo-form")
    expect(form).to_be_visible(timeout=60_000)
    line = form.locator("code")
    expect(line).to_have_text("%zoo_context --memory 1g")

    form.get_by_label("Master").fill("locale")
    expect(form.get_by_label("Master")).to_have_attribute("aria-invalid", "true", timeout=30_000)
    expect(form).to_contain_text("Expected master to be local[N]")
    check_here(lab, form, ".zoo-form")
    lab.picture("context_form_dark", form)

    form.get_by_label("Master").fill("local[2]")
    form.get_by_label("Keep as").fill("context")
    expect(line).to_have_text("%zoo_context --master local[2] --memory 1g -o context", timeout=30_000)
    form.get_by_role("button", name="Insert as a cell").click()
    expect(lab.cell(4)).to_contain_text("%zoo_context --master local[2]")
    form.get_by_label("Master").press("Enter")
    expect(form).to_be_hidden(timeout=120_000)
    expect(lab.output(3)).to_contain_text("local[2]")
    expect(lab.output(3)).to_contain_text("warm")


def reach(lab, slider, least: int) -> int:
    """Wait until the chart knows iteration `least`; return the one that it had reached when that was seen."""
    return lab.page.wait_for_function(HAS_REACHED, arg=[slider.element_handle(), least], timeout=120_000).json_value()


def test_the_curve_shows_with_the_first_steps_and_the_interrupt_button_ends_the_run_well(lab):
    for cell in range(3):
        lab.run_cell(cell)
    monitor = lab.output(1).locator(".zoo-monitor")
    expect(monitor).to_be_visible(timeout=240_000)
    slider = monitor.locator(".zoo-canvas").first
    assert 1 <= reach(lab, slider, 1) <= 8
    (lab.server.notebooks / "seen").touch()
    seen = reach(lab, slider, 40)

    lab.interrupt()
    expect(lab.output(2)).to_contain_text(re.compile(r"state: stopped \d+ - moved: True - counted: 7"), timeout=15_000)
    assert int(re.search(r"stopped (\d+)", lab.output(2).text_content())[1]) >= seen
    expect(lab.output(1).locator(".jp-ZooLab-SavedRun .zoo-canvas").first).to_be_visible(timeout=30_000)
    expect(lab.output(1)).not_to_contain_text("KeyboardInterrupt")
    lab.picture("interrupted")
