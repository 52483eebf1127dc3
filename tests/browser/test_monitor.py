"""The training monitor in a real JupyterLab behind a hub's prefix, showing a recorded run in its middle."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import fresh_page
from tests.browser.legible import check_themes
from tests.widgets.recorded import record
from zoo_lab.core.runlog import RunLog

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=4)]

PARTS = {"schedule": 0.1, "read": 0.04, "compute": 0.6, "exchange": 0.14, "update": 0.08, "return": 0.04}
SHOW_CONTEXT = """
from IPython.display import HTML
from zoo_lab.context.display import as_html
HTML(as_html({"app": "digits", "master": "local[2]", "ui": "http://127.0.0.1:4040"}))
"""
SHOW_RUN = """
from zoo_lab.core.events import CheckpointSaved, IterationDone, KnobTurned, SamplesWatched, WatchStarted
from zoo_lab.core.runlog import read_events
from zoo_lab.core.stream import EventStream
from zoo_lab.widgets.choose import display_for

stream = EventStream()
stream.subscribe(display_for("run-1"))
for event in list(read_events(PATH))[:170]:
    stream.emit(event)
    if isinstance(event, IterationDone) and event.iteration == 90:
        stream.emit(CheckpointSaved(run="run-1", time=event.time, iteration=90, path="saved"))
    if isinstance(event, IterationDone) and event.iteration == 120:
        turned = {"knob": "learning_rate", "value": 0.01, "before": 0.1}
        stream.emit(KnobTurned(run="run-1", time=event.time, iteration=120, **turned))
import base64, cv2, numpy as np

grey = cv2.rectangle(np.full((72, 96, 3), 70, np.uint8), (20, 14), (66, 56), (190, 190, 190), -1)
picture = base64.b64encode(cv2.imencode(".png", grey)[1].tobytes()).decode()
true = ("3", None, 20 / 96, 14 / 72, 66 / 96, 56 / 72)
boxed = {"label": "", "inputs": "", "picture": picture, "aspect": 96 / 72, "boxes": (true,)}
stream.emit(WatchStarted(run="run-1", kind="boxes", source="validation", samples=(boxed, boxed)))
for iteration, off in ((0, 0.2), (160, 0.02)):
    moved = (("3", 0.9, true[2] + off, true[3] + off, true[4] + off, true[5] + off),)
    stream.emit(SamplesWatched(run="run-1", iteration=iteration, predictions=(moved, ())))
"""

SHOW_ACTIONS = """
import dataclasses, time
from zoo_lab.core.events import BatchRejected, BranchStarted, RunStarted, SamplesWatched, WatchStarted, WeightsKept

taken, stream = [], EventStream()
stream.subscribe(display_for("run-2", on_request=taken.append))
events = [dataclasses.replace(event, run="run-2") for event in list(read_events(PATH))[:170]]
knobs = {"learning_rate": 0.1, "clipnorm": 0.0, "global_clipnorm": 0.0, "clipvalue": 0.0, "augmentation_strength": 1.0}
picture = base64.b64encode(cv2.imencode(".png", np.full((32, 32, 3), 90, np.uint8))[1].tobytes()).decode()
for event in events:
    stream.emit(dataclasses.replace(event, knobs=knobs) if isinstance(event, RunStarted) else event)
for iteration in (50, 100, 150):
    stream.emit(WeightsKept(run="run-2", iteration=iteration, first=50, nbytes=3_000_000))
stream.emit(BranchStarted(run="run-2", iteration=100, branch="b", name="gentle"))
for event in events:
    if isinstance(event, IterationDone) and event.iteration > 100:
        stream.emit(dataclasses.replace(event, run="b", loss=event.loss / 2))
samples = ({"label": "3", "inputs": "", "picture": picture}, {"label": "1", "inputs": "0.5, 2", "picture": ""})
stream.emit(WatchStarted(run="run-2", kind="classes", source="validation", samples=samples))
stream.emit(SamplesWatched(run="run-2", iteration=160, predictions=(((3, 0.9), (5, 0.1)), ((0, 0.6), (1, 0.4)))))
shown = ({"row": 61, "loss": float("nan"), "inputs": "", "targets": "3", "picture": picture},)
bad = dict(run="run-2", iteration=168, epoch=2, step=48, loss=float("nan"), reason="'x' holds NaN in rows 61")
stream.emit(BatchRejected(**bad, rows=(61,), workers=(1,), partitions=(2,), shown=shown, asks=True))
"""

SHOW_END = """
from zoo_lab.core.events import RunStopped
from zoo_lab.widgets.board import kernel_board

