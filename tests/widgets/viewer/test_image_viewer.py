"""What the viewer answers to its page, on the wire."""

from __future__ import annotations

import struct

import pytest

from zoo_lab.widgets.viewer.image_viewer import ImageViewer


@pytest.fixture
def viewer(wire, squares):
    made = ImageViewer(squares, rows=2)
    yield made
    made.close()


def ask(viewer, wire, kind, **content):
    """Return the one answer to a question, as a page gets it: its content and its buffers."""
    before = len(wire)
    viewer._handle_custom_msg({"type": kind, "id": 7, **content}, [])
    answers = [message for message in wire[before:] if message["data"]["method"] == "custom"]
    [answer] = answers
    assert answer["data"]["content"]["type"] == "answer"
    assert answer["data"]["content"]["id"] == 7
    return answer["data"]["content"], answer["buffers"]


def test_a_page_is_told_what_there_is_without_any_picture_being_made(viewer, wire, squares):
    told, buffers = ask(viewer, wire, "ready")
    assert (told["title"], told["count"], told["complete"], told["page"]) == ("Squares", 40, True, 12)
    assert told["classes"] == ("red", "green")
    assert told["play"]["seed"] == 3
    assert squares.asked == []
    assert buffers == []


def test_pictures_come_as_binary_and_only_those_that_were_asked_for(viewer, wire, squares):
    told, buffers = ask(viewer, wire, "items", start=12, count=3)
    assert squares.asked == [[12, 13, 14]]
    assert [item["name"] for item in told["items"]] == ["folder/12.png", "folder/13.png", "folder/14.png"]
    picture = told["items"][1]["sides"][0]["picture"]
    assert bytes(buffers[picture["buffer"]]).startswith(b"\x89PNG")
    assert (picture["width"], picture["height"]) == (640, 480)


def test_the_same_page_is_fetched_once_until_the_chain_changes(viewer, wire, squares):
    ask(viewer, wire, "items", start=0, count=4)
    ask(viewer, wire, "items", start=0, count=4)
    assert len(squares.asked) == 1
    told, _ = ask(viewer, wire, "play", wanted={"epoch": 2})
    assert squares.wanted == [{"epoch": 2}]
    assert told["play"]["epoch"] == 1  # as its source has it, whatever was wanted
    ask(viewer, wire, "items", start=0, count=4)
    assert len(squares.asked) == 2


@pytest.mark.parametrize(("start", "count", "got"), [(38, 12, 2), (0, 10_000, 40), (-5, 2, 2), (99, 5, 0)])
def test_a_page_never_reaches_beyond_the_images(viewer, wire, start, count, got):
    told, _ = ask(viewer, wire, "items", start=start, count=count)
    assert len(told["items"]) == got


def test_what_goes_wrong_is_told_and_the_viewer_goes_on(viewer, wire):
    told, _ = ask(viewer, wire, "whole", index=13)
    assert told["problem"] == "number 13: it is cut off"
    told, _ = ask(viewer, wire, "whole", index=12)
    assert told["items"][0]["name"] == "folder/12.png"
    assert "ValueError" in ask(viewer, wire, "whole", index="x")[0]["problem"]


def test_messages_that_it_does_not_know_are_passed_over(viewer, wire):
    before = len(wire)
    viewer._handle_custom_msg({"type": "shutdown", "id": 1}, [])
    assert len(wire) == before


def test_a_volume_is_sixteen_bits_depth_first(viewer, wire):
    told, [buffer] = ask(viewer, wire, "volume", index=0, side=0, channel=0)
    assert (told["size"], told["low"], told["high"]) == ([2, 3, 4], -1.0, 1.0)
    assert struct.unpack("<24H", bytes(buffer)) == tuple(range(24))


def test_the_stages_of_a_chain_have_their_pictures(wire, flipped):
    told, buffers = ask(ImageViewer(flipped), wire, "stages", index=3)
    assert [stage["step"] for stage in told["stages"]] == ["Flip"]
    assert bytes(buffers[told["stages"][0]["side"]["picture"]["buffer"]]).startswith(b"\x89PNG")


def test_boxes_go_with_their_scores_as_parts_of_the_picture(viewer, wire):
    told, _ = ask(viewer, wire, "items", start=0, count=1)
    true, found, _ = told["items"][0]["sides"][0]["boxes"]
    assert true == {
        "corners": [0.1, 0.2, 0.5, 0.6],
        "name": "green",
        "score": None,
        "kind": "truth",
        "difficult": False,
    }
    assert (found["score"], found["kind"]) == (0.8, "prediction")


def test_with_a_chain_half_as_many_fill_the_rows(wire, flipped):
    viewer = ImageViewer(flipped, rows=2)
    assert len(viewer.load_first()) == 6


def test_listeners_hear_of_what_is_shown(viewer, wire):
    heard = []
    viewer.on_change(lambda: heard.append(len(viewer.shown)))
    ask(viewer, wire, "items", start=0, count=4)
    ask(viewer, wire, "items", start=4, count=4)
    viewer.threshold = 0.5
    assert heard == [4, 4]
