"""Runs Spark jobs so that the notebook stays in charge: own tags, an interruptible wait, a cancel that spares the rest.

A session owns one helper thread, and the JVM thread that PySpark pins to it. The caller only ever waits on a
Python queue, so an interrupt reaches it at once, however long Spark takes.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import queue
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from zoo_lab.core.errors import ZooLabError

T = TypeVar("T")
GRACE_SECONDS = 0.5
_CANCEL_SECONDS = 0.3
_CLOSE_SECONDS = 5.0
_CANCEL_AGAIN_SECONDS = 0.1


class Jobs:
    """Open sessions on one SparkContext, and know when Spark was last busy with them.

    Args:
        spark_context: the `SparkContext` that runs the jobs.
        on_failure: called after each call that failed or was cancelled: its Python workers may have ended with it.
        explain: called with the error of such a call before its caller gets it; may raise one that says more.
    """

    def __init__(
        self,
        spark_context: Any,
        on_failure: Callable[[], None] | None = None,
        explain: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._spark_context = spark_context
        self._on_failure = on_failure
        self._explain = explain
        self._lock = threading.Lock()
        self._under_way = 0
        self._last_end = time.monotonic()

    def session(self, description: str) -> JobSession:
        """Return a new session, to be used as a context manager.

        Args:
            description: what the Spark UI shows for its jobs, such as "zoo_lab: fit lenet".

        Example:
            >>> with context.jobs.session("count") as session:          # doctest: +SKIP
            ...     rows = session.run(lambda: frame.count())
        """
        return JobSession(self._spark_context, description, self._note, self._explain)

    @property
    def busy(self) -> bool:
        """Tell whether a call of any session is under way."""
        return self._under_way > 0

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last call ended, 0.0 while one is under way."""
        with self._lock:
            return 0.0 if self._under_way else time.monotonic() - self._last_end

    def _note(self, change: int, failed: bool = False) -> None:
        with self._lock:
            self._under_way += change
            self._last_end = time.monotonic()
        if failed and self._on_failure is not None:
            self._on_failure()


