from __future__ import annotations

import threading

from zoo_lab.widgets.ticker import Ticker


def test_work_is_done_soon_after_a_wake_and_in_another_thread():
    done = threading.Event()
    threads = []
    ticker = Ticker(lambda: (threads.append(threading.current_thread()), done.set()), seconds=0.0)
    ticker.wake()
    assert done.wait(10)
    ticker.close()
    assert threads[0] is not threading.main_thread()


def test_many_wakes_within_the_pause_are_one_call():
    calls = []
    first = threading.Event()
    ticker = Ticker(lambda: (calls.append(1), first.set()), seconds=60.0)
    ticker.wake()
    assert first.wait(10)
    for _ in range(1000):
        ticker.wake()
    ticker.close()
    assert len(calls) == 1


def test_work_that_raises_is_reported_once_and_ends_the_ticker(capfd):
    failed = threading.Event()

    def work():
        failed.set()
        raise ValueError("no screen")

    ticker = Ticker(work, seconds=0.0)
    ticker.wake()
    assert failed.wait(10)
    ticker.close()
    ticker.wake()
    assert capfd.readouterr().err.count("a display failed") == 1


def test_it_calls_by_itself_when_asked_to():
    twice = threading.Semaphore(0)
    ticker = Ticker(twice.release, seconds=0.0, every=0.01)
    ticker.wake()
    assert twice.acquire(timeout=10) and twice.acquire(timeout=10) and twice.acquire(timeout=10)
    ticker.close()


def test_a_closed_ticker_stays_closed():
    calls = []
    ticker = Ticker(lambda: calls.append(1), seconds=0.0)
    ticker.close()
    ticker.wake()
    assert calls == []
