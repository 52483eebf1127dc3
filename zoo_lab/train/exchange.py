"""Lets the workers of one host exchange small arrays in the middle of a step, through a memory-mapped file.

Needed where a layer or loss looks at the whole batch: BatchNormalization(synchronized=True), masked means.
Every exchange point of the traced step has its own place in the file, so no point waits for another's reader.
Values are tagged with the iteration, and a job ends before the next begins: nothing is read too early or
overwritten too soon, and an iteration done again finds the same values. A worker that waits gives up when another one
of the same attempt has died or has given up. Runs inside Spark executors.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from zoo_lab.core.errors import TrainingError
from zoo_lab.train.meeting import Gone, alive, fence

_SPINS = 200
_PAUSE_SECONDS = 50e-6
_LOOK_EVERY = 100  # pauses between two looks whether everybody is alive
_LIMIT_SECONDS = 120.0


class Exchange:
    """The exchange points of one traced step; `workers` is how many take part at most.

    The file begins with the number of the attempt, then for each worker the attempt that it takes part in, its process
    and the attempt that it gave up.

    Attributes:
        gone: why another worker will not come, "" while all may; TensorFlow does not let exceptions through whole.
    """

    def __init__(self, path: Path, workers: int) -> None:
        self.path = path
        self.workers = workers
        self.worker = 0
        self.active = workers
        self.iteration = 0
        self.gone = ""
        self._attempt = 0.0
        self._points: list[tuple[int, int]] = []  # offset and length of each point, in float64 values
        self._memory: np.ndarray | None = None
        self._last: Any = None

    @property
    def size(self) -> int:
        """Number of float64 values the file must hold for the points traced so far; 0 where there are none."""
        return self._end() if self._points else 0

    def create(self, size: int) -> None:
        """Make the file, of `size` values; for the driver."""
        values = np.zeros(size)
        values[0] = 1
        values.tofile(self.path)

    def next_attempt(self) -> None:
        """Let the next job take no notice of who gave up in the last one; for the driver."""
        np.memmap(self.path, dtype=np.float64, mode="r+", shape=(1,))[0] += 1

    def begin(self, worker: int, active: int, iteration: int) -> None:
        """Take part in an iteration as one of the first `active` workers."""
        self.worker, self.active, self.iteration, self.gone = worker, active, iteration, ""
        if self._points:
            self._attempt = float(self._opened()[0])
            self._presence()[worker] = self._attempt, os.getpid(), 0.0

    def give_up(self) -> None:
        """Tell the workers that wait for this one that it will not come."""
        if self._points and self._attempt:
            self._presence()[self.worker, 2] = self._attempt

    def begin_trace(self) -> None:
        """Forget the points of the step traced before."""
        self._last = None
        self._points.clear()

    def gather(self, vector: Any) -> Any:
        """Return the vectors of all workers, shape (workers, len(vector)); differentiable. Idle workers give zeros."""
        length = int(vector.shape[0])

        @tf.custom_gradient
        def gathered(own: Any) -> tuple[Any, Any]:
            def gradient(upstream: Any) -> Any:
                everyones = self._point(tf.reshape(upstream, [-1]), self.workers * length)
                towards = tf.reshape(everyones, [self.workers, self.workers, length])
                return tf.gather(tf.reduce_sum(towards, axis=0), self._own_number())

            return self._point(own, length), gradient

        return gathered(vector)

    def total(self, amount: Any) -> Any:
        """Return the scalar `amount` summed over all workers, as a constant for gradients."""
        vector = tf.stop_gradient(tf.reshape(tf.cast(amount, tf.float32), [1]))
        return tf.cast(tf.reduce_sum(self._point(vector, 1)), amount.dtype)

    def _point(self, vector: Any, length: int) -> Any:
        offset = self._end()
        self._points.append((offset, length))
        # Every worker must come to the points in the same order, or two would wait for each other.
        with tf.control_dependencies([] if self._last is None else [self._last]):
            result = tf.numpy_function(lambda own: self._swap(offset, own), [vector], vector.dtype)
        self._last = result
        result.set_shape((self.workers, length))
        return result

    def _own_number(self) -> Any:
        number = tf.numpy_function(lambda: np.int64(self.worker), [], tf.int64)
        number.set_shape(())
        return number

    def _swap(self, offset: int, own: np.ndarray) -> np.ndarray:
        memory = self._opened()
        end = offset + self.workers * (own.size + 1)
        rows = memory[offset:end].reshape(self.workers, own.size + 1)
        rows[self.worker, 1:] = own
        fence()
        rows[self.worker, 0] = self.iteration  # the tag last: a reader that sees it finds the values
        self._wait(rows[: self.active, 0])
        fence()
        values = np.zeros((self.workers, own.size), own.dtype)
        values[: self.active] = rows[: self.active, 1:]
        return values

    def _wait(self, tags: np.ndarray) -> None:
        for _ in range(_SPINS):
            if (tags == self.iteration).all():
                return
            time.sleep(0)
        start, pauses = time.monotonic(), 0
        while not (tags == self.iteration).all():
            pauses += 1
            if pauses % _LOOK_EVERY == 0:
                self._expect_all_alive(np.flatnonzero(tags != self.iteration))
            if time.monotonic() - start > _LIMIT_SECONDS:
                missing = [worker for worker, tag in enumerate(tags) if tag != self.iteration]
                msg = f"Waited {_LIMIT_SECONDS:.0f} s for the part of workers {missing} in iteration {self.iteration}."
                raise TrainingError(msg)
            time.sleep(_PAUSE_SECONDS)

    def _expect_all_alive(self, missing: np.ndarray) -> None:
        for worker in missing:
            attempt, pid, gave_up = self._presence()[worker]
            if gave_up == self._attempt or (attempt == self._attempt and not alive(int(pid))):
                self.gone = f"worker {worker} died or gave up within iteration {self.iteration}"
                raise Gone(self.gone)

    def _end(self) -> int:
        return 1 + 3 * self.workers + sum(self.workers * (length + 1) for _offset, length in self._points)

    def _presence(self) -> np.ndarray:
        return self._opened()[1 : 1 + 3 * self.workers].reshape(self.workers, 3)

    def _opened(self) -> np.ndarray:
        if self._memory is None:
            self._memory = np.memmap(self.path, dtype=np.float64, mode="r+", shape=(self._end(),))
        return self._memory


def synchronize_moments(layer: Any, exchange: Exchange) -> None:
    """Make a BatchNormalization layer normalize with the mean and variance of the whole batch."""

    def moments(inputs: Any, mask: Any) -> tuple[Any, Any]:
        axes = [axis for axis in range(len(inputs.shape)) if axis != layer.axis % len(inputs.shape)]
        weight = tf.ones_like(inputs) if mask is None else tf.cast(mask, inputs.dtype)[..., None] * tf.ones_like(inputs)
        count = tf.reduce_sum(weight, axes)
        mean = tf.math.divide_no_nan(tf.reduce_sum(inputs * weight, axes), count)
        spread = tf.square(inputs - _along(mean, layer.axis, len(inputs.shape))) * weight
        variance = tf.math.divide_no_nan(tf.reduce_sum(spread, axes), count)
        return _merge(exchange.gather(tf.concat([count, mean, variance], 0)), exchange.workers)

    # Keras asks a tf.distribute context for the other replicas here, and has no public place for another exchange.
    layer._moments = moments


def _merge(parts: Any, workers: int) -> tuple[Any, Any]:
    """Return mean and variance of the union from each part's count, mean and variance (Chan et al. 1979)."""
    counts, means, variances = tf.unstack(tf.reshape(parts, [workers, 3, -1]), axis=1)
    total = tf.reduce_sum(counts, 0)
    mean = tf.math.divide_no_nan(tf.reduce_sum(counts * means, 0), total)
    within_and_between = counts * (variances + tf.square(means - mean))
    return mean, tf.math.divide_no_nan(tf.reduce_sum(within_and_between, 0), total)


def _along(vector: Any, axis: int, rank: int) -> Any:
    shape = [1] * rank
    shape[axis] = -1
    return tf.reshape(vector, shape)