board = kernel_board()
board.on("branch", taken.append)
board.set_context("digits", master="local[2]", state="warm")
where = {"file": "1.py", "line": 3, "function": "step", "code": "return row['a']", "cell": "Cell In[3]"}
error = {"kind": "KeyError", "what": "'a'", "where": [where], "worker": "worker 1 on node-7", "sample": "row 70",
         "advice": "Mend the step, and train again.", "traceback": "Traceback (most recent call last): …"}
ended = RunStopped(run="run-2", reason="failed", iterations=168, seconds=9.0, message="WorkerError: 'a'", error=error)
for event in [*events, WeightsKept(run="run-2", iteration=150, first=50, nbytes=3_000_000), ended]:
    board.listen(event)
time.sleep(0.5)  # its record is written by then, which the page asks for
stream.emit(RunStopped(run="b", reason="finished", iterations=168, seconds=4.0))
stream.emit(ended)
"""

TOO_WIDE = """root => [...root.querySelectorAll("*")]
    .filter(element => element.getBoundingClientRect().right > root.getBoundingClientRect().right)
    .map(element => element.className)"""


@pytest.fixture(scope="module")
def lab(chromium, hub, tmp_path_factory):
    """A page whose second cell shows the monitor of a run in its third epoch of five."""
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    log = RunLog(path)
    for event in record(epochs=5, steps=60, metrics=("accuracy", "top_3_accuracy"), parts=PARTS):
        log(event)
    log.close()
    with fresh_page(chromium, hub) as page:
        shows = [source.replace("PATH", repr(str(path))) for source in (SHOW_RUN, SHOW_ACTIONS)]
        heard = "[{**one, 'token': ''} for one in taken]"
        page.open_notebook([SHOW_CONTEXT, *shows, heard, SHOW_END, heard], name="monitor.ipynb")
        for cell in range(4):
            page.run_cell(cell)
        expect(page.output(1).locator(".zoo-charts")).to_be_visible(timeout=60_000)
        expect(page.output(1).locator(".zoo-status")).to_contain_text("epoch 3/5", timeout=30_000)
        yield page


@pytest.fixture
def monitor(lab):
    yield lab.output(1).locator(".zoo-monitor")
    lab.page.mouse.move(0, 0)
    lab.page.keyboard.press("Escape")


def read_by_keyboard(monitor):
    """Set the crosshair, which a pointer loses when the page scrolls or changes its theme."""
    monitor.locator(".zoo-canvas").first.press("PageDown")
    expect(monitor.locator(".zoo-tooltip").first).to_be_visible()


def hover(lab, monitor):
    """Put the pointer on the middle of the loss curve."""
    canvas = monitor.locator(".zoo-canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.hover()
    expect(monitor.locator(".zoo-tooltip").first).to_be_visible()


def test_it_is_legible_and_accessible_in_every_theme(lab, monitor):
    check_themes(lab, monitor, ".zoo-monitor", "monitor", prepare=lambda: read_by_keyboard(monitor))


def test_the_pointer_reads_the_slowest_worker_and_that_iteration_s_split(lab, monitor):
    parts = monitor.locator(".zoo-parts-legend")
    expect(parts).to_contain_text("per step:")
    hover(lab, monitor)
    tip = monitor.locator(".zoo-tooltip").first
    expect(tip).to_contain_text(re.compile(r"slowest: worker [01], compute 30 ms"))
    expect(tip).to_contain_text("exchange 7 ms")
    expect(parts).to_contain_text(re.compile(r"iteration \d+:"))
    lab.page.mouse.move(0, 0)
    expect(parts).to_contain_text("per step:")


def test_a_drag_zooms_and_the_button_leads_back(lab, monitor):
    canvas = monitor.locator(".zoo-canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    lab.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 80)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 90, steps=4)
    lab.picture("monitor_dragging", monitor)
    lab.page.mouse.up()
    whole = monitor.get_by_role("button", name="Whole run")
    expect(whole).to_be_visible()
    lab.picture("monitor_zoomed", monitor)
    whole.click()
    expect(whole).to_be_hidden()


def test_events_are_told_under_the_pointer_and_in_a_list(lab, monitor):
    expect(monitor.locator(".zoo-events summary")).to_have_text("2 events")
    monitor.locator(".zoo-events summary").click()
    expect(monitor.locator(".zoo-events li").first).to_have_text("120 learning rate 0.1 → 0.01")
    expect(monitor.locator(".zoo-strip-canvas")).to_have_attribute("aria-label", re.compile("worker 1 slowest in 50 %"))
    monitor.locator(".zoo-events summary").click()


def test_it_fits_into_a_narrow_cell(lab, monitor):
    lab.page.set_viewport_size({"width": 700, "height": 900})
    read_by_keyboard(monitor)
    lab.picture("monitor_narrow", monitor)
    assert monitor.evaluate(TOO_WIDE) == []
    lab.page.set_viewport_size({"width": 1280, "height": 800})


def test_what_a_person_can_do_to_a_run_is_there_and_reaches_the_kernel(lab):
    """Knobs, a branch from a click on the chart, the choice for a bad batch; samples and rows are seen."""
    monitor = lab.output(2).locator(".zoo-monitor")
    rate = monitor.locator(".zoo-knob[data-knob='learning_rate']")
    rate.get_by_label("New learning rate").fill("-1")
    rate.get_by_label("New learning rate").press("Enter")
    expect(monitor.get_by_text("Expected a number above 0.")).to_be_visible()
    rate.get_by_label("New learning rate").fill("0.01")
    rate.get_by_label("New learning rate").press("Enter")
    expect(monitor.locator(".zoo-knob[data-knob='clipnorm']")).to_contain_text("off")
    expect(monitor.locator(".zoo-legend-beside").first).to_contain_text("gentle")
    canvas = monitor.locator(".zoo-canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.72 * box["width"], "y": 60})
    expect(monitor.get_by_label("Branch from iteration")).to_have_value("100")
    monitor.get_by_label("Learning rate of the branch").fill("0.001")
    monitor.get_by_role("button", name="Branch").click()
    expect(monitor.locator(".zoo-watch-list li").first).to_contain_text("true 3 ✓")
    expect(monitor.locator(".zoo-watch-list img")).to_have_count(1)
    assert monitor.locator(".zoo-watch-list img").evaluate("image => image.naturalWidth") == 32
    expect(monitor.get_by_role("alert")).to_contain_text("batch of iteration 168")
    expect(monitor.get_by_role("img", name="Input of row 61")).to_be_visible()
    check_themes(lab, monitor, ".zoo-monitor", "monitor_actions", themes=("Light", "Dark"))
    monitor.get_by_role("button", name="Quarantine 1 row").click()
    lab.run_cell(3)
    heard = lab.output(3)
    expect(heard).to_contain_text("'action': 'decide'", timeout=30_000)
    for words in (
        "'knob': 'learning_rate'",
        "'value': '0.01'",
        "'iteration': '100'",
        "0.001",
        "'choice': 'quarantine'",
    ):
        expect(heard).to_contain_text(words)


def test_predicted_boxes_lie_over_the_true_ones(monitor):
    first, second = monitor.locator(".zoo-watch-list li").all()
    expect(first).to_contain_text(re.compile(r"overlap 0\.[7-9]"))
    expect(second).to_contain_text("overlap 0.00")
    true, predicted = (first.locator(kind).bounding_box() for kind in (".zoo-truth", ".zoo-predicted"))
    assert 0 < predicted["x"] - true["x"] < 8
    assert abs(predicted["width"] - true["width"]) < 1


def test_a_run_that_is_over_says_what_ended_it_and_still_branches(lab):
    lab.run_cell(4)
    over = lab.output(2).locator(".jp-ZooLab-SavedRun")
    failure = over.get_by_role("group", name="What ended the run")
    for words in ("KeyError: 'a'", "Cell In[3], line 3, in step", "worker 1 on node-7", "row 70", "Mend the step"):
        expect(failure).to_contain_text(words, timeout=30_000)
    expect(failure.locator("pre")).to_be_hidden()
    over.get_by_label("Branch from iteration").select_option("150")
    over.get_by_role("button", name="Branch").click()
    check_themes(lab, over, ".jp-ZooLab-SavedRun", "monitor_failed", themes=("Light", "Dark"))
    lab.run_cell(5)
    expect(lab.output(5)).to_contain_text("'action': 'branch', 'run': 'run-2', 'iteration': '150'", timeout=30_000)


def test_the_spark_ui_is_reached_through_the_hub(lab):
    link = lab.output(0).get_by_role("link")
    expect(link).to_have_attribute("href", f"{lab.server.url}proxy/4040/jobs/")
    assert "/user/ada/proxy/" in link.get_attribute("href")
