"""Lets requests that wait share one call of the model.

While a call computes, what arrives gathers; the next call takes it together, up to a number of rows. A request that
comes alone is not kept waiting: only where others are already on their way does a call wait for them, and not long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from zoo_lab.serving.errors import ServiceError

Predict = Callable[[Any], Any]


class _Request:
    """One request's rows, and the future of its outputs."""

    def __init__(self, inputs: Any, rows: int, answer: asyncio.Future[Any]) -> None:
        self.inputs = inputs
        self.rows = rows
        self.answer = answer
        self.kind = _kind(inputs)


class Batcher:
    """Takes requests from one event loop, computes in threads.

    Args:
        predict: from inputs to outputs; an array, or a dict or list of them, rows first.
        max_batch: rows in a call at most; a request with more is computed by itself.
        max_wait: seconds that a call waits at most for requests that are on their way.
        max_waiting: requests that may wait at a time.
        concurrency: calls at a time.
        on_batch: called with the rows of each call.
    """

    def __init__(
        self,
        predict: Predict,
        *,
        max_batch: int,
        max_wait: float,
        max_waiting: int,
        concurrency: int,
        on_batch: Callable[[int], object] = lambda rows: None,
    ) -> None:
        self._predict = predict
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._max_waiting = max_waiting
        self._on_batch = on_batch
        self._free = concurrency
        self._waiting: deque[_Request] = deque()
        self._coming = 0
        self._timer: asyncio.TimerHandle | None = None
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="zoo-lab-serve")
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many requests wait for a call."""
        return len(self._waiting)

    def announce(self, change: int) -> None:
        """Tell that a request is on its way (+1), or has arrived or been given up (-1)."""
        self._coming += change

    async def predict(self, inputs: Any, rows: int) -> Any:
        """Return the outputs of some rows; raises `ServiceError` where too many wait, and whatever the model raises."""
        if len(self._waiting) >= self._max_waiting:
            msg = f"Expected fewer than {self._max_waiting} waiting requests; the service is busy. Try again later."
            raise ServiceError(503, "busy", msg, Retry_After="1")
        answer = asyncio.get_running_loop().create_future()
        request = _Request(inputs, rows, answer)
        self._waiting.append(request)
        self._start()
        try:
            return await answer
        except asyncio.CancelledError:  # too late: nobody waits for it any more
            if request in self._waiting:
                self._waiting.remove(request)
            raise

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, waited: bool = False) -> None:
        """Begin calls while there are requests and threads for them; wait a moment for what is on its way."""
        while self._waiting and self._free:
            gathered = sum(request.rows for request in self._waiting)
            if not waited and self._coming and gathered < self._max_batch and self._max_wait:
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(self._max_wait, self._waited)
                return
            self._drop_timer()
            self._free -= 1
            call = asyncio.get_running_loop().create_task(self._call(self._take()))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    def _waited(self) -> None:
        self._timer = None
        self._start(waited=True)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take(self) -> list[_Request]:
        """Take the oldest request and those of its kind that fit into one call with it."""
        first = self._waiting.popleft()
        taken, rows, left = [first], first.rows, deque[_Request]()
        while self._waiting and rows < self._max_batch:
            request = self._waiting.popleft()
            if request.kind == first.kind and rows + request.rows <= self._max_batch:
                taken.append(request)
                rows += request.rows
            else:
                left.append(request)
        self._waiting.extendleft(reversed(left))
        return taken

    async def _call(self, requests: list[_Request]) -> None:
        try:
            await self._answer(requests)
        finally:
            self._free += 1
            self._start()

    async def _answer(self, requests: list[_Request]) -> None:
        loop = asyncio.get_running_loop()
        self._on_batch(sum(request.rows for request in requests))
        try:
            parts = await loop.run_in_executor(self._threads, _compute, self._predict, requests)
        except Exception as error:  # noqa: BLE001 - it goes to who asked
            if len(requests) > 1:  # one of them is to blame, and the others must not suffer for it
                for request in requests:
                    if not request.answer.done():
                        await self._answer([request])
            elif not requests[0].answer.done():
                requests[0].answer.set_exception(error)
            return
        for request, part in zip(requests, parts, strict=True):
            if not request.answer.done():
                request.answer.set_result(part)


def _compute(predict: Predict, requests: Sequence[_Request]) -> list[Any]:
    if len(requests) == 1:
        return [predict(requests[0].inputs)]
    outputs = predict(_together([request.inputs for request in requests]))
    ends = np.cumsum([request.rows for request in requests]).tolist()
    starts = [0, *ends[:-1]]
    return [_part(outputs, start, end) for start, end in zip(starts, ends, strict=True)]


def _together(inputs: Sequence[Any]) -> Any:
    if isinstance(inputs[0], dict):
        return {name: np.concatenate([each[name] for each in inputs]) for name in inputs[0]}
    return np.concatenate(inputs)


def _part(outputs: Any, start: int, end: int) -> Any:
    if isinstance(outputs, dict):
        return {name: array[start:end] for name, array in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [array[start:end] for array in outputs]
    return outputs[start:end]


def _kind(inputs: Any) -> Any:
    """Return what requests must have in common to be computed together: names, types and shapes of a row."""
    if isinstance(inputs, dict):
        return tuple((name, array.dtype.kind, array.shape[1:]) for name, array in sorted(inputs.items()))
    return inputs.dtype.kind, inputs.shape[1:]
