from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest

from zoo_lab.core.events import IterationDone
from zoo_lab.core.stream import EventStream
from zoo_lab.widgets.training_monitor import TrainingMonitor


def packets(wire):
    """The data packets on the wire, as (content, buffers)."""
    customs = [message for message in wire if message["data"].get("method") == "custom"]
    return [(message["data"]["content"], message["buffers"]) for message in customs]


def iterations(wire):
    """The iteration numbers of all deltas, in the order in which they were sent."""
    numbers = []
    for content, buffers in packets(wire):
        if not content["reset"]:
            numbers += np.frombuffer(buffers[0], "<f4")[: content["count"]].astype(int).tolist()
    return numbers


def message(monitor, content):
    """Deliver a message of the page, as the kernel's comm manager does."""
    monitor.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


@pytest.fixture
def monitor(wire):
    monitor = TrainingMonitor("run-1", kernel_id="kernel-1")
    yield monitor
    monitor.close()


def test_every_iteration_is_sent_once_and_in_order(monitor, wire, recorded):
    stream = EventStream()
    stream.subscribe(monitor)
    for event in recorded():
        stream.emit(event)
    assert iterations(wire) == list(range(1, 61))


def test_the_first_point_is_sent_without_waiting_for_more(monitor, wire, recorded):
    for event in recorded()[:2]:
        monitor(event)
    end = time.monotonic() + 2
    while iterations(wire) != [1]:
        assert time.monotonic() < end, "Two seconds after the first step the page still knows nothing of it."
        time.sleep(0.01)


def test_a_fast_run_makes_few_packets(monitor, wire, recorded):
    for event in recorded(epochs=1, steps=2000):
        monitor(event)
    assert len(packets(wire)) < 100
    assert iterations(wire) == list(range(1, 2001))


def test_events_from_another_thread_arrive_too(monitor, wire, recorded):
    thread = threading.Thread(target=lambda: [monitor(event) for event in recorded()])
    thread.start()
    thread.join()
    assert iterations(wire) == list(range(1, 61))


def test_a_page_that_is_ready_gets_the_whole_history_at_once(monitor, wire, recorded):
    for event in recorded():
        monitor(event)
    wire.clear()
    message(monitor, {"type": "ready"})
    [(content, buffers)] = packets(wire)
    assert (content["reset"], content["start"], content["count"]) == (True, 0, 60)
    assert len(buffers[0]) == 60 * 3 * 4


def test_the_history_is_never_part_of_the_synced_state(monitor, recorded):
    for event in recorded():
        monitor(event)
    names = set(monitor.get_state()) - {"layout", "tabbable", "tooltip"}
    assert {name for name in names if not name.startswith("_")} == {"run_id", "kernel_id"}


def test_the_last_packet_says_how_the_run_ended(monitor, wire, recorded):
    for event in recorded(reason="early"):
        monitor(event)
    assert packets(wire)[-1][0]["summary"]["state"] == "early"


def test_stop_is_called_once_however_often_it_is_pressed(wire, recorded):
    calls = []
    monitor = TrainingMonitor("run-1", on_stop=lambda: calls.append("stop"))
    monitor(recorded()[0])
    message(monitor, {"type": "stop"})
    message(monitor, {"type": "stop"})
    monitor.close()
    assert calls == ["stop"]


def test_a_run_that_is_over_is_not_stopped(wire, recorded):
    calls = []
    monitor = TrainingMonitor("run-1", on_stop=lambda: calls.append("stop"))
    for event in recorded():
        monitor(event)
    message(monitor, {"type": "stop"})
    monitor.close()
    assert calls == []


def test_the_page_knows_run_and_kernel(monitor):
    assert (monitor.run_id, monitor.kernel_id) == ("run-1", "kernel-1")


def test_a_packet_tells_of_the_summary_what_has_changed(monitor, wire, recorded):
    events = recorded()
    for event in events[:10]:
        monitor(event)
    monitor.flush()
    wire.clear()
    monitor(events[10])
    monitor.flush()
    changed = {name for content, _ in packets(wire) for name in content["summary"]}
    assert {"iteration", "elapsed"} <= changed
    assert not {"name", "model", "epochs", "workers"} & changed
    wire.clear()
    message(monitor, {"type": "ready"})
    [(content, _)] = packets(wire)
    assert content["summary"]["name"] == "digits"


def test_a_page_gets_at_most_30_kilobytes_a_second_of_a_fast_run(monitor, wire):
    parts = dict.fromkeys(("schedule", "read", "compute", "exchange", "update", "return"), 0.0005)
    for second in range(2):  # 500 iterations in each, of two workers
        begin = time.monotonic()
        for at in range(500):
            number = 500 * second + at + 1
            place = {"iteration": number, "epoch": 0, "step": number, "rows": 128, "seconds": 0.002}
            took = {"parts": parts, "slowest": 0, "each": ((0.0005, 0.001, 0.0005),) * 2}
            monitor(
                IterationDone(run="run-1", time=0.002 * number, loss=0.5, metrics={"accuracy": 0.5}, **place, **took)
            )
            time.sleep(max(begin + 0.002 * (at + 1) - time.monotonic(), 0))
        if not second:
            wire.clear()
    sent = sum(len(json.dumps(message["data"])) + sum(map(len, message["buffers"])) + 700 for message in wire)
    assert iterations(wire)[-1] > 900
    assert sent / (time.monotonic() - begin) <= 30_000  # 700 bytes are the heads of a message
