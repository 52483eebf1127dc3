from __future__ import annotations

import math
import threading
import time

import pytest

from zoo_lab.core import kernelstate
from zoo_lab.core.events import RunContinued, RunPaused
from zoo_lab.widgets.board import Board

KERNEL = "3f0c-1"


@pytest.fixture
def board(tmp_path):
    board = Board(tmp_path / "zoo_lab", KERNEL)
    yield board
    board.close()


def written(board):
    return kernelstate.read_state(board.folder, KERNEL)


def feed(board, events):
    for event in events:
        board.listen(event)


def test_a_run_is_written_as_soon_as_it_starts(board, recorded):
    feed(board, recorded()[:1])
    [run] = written(board)["runs"]
    assert run == {
        "id": "run-1",
        "name": "digits",
        "state": "running",
        "iteration": 0,
        "iterations": 60,
        "epoch": 1,
        "epochs": 3,
        "loss": None,
        "samples_per_second": None,
        "eta_seconds": None,
        "cell": None,
        "best": None,
        "spark": [],
    }


def test_the_end_of_a_run_is_written_at_once_with_its_last_numbers(board, recorded):
    feed(board, recorded(reason="stopped"))
    [run] = written(board)["runs"]
    assert (run["state"], run["iteration"], run["epoch"], run["eta_seconds"]) == ("stopped", 60, 3, 0.0)
    assert run["samples_per_second"] == pytest.approx(2560)


def test_a_finished_run_tells_its_best_value_and_its_course(board, recorded):
    feed(board, recorded())
    [run] = written(board)["runs"]
    assert run["best"] == {"name": "val_loss", "value": pytest.approx(2.0 * math.exp(-2) * 1.1), "epoch": 3}
    assert len(run["spark"]) == 40
    assert run["spark"] == sorted(run["spark"], reverse=True)


def test_the_curves_of_a_run_lie_beside_the_state_and_go_with_it(board, recorded):
    feed(board, recorded())
    end = time.monotonic() + 10
    while (kept := kernelstate.read_record(board.folder, KERNEL, "run-1")) is None or kept["state"] != "finished":
        assert time.monotonic() < end, "The record was not written."
        time.sleep(0.02)
    assert kept["iterations"] == kept["curves"]["iteration"][-1] == 60
    for number in range(20):
        feed(board, recorded(run=f"other-{number}", epochs=1, steps=1))
    assert kernelstate.read_record(board.folder, KERNEL, "run-1") is None


def test_a_paused_run_says_so(board, recorded):
    feed(board, recorded()[:5])
    board.listen(RunPaused(run="run-1", iteration=4))
    assert written(board)["runs"][0]["state"] == "paused"
    board.listen(RunContinued(run="run-1", iteration=4))
    assert written(board)["runs"][0]["state"] == "running"


def test_a_context_takes_requests_with_no_run_at_all_and_tells_how_busy_it_is(board):
    came = threading.Event()
    board.on("stop_context", lambda request: came.set())
    board.set_context("digits", state="warm")
    board.note_usage("digits", {"jobs": 1, "executors": []})
    board.note_usage("unknown", {"jobs": 2, "executors": []})
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop_context", "app": "digits"})
    assert came.wait(10)
    end = time.monotonic() + 10
    while (contexts := written(board)["contexts"])[0]["usage"] is None:
        assert time.monotonic() < end, "The usage was not written."
        time.sleep(0.02)
    assert [(context["app"], context["usage"]["jobs"]) for context in contexts] == [("digits", 1)]


def test_contexts_are_written_with_every_key(board):
    board.set_context("digits", master="local[2]", slots=2, state="starting")
    board.set_context("digits", state="warm", ui="http://127.0.0.1:4040")
    state = written(board)
    assert (state["version"], state["kernel"]) == (1, KERNEL)
    expected = {"app": "digits", "master": "local[2]", "executors": None, "slots": 2, "memory": None, "usage": None}
    assert state["contexts"] == [expected | {"state": "warm", "ui": "http://127.0.0.1:4040"}]


def test_a_stopped_context_is_told_for_a_moment_and_then_gone_though_nothing_else_happens(board):
    board.set_context("digits", state="warm", usage={"jobs": 0, "executors": []})
    board.set_context("digits", state="stopped")
    [told] = written(board)["contexts"]
    assert (told["state"], told["usage"]) == ("stopped", None)
    deadline = time.monotonic() + 10
    while written(board)["contexts"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert written(board)["contexts"] == []


def test_a_request_reaches_its_handler_while_a_run_is_on(board, recorded):
    taken, came = [], threading.Event()
    board.on("stop", lambda request: (taken.append(request), came.set()))
    feed(board, recorded()[:5])
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop", "run": "run-1"})
    assert came.wait(10)
    assert taken == [{"action": "stop", "run": "run-1"}]


def test_a_run_can_be_stopped_before_its_first_event(board):
    came = threading.Event()
    board.on("stop", lambda request: came.set())
    board.add_run("run-1")
    assert written(board)["runs"][0]["state"] == "running"
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop", "run": "run-1"})
    assert came.wait(10)


def test_a_handler_that_fails_leaves_the_others_their_requests(board, recorded):
    came = threading.Event()
    board.on("stop", lambda request: request["nothing"])
    board.on("pause", lambda request: came.set())
    feed(board, recorded()[:5])
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop"})
    kernelstate.leave_request(board.folder, KERNEL, {"action": "pause"})
    assert came.wait(10)


def test_a_handler_can_be_taken_away(board, recorded):
    wrong, came = [], threading.Event()
    board.on("stop", wrong.append)()
    board.on("stop", lambda request: came.set())
    feed(board, recorded()[:5])
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop"})
    assert came.wait(10)
    assert wrong == []


def test_the_thread_ends_with_the_last_run(board, recorded):
    feed(board, recorded()[:5])
    thread = board._ticker._thread
    feed(board, recorded()[5:])
    thread.join(10)
    assert not thread.is_alive()


def test_a_second_run_is_watched_again(board, recorded):
    feed(board, recorded(run="a"))
    came = threading.Event()
    board.on("stop", lambda request: came.set())
    feed(board, recorded(run="b")[:3])
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop", "run": "b"})
    assert came.wait(10)


def test_only_the_newest_runs_are_kept(board, recorded):
    for number in range(30):
        feed(board, recorded(run=f"run-{number}", epochs=1, steps=2))
    runs = written(board)["runs"]
    assert len(runs) == 20
    assert runs[-1]["id"] == "run-29"


def test_closing_removes_the_files_and_writes_no_more(board, recorded):
    feed(board, recorded()[:5])
    kernelstate.leave_request(board.folder, KERNEL, {"action": "stop"})
    board.close()
    feed(board, recorded()[5:])
    assert list(board.folder.iterdir()) == []


def test_outside_a_kernel_there_is_no_board():
    assert Board.of_this_kernel() is None
