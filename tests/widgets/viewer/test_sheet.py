"""The picture that stays in a saved notebook, and the words beside it."""

from __future__ import annotations

import base64
import re
import time
from xml.dom import minidom

from zoo_lab.widgets.viewer import sheet
from zoo_lab.widgets.viewer.items import Item, Side
from zoo_lab.widgets.viewer.output import show
from zoo_lab.widgets.viewer.sheet import Sheet


def wait_until(happened, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def elements(drawn: str, name: str):
    return minidom.parseString(drawn).getElementsByTagName(name)


def test_it_holds_a_small_picture_of_each_image_and_its_boxes(squares):
    drawn = sheet.picture(Sheet.of(squares, squares.fetch(range(3), 320), 0.0, ()))
    images = elements(drawn, "image")
    assert len(images) == 3
    data = images[0].getAttribute("href").partition("base64,")[2]
    assert base64.b64decode(data).startswith(b"\x89PNG")
    boxes = [box for box in elements(drawn, "rect") if box.getAttribute("class").startswith("box")]
    assert len(boxes) == 9
    first, frame = boxes[0], images[0]
    x, width = float(frame.getAttribute("x")), float(frame.getAttribute("width"))
    assert abs(float(first.getAttribute("x")) - (x + 0.1 * width)) < 0.1
    assert abs(float(first.getAttribute("width")) - 0.4 * width) < 0.1


def test_threshold_and_classes_hold_there_too(squares):
    items = squares.fetch(range(2), 320)
    assert Sheet.of(squares, items, 0.5, ()).boxes(items[0].sides[0]) == list(items[0].sides[0].boxes[:2])
    assert Sheet.of(squares, items, 0.0, ["red"]).boxes(items[0].sides[0]) == [items[0].sides[0].boxes[2]]


def test_the_words_are_a_table_of_what_is_shown(squares):
    lines = sheet.words(Sheet.of(squares, squares.fetch(range(2), 320), 0.0, ())).splitlines()
    assert lines[0] == "Squares: 40 images, the first 2"
    assert lines[1].split() == ["name", "label", "size", "boxes"]
    assert lines[2].split() == ["0", "folder/0.png", "red", "480", "x", "640", "3"]


def test_the_chain_seed_and_epoch_are_named(flipped):
    shown = Sheet.of(flipped, flipped.fetch(range(2), 320), 0.0, ())
    assert shown.head == "40 images, the first 2 → Flip · seed 3, epoch 1"
    assert len(elements(sheet.picture(shown), "image")) == 4


def test_an_image_that_cannot_be_shown_says_why(squares):
    bad = Item("a<b>.png", (Side(problem="it is empty"),))
    shown = Sheet.of(squares, [bad], 0.0, ())
    assert "it is empty" in sheet.words(shown)
    assert "it is empty" in sheet.picture(shown)
    assert "a&lt;b&gt;.png" in sheet.picture(shown)


def test_no_image_at_all_is_said_too(squares):
    squares._count = 0
    shown = Sheet.of(squares, [], 0.0, ())
    assert sheet.words(shown).startswith("Squares: 0 images")
    assert elements(sheet.picture(shown), "svg")


def test_a_cell_gets_the_widget_and_beside_it_the_sheet_which_follows(squares, wire, shown):
    from zoo_lab.widgets.viewer.image_viewer import ImageViewer

    viewer = ImageViewer(squares, rows=1)
    show(viewer)
    live, kept = shown
    assert "application/vnd.jupyter.widget-view+json" in live["data"]
    assert f'data-view="{viewer.view}"' in kept["data"]["text/html"]
    assert re.search(r"folder/5\.png", kept["data"]["text/plain"])
    assert squares.asked == [[0, 1, 2, 3, 4, 5]]


def test_the_sheet_follows_what_is_shown_once_for_many_changes(squares, wire, shown, monkeypatch):
    from zoo_lab.widgets.viewer import output
    from zoo_lab.widgets.viewer.image_viewer import ImageViewer

    monkeypatch.setattr(output, "_SECONDS_BETWEEN_SHEETS", 0.05)
    viewer = ImageViewer(squares, rows=1)
    show(viewer)
    for threshold in (0.3, 0.6, 0.9):
        viewer.threshold = threshold
    wait_until(lambda: len(shown) > 2)
    [update] = shown[2:]
    assert update["update"]
    assert update["transient"]["display_id"] == shown[1]["transient"]["display_id"]
    assert update["data"]["text/plain"].splitlines()[2].split()[-1] == "1"
    viewer.threshold = 0.0
    wait_until(lambda: len(shown) > 3)
    assert shown[3]["data"]["text/plain"].splitlines()[2].split()[-1] == "3"
