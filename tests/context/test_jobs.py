"""Jobs on the real context: what runs, what an interrupt does, and whom a cancel spares."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from zoo_lab.context.jobs import JobSession, interruptible, undivided
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ZooLabError

_PATIENCE = 60


def drained_pid(rows: Iterable[int]) -> Iterator[int]:
    for _ in rows:
        pass
    yield os.getpid()


def sleeping(rows: Iterable[int]) -> Iterator[int]:
    for _ in rows:
        pass
    time.sleep(2)
    yield 1


def pids(context: NNContext) -> Any:
    return context.sc.parallelize(range(2), 2).mapPartitions(drained_pid)


def start_sleeper(context: NNContext, session: JobSession) -> tuple[threading.Thread, list[Any]]:
    """Run a job of one sleeping task in a thread and wait until Spark has it."""
    outcome: list[Any] = []
    rdd = context.sc.parallelize([0], 1).mapPartitions(sleeping)

    def run() -> None:
        try:
            outcome.append(session.run(rdd.collect))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for_a_job(context, session.tag)
    return thread, outcome


def wait_for_a_job(context: NNContext, tag: str) -> None:
    tracker = context.sc._jsc.sc().statusTracker()
    deadline = time.monotonic() + _PATIENCE
    while not list(tracker.getJobIdsForTag(tag)):
        assert time.monotonic() < deadline, "the job never started"
        time.sleep(0.01)


def test_a_call_gives_its_value_and_its_error_to_the_caller(context: NNContext) -> None:
    with context.jobs.session("test") as session:
        assert session.run(lambda: 7) == 7
        with pytest.raises(KeyError, match="nothing"):
            session.run(lambda: {}["nothing"])
        assert session.run(context.sc.parallelize([1, 2, 3], 2).sum) == 6


def test_calls_run_in_one_other_thread(context: NNContext) -> None:
    with context.jobs.session("test") as session:
        threads = {session.run(threading.get_ident) for _ in range(5)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_jobs_carry_the_session_s_tag_and_description(context: NNContext) -> None:
    with context.jobs.session("sum of three") as session:
        session.run(context.sc.parallelize([1, 2, 3], 2).sum)
        assert session.run(lambda: context.sc.getLocalProperty("spark.job.description")) == "sum of three"
        assert session.run(lambda: set(context.sc.getJobTags())) == {session.tag}
    assert set(context.sc.getJobTags()) == set()


def test_a_cancel_ends_its_own_jobs_and_no_others(context: NNContext) -> None:
    with context.jobs.session("stays") as stays, context.jobs.session("goes") as goes:
        assert stays.tag != goes.tag
        staying, stayed = start_sleeper(context, stays)
        going, gone = start_sleeper(context, goes)
        goes.cancel()
        going.join(_PATIENCE)
        staying.join(_PATIENCE)
    assert stayed == [[1]]
    assert "cancelled" in str(gone[0])


def test_a_session_works_again_after_a_cancel(context: NNContext) -> None:
    with context.jobs.session("twice") as session:
        thread, outcome = start_sleeper(context, session)
        session.cancel()
        thread.join(_PATIENCE)
        assert isinstance(outcome[0], Exception)
        assert session.run(context.sc.parallelize([1, 2], 2).sum) == 3


def test_an_interrupt_reaches_the_caller_and_leaves_the_call_under_way(context: NNContext) -> None:
    release = threading.Event()
    started = threading.Event()

    def call() -> str:
        started.set()
        release.wait(_PATIENCE)
        return "ended"

    def interrupt() -> None:
        started.wait(_PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)

    with context.jobs.session("interrupted") as session:
        threading.Thread(target=interrupt).start()
        with interruptible(), pytest.raises(KeyboardInterrupt):
            session.run(call)
        assert context.jobs.busy
        assert not session.settle(0.05)
        release.set()
        assert session.settle(_PATIENCE)
        assert not context.jobs.busy


def test_an_interrupt_while_a_call_is_queued_leaves_nothing_counted_that_never_ends(
    context: NNContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.jobs.session("interrupted") as session:
        begin = session._begin

        def begin_and_interrupt() -> None:
            begin()
            signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(session, "_begin", begin_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            session.run(lambda: 1)
        assert session.settle(_PATIENCE)
        assert not context.jobs.busy


def test_settling_also_cancels_a_job_that_started_after_the_cancel(context: NNContext) -> None:
    late = threading.Event()
    rdd = context.sc.parallelize([0], 1).mapPartitions(sleeping)
    outcome: list[Any] = []

    def call() -> None:
        late.wait(_PATIENCE)
        outcome.append(rdd.collect())

    with context.jobs.session("late") as session:
        runner = threading.Thread(target=lambda: outcome.append(_error_of(session, call)))
        runner.start()
        while not context.jobs.busy:
            time.sleep(0.01)
        session.cancel()
        late.set()
        assert session.settle(_PATIENCE)
        runner.join(_PATIENCE)
    assert "cancelled" in str(outcome[0])


def _error_of(session: JobSession, call: Any) -> BaseException | None:
    try:
        session.run(call)
    except Exception as error:
        return error
    return None


def test_interruptible_puts_the_handler_back() -> None:
    def mine(*_: object) -> None: ...

    before = signal.signal(signal.SIGINT, mine)
    try:
        with interruptible():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_waits_for_the_end_of_what_must_not_be_divided() -> None:
    done = []

    def divided() -> None:
        with interruptible():
            with undivided():
                with undivided():
                    signal.raise_signal(signal.SIGINT)
                    done.append("inner")
                done.append("outer")
            done.append("after")

    with pytest.raises(KeyboardInterrupt):
        divided()
    assert done == ["inner", "outer"]
    with interruptible(), undivided():
        done.append("again")
    assert done[-1] == "again"


def test_interruptible_does_nothing_in_another_thread() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look() -> None:
        with interruptible():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_jobs_run_from_a_thread_of_the_user(context: NNContext) -> None:
    seen: list[int] = []

    def work() -> None:
        with context.jobs.session("elsewhere") as session:
            seen.append(session.run(context.sc.parallelize(range(4), 2).sum))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(_PATIENCE)
    assert seen == [6]


def test_fifty_jobs_run_in_the_same_workers(context: NNContext) -> None:
    context.warm_up()
    rdd = pids(context)
    with context.jobs.session("pids") as session:
        found = {pid for _ in range(50) for pid in session.run(rdd.collect)}
    assert found <= {worker.pid for worker in context.workers}


def test_sessions_leave_no_threads_behind(context: NNContext) -> None:
    with context.jobs.session("first") as session:
        session.run(context.sc.parallelize([1], 1).count)
    before = {thread.name for thread in threading.enumerate()}
    for number in range(20):
        with context.jobs.session(f"number {number}") as session:
            session.run(context.sc.getJobTags)
    assert {thread.name for thread in threading.enumerate()} <= before


def test_a_closed_session_says_so(context: NNContext) -> None:
    with context.jobs.session("closed") as session:
        pass
    session.close()
    with pytest.raises(ZooLabError, match="closed"):
        session.run(lambda: 1)


def test_a_failed_call_leaves_the_context_cold_and_warming_up_mends_it(context: NNContext) -> None:
    context.warm_up()
    with context.jobs.session("fails") as session, pytest.raises(ZeroDivisionError):
        session.run(lambda: 1 // 0)
    assert context.state == "cold"
    context.warm_up()
    assert context.state == "warm"
    assert len(context.workers) == context.slots
