"""The keep-alive touches idle workers, and only those."""

from __future__ import annotations

import threading

import psutil

from zoo_lab.context.keepalive import KeepAlive
from zoo_lab.context.nncontext import NNContext

_PATIENCE = 30


def test_idle_workers_are_touched_again_and_again() -> None:
    touches = threading.Semaphore(0)
    keeper = KeepAlive(lambda: 1.0, touches.release, after=0.01)
    keeper.start()
    assert all(touches.acquire(timeout=_PATIENCE) for _ in range(3))
    keeper.stop()


def test_busy_workers_are_left_alone() -> None:
    looked = threading.Semaphore(0)
    touched = threading.Event()

    def idle_seconds() -> float:
        looked.release()
        return 0.0

    keeper = KeepAlive(idle_seconds, touched.set, after=0.01)
    keeper.start()
    assert all(looked.acquire(timeout=_PATIENCE) for _ in range(5))
    keeper.stop()
    assert not touched.is_set()


def test_it_can_be_stopped_before_it_was_started() -> None:
    KeepAlive(lambda: 0.0, lambda: None).stop()


def test_a_touch_resets_the_idle_time_and_keeps_the_workers(context: NNContext) -> None:
    context._doubt()  # tests before may have ended some of those that reported last
    context.warm_up()
    before = [psutil.Process(report.pid) for report in context.workers]
    context._touch()
    assert context.jobs.idle_seconds < _PATIENCE
    assert context.state == "warm"
    # Spark may keep more workers than there are slots, so that others may answer next
    assert all(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in before)


def test_workers_that_were_replaced_make_the_context_cold(context: NNContext) -> None:
    context.warm_up()
    context.sc.environment["ZOO_LAB_TEST"] = "another pool of workers"
    try:
        context._touch()
        assert context.state == "cold"
    finally:
        del context.sc.environment["ZOO_LAB_TEST"]
        context.warm_up()
    assert context.state == "warm"
