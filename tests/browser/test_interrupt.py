"""A run in a real JupyterLab from its first step to ■: the curve is there at once, and so is the next cell."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

START = """
%load_ext zoo_lab
%zoo_context --master local[2]
import time
import keras, numpy as np

class Slow(keras.callbacks.Callback):
    left = 12
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.25 if self.left > 0 else 0.0)
        self.left -= 1

x = np.random.default_rng(0).normal(size=(512, 8)).astype("float32")
y = x.sum(axis=1)
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(1)], name="line")
model.compile("sgd", "mse")
before = model.get_weights()
"""
TRAIN = "%zoo_fit model (x, y) --batch-size 32 --epochs 100000 --callbacks Slow() -o run"
AFTER = """
from zoo_lab.context.current import current_context
moved = any((a != b).any() for a, b in zip(model.get_weights(), before))
counted = current_context().spark.range(7).count()
print("state:", run.state, run.iterations, "- moved:", moved, "- counted:", counted)
"""
ITERATION = "element => Number(element.getAttribute('aria-valuenow'))"


def reach(lab, slider, least: int) -> int:
    """Wait until the chart knows iteration `least`; return the one that it had reached when that was seen."""
    wait = f"([element, least]) => {{ const now = ({ITERATION})(element); return now >= least && now; }}"
    argument = [slider.element_handle(), least]
    return lab.page.wait_for_function(wait, arg=argument, timeout=120_000).json_value()


def test_the_curve_shows_at_once_and_the_interrupt_button_ends_the_run_well(lab):
    lab.open_notebook([START, TRAIN, AFTER])
    lab.run_all()
    monitor = lab.output(1).locator(".zoo-monitor")
    expect(monitor).to_be_visible(timeout=240_000)
    slider = monitor.locator(".zoo-canvas").first
    # four steps a second: within 2 s of the first step, and as much again for a busy machine
    assert reach(lab, slider, 1) <= 16
    seen = reach(lab, slider, 40)

    lab.interrupt()
    expect(lab.output(2)).to_contain_text(re.compile(r"state: stopped \d+ - moved: True - counted: 7"), timeout=15_000)
    assert int(re.search(r"stopped (\d+)", lab.output(2).text_content())[1]) >= seen
    expect(lab.output(1).locator(".jp-ZooLab-SavedRun .zoo-canvas").first).to_be_visible(timeout=30_000)
    expect(lab.output(1)).not_to_contain_text("KeyboardInterrupt")
    lab.picture("interrupted")