class JobSession:
    """One thread in which Spark jobs run under one tag; `Jobs.session` makes it.

    Attributes:
        tag: the Spark job tag, unique to this session.
    """

    def __init__(
        self,
        spark_context: Any,
        description: str,
        note: Callable[..., None],
        explain: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.tag = f"zoo_lab-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._spark_context = spark_context
        self._description = description
        self._note = note
        self._explain = explain
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Any]] | None] = queue.SimpleQueue()
        self._state = threading.Condition()
        self._pending = 0
        self._cancelled = False
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=f"zoo_lab jobs: {description}", daemon=True)
        self._thread.start()

    def run(self, call: Callable[[], T], meanwhile: Callable[[], None] | None = None, every: float = 0.02) -> T:
        """Run `call` in the session's thread and return its value, or raise its error.

        An interrupt (KeyboardInterrupt) is raised here at once and leaves the call under way: `cancel` ends its
        jobs, `settle` waits for it. A call that follows waits for the one before.

        Args:
            call: runs one or more Spark jobs.
            meanwhile: called here in the caller's thread every `every` seconds until `call` has ended.
            every: in seconds.
        """
        answer: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        context = contextvars.copy_context()  # so that what `call` prints lands in the caller's notebook cell
        with interruptible(), undivided():  # counted and queued, or neither
            self._begin()
            self._calls.put((lambda: context.run(call), answer))
        value, error = _wait(answer) if meanwhile is None else _wait_and_look(answer, meanwhile, every)
        if error is None:
            return value
        try:
            if self._explain is not None:
                self._explain(error)
            raise error
        finally:
            del error  # the traceback holds this frame: without this they would keep each other alive

    def settle(self, seconds: float) -> bool:
        """Wait up to `seconds` for calls under way to end; return whether they have."""
        deadline = time.monotonic() + seconds
        while True:
            with self._state:
                left = deadline - time.monotonic()
                if self._state.wait_for(lambda: self._pending == 0, max(0.0, min(left, _CANCEL_AGAIN_SECONDS))):
                    return True
            if left <= 0:
                return False
            if self._cancelled:
                self._cancel_tag()  # a job that started after the first cancel

    def cancel(self) -> None:
        """Cancel this session's jobs and no others; their call then ends with Spark's error.

        Spark closes the Python workers of cancelled tasks, TensorFlow and all: where a job is short, `settle` first.
        """
        self._cancelled = True
        self._cancel_tag()

    def settle_or_cancel(self) -> None:
        """After an interrupt: let short jobs end by themselves, which keeps their workers; cancel long ones."""
        if not self.settle(GRACE_SECONDS):
            self.cancel()
            self.settle(_CANCEL_SECONDS)

    def running_tasks(self) -> int | None:
        """Return how many tasks of this session's jobs have a slot now, None where Spark has no such job."""
        # the status that Spark keeps for its users is written with delay; this is what the scheduler itself goes by
        queue = self._spark_context._jsc.sc().taskScheduler().rootPool().getSortedTaskSetQueue()
        own = [manager for manager in map(queue.apply, range(queue.size())) if self.tag in _tags(manager)]
        return sum(manager.runningTasks() for manager in own) if own else None

    def close(self) -> None:
        """End the session: jobs still under way are cancelled, its thread ends. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._pending:
            self.cancel()
        self._calls.put(None)
        if threading.current_thread() is not self._thread and self.settle(_CLOSE_SECONDS):
            self._thread.join(_CLOSE_SECONDS)

    def __enter__(self) -> JobSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        if self._closed:
            msg = "Expected an open job session; this one is closed. Open a new one with context.jobs.session(...)."
            raise ZooLabError(msg)
        with self._state:
            self._cancelled = self._cancelled and self._pending > 0
            self._pending += 1
        self._note(+1)

    def _end(self, failed: bool) -> None:
        self._note(-1, failed)
        with self._state:
            self._pending -= 1
            self._state.notify_all()

    def _cancel_tag(self) -> None:
        if self._spark_context._jsc is not None:
            self._spark_context.cancelJobsWithTag(self.tag)

    def _serve(self) -> None:
        labelled = False
        while (item := self._calls.get()) is not None:
            call, answer = item
            try:
                if not labelled:
                    self._label_thread()
                    labelled = True
                outcome = (call(), None)
            except BaseException as error:
                outcome = (None, error)
            self._end(failed=outcome[1] is not None)
            answer.put(outcome)
            del item, call, answer, outcome

    def _label_thread(self) -> None:
        self._spark_context.addJobTag(self.tag)
        self._spark_context.setJobDescription(self._description)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let ■ (SIGINT) raise KeyboardInterrupt in the main thread for the duration; elsewhere do nothing.

    PySpark's own handler cancels all jobs, also other people's, and ipykernel swaps handlers around each cell:
    whichever was there is put back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, _interrupts.handle)
    try:
        yield
    finally:
        if previous is not None:  # None: a handler that Python did not install and cannot put back
            signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """Hold an interrupt back until the block has ended, so that it is done wholly or not at all; for short blocks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _interrupts.hold()
    try:
        yield
    finally:
        _interrupts.release()


def _tags(manager: Any) -> list[str]:
    properties = manager.taskSet().properties()
    return [] if properties is None else (properties.getProperty("spark.job.tags") or "").split(",")


class _Interrupts:
    """What SIGINT does within `interruptible`. Only the main thread touches it, as Python runs handlers there."""

    def __init__(self) -> None:
        self._holds = 0
        self._held_back = False

    def handle(self, *_: object) -> None:
        self._held_back = self._holds > 0
        if not self._held_back:
            raise KeyboardInterrupt

    def hold(self) -> None:
        self._holds += 1

    def release(self) -> None:
        self._holds -= 1
        if self._held_back and not self._holds:
            self._held_back = False
            raise KeyboardInterrupt


_interrupts = _Interrupts()


def _wait(answer: queue.SimpleQueue[T]) -> T:
    if os.name == "posix":
        return answer.get()
    while True:  # a lock wait without a time limit cannot be interrupted on Windows
        with contextlib.suppress(queue.Empty):
            return answer.get(timeout=0.2)


def _wait_and_look(answer: queue.SimpleQueue[T], look: Callable[[], None], every: float) -> T:
    while True:
        with contextlib.suppress(queue.Empty):
            return answer.get(timeout=every)
        look()
