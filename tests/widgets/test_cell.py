from __future__ import annotations

import time

import pytest

from zoo_lab.core.events import BranchStarted, IterationDone, RunStopped, WeightsKept
from zoo_lab.widgets import cell
from zoo_lab.widgets.cell import CellDisplay

WIDGET = "application/vnd.jupyter.widget-view+json"
RUN = "application/vnd.zoo-lab.run+json"


def outputs(shown):
    """What the notebook holds: display id → newest bundle, in the order of the first display."""
    kept = {}
    for output in shown:
        kept[output["transient"]["display_id"]] = output["data"]
    return list(kept.values())


@pytest.fixture
def display(wire, shown):
    display = CellDisplay("run-1")
    yield display
    display(RunStopped(run="run-1", reason="stopped", iterations=0, seconds=0.1))


def test_the_widget_shows_at_once_with_the_twin_behind_it(display, shown):
    live, hidden = outputs(shown)
    assert live[WIDGET]["model_id"] == display.monitor.model_id
    assert "Preparing the run" in hidden["text/html"]


def wait_for_epochs(shown, count):
    """Wait until the hidden twin has so many epochs."""
    end = time.monotonic() + 20
    while len(outputs(shown)[1].get(RUN, {"epochs": {"iteration": []}})["epochs"]["iteration"]) < count:
        assert time.monotonic() < end, "The twin has not followed."
        time.sleep(0.02)


def test_in_mid_run_the_widget_is_left_alone_and_the_twin_follows(display, shown, recorded):
    updates = len(shown)
    for event in recorded()[:-1]:
        display(event)
    wait_for_epochs(shown, 3)
    newer = shown[updates:]
    assert all(output["update"] for output in newer)
    assert all(WIDGET not in output["data"] for output in newer)
    assert WIDGET in outputs(shown)[0]


def test_many_short_epochs_make_few_pictures_and_none_is_left_out_for_long(display, shown, recorded, monkeypatch):
    monkeypatch.setattr(cell, "_TWIN_BYTES_A_SECOND", 40_000)  # what is left out comes sooner
    updates = len(shown)
    for event in recorded(epochs=300, steps=1)[:-1]:
        display(event)
    wait_for_epochs(shown, 300)
    assert len(shown) - updates < 30


def test_iterations_alone_display_nothing(display, shown, recorded):
    before = len(shown)
    for event in recorded():
        if isinstance(event, IterationDone):
            display(event)
    assert len(shown) == before


def test_at_the_end_the_twin_takes_the_widgets_place(display, shown, recorded):
    for event in recorded():
        display(event)
    twin, emptied = outputs(shown)
    assert set(twin) == {"image/svg+xml", "text/plain", RUN}
    assert twin[RUN]["state"] == "finished"
    assert emptied["text/plain"] == ""
    assert "svg" not in emptied["text/html"]


def test_a_run_that_ends_before_its_first_iteration_leaves_its_message(display, shown):
    display(RunStopped(run="run-1", reason="failed", iterations=0, seconds=0.1, message="Column 'label' is missing."))
    for kind in ("image/svg+xml", "text/plain"):
        assert "Column 'label' is missing." in outputs(shown)[0][kind]


def test_only_the_newest_monitors_stay_open_for_reloaded_pages(wire, shown, recorded):
    displays = [CellDisplay(f"run-{number}") for number in range(8)]
    for display in displays:
        for event in recorded(run=display.run_id, epochs=1, steps=2):
            display(event)
    assert [display.monitor.comm is not None for display in displays] == [False] * 3 + [True] * 5


def test_events_of_another_run_do_not_end_it(display, shown, recorded):
    for event in recorded(run="other"):
        display(event)
    assert WIDGET in outputs(shown)[0]


def test_the_twins_style_names_only_its_own_run(display, shown):
    html = outputs(shown)[1]["text/html"]
    assert html.count('.zoo-twin[data-run="run-1"]') == 3
    assert "RUN" not in html


def test_a_branch_that_begins_after_the_end_is_drawn_into_the_twin(wire, shown, recorded):
    display = CellDisplay("run-1", kernel_id="kernel-1")
    *events, ended = recorded(epochs=1, steps=4)
    for event in (*events, WeightsKept(run="run-1", iteration=2, first=2, nbytes=8), ended):
        display(event)
    twin = outputs(shown)[0][RUN]
    assert (twin["kernel"], twin["kept"], twin["beside"]) == ("kernel-1", [2], [])
    display(BranchStarted(run="run-1", iteration=2, branch="run-2", name="gentle"))
    for event in recorded(run="run-2", epochs=1, steps=4):
        display(event)
    [beside] = outputs(shown)[0][RUN]["beside"]
    assert (beside["name"], beside["curves"]["iteration"]) == ("gentle", [3, 4])
    assert len(outputs(shown)) == 2


def test_a_run_without_kept_weights_names_no_kernel(wire, shown, recorded):
    display = CellDisplay("run-1", kernel_id="kernel-1")
    for event in recorded(epochs=1, steps=4):
        display(event)
    assert outputs(shown)[0][RUN]["kernel"] == ""
