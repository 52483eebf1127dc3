"""Ships the model to the workers, runs jobs on them, and turns what fails there into errors that help."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.errors import ModelError, WorkerError, ZooLabError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.keras.shipping import ModelPackage
from zoo_lab.train.layout import Layout
from zoo_lab.train.setup import DataSetup, Failure, Prepared, Report, Setup
from zoo_lab.train.task import Task, prepare

if TYPE_CHECKING:
    from pyspark import RDD, Broadcast

    from zoo_lab.context.jobs import JobSession
    from zoo_lab.context.nncontext import NNContext

_LOSS = re.compile(r"(Python worker (exited|failed)|ExecutorLostFailure|Executor heartbeat timed out)[^\n]*")


class Engine:
    """One model on the workers of a context, for one run, evaluation or prediction."""

    def __init__(
        self,
        context: NNContext,
        session: JobSession,
        data: FeatureSet,
        *,
        package: ModelPackage,
        layout: Layout,
        weights: np.ndarray,
        state: np.ndarray,
        seed: int = 0,
        class_weight: dict[int, float] | None = None,
    ) -> None:
        self.context = context
        self._session = session
        self._data = data
        run = uuid.uuid4().hex[:12]
        folder = context.shared_memory_folder(_memory_needed(layout, context.slots))
        self.setup = Setup(
            run=run,
            package=package,
            layout=layout,
            weights=weights,
            state=state,
            data=data_setup(data),
            workers=context.slots,
            one_host=context.one_host,
            seed=seed,
            threads=context.threads_per_slot,
            exchange_path=str(folder / f"{run}.exchange"),
            memory_path=str(folder / f"{run}.memory"),
            class_weight=class_weight,
        )
        self._base = self._records(data)
        self._setup: Broadcast | None = None
        self.prepared: Prepared | None = None

    def prepare(self) -> Prepared:
        """Send the model, let every worker build and trace it, and make the exchange file that it needs."""
        self.send()
        found: list[Prepared] = self.run(self.job(prepare))
        self.prepared = found[0]
        if self.prepared.exchange_size:
            np.zeros(self.prepared.exchange_size).tofile(self.setup.exchange_path)
        return self.prepared

    def send(self) -> None:
        """Send the model without tracing a training step; once, however often it is called."""
        if self._setup is None:
            self._setup = self.broadcast(self.setup)

    def broadcast(self, value: Any) -> Broadcast:
        """Return a broadcast of `value`; the caller destroys it."""
        return self._session.run(lambda: self.context.sc.broadcast(value))

    @property
    def shipped(self) -> Broadcast:
        """The broadcast of this run's `Setup`."""
        return self._setup

    def rdd(self, function: Callable[[int, Any], Any]) -> RDD:
        """Return the RDD of what `function(index, records)` yields on every worker."""
        return self._base.mapPartitionsWithIndex(function)

    def job(self, work: Callable[..., Any], data: FeatureSet | None = None) -> RDD:
        """Return the RDD that does `work` once on every worker; keep it where the work stays the same."""
        base = self._base if data is None else self._records(data)
        return base.mapPartitionsWithIndex(Task(self._setup, work))

    def run(self, job: RDD, meanwhile: Callable[[], None] | None = None, every: float = 0.02) -> list[Any]:
        """Run a job and return the workers' records in order, or raise the first failure of the user's code.

        `meanwhile` is called every `every` seconds until the job has ended.
        """
        records = self._session.run(job.collect, meanwhile, every)
        for record in records:
            if isinstance(record, Failure):
                raise _worker_error(record)
        return records

    def settle(self, seconds: float) -> bool:
        """Wait up to `seconds` for a job under way after an interrupt; return whether it has ended."""
        return self._session.settle(seconds)

    def evaluate(self, data: FeatureSet, batch_size: int, weights: np.ndarray, state: np.ndarray) -> list[Report]:
        """Run one job that adds up the metrics of all of `data` in batches of `batch_size`."""
        from zoo_lab.train.task import Evaluate

        message = self.broadcast((weights, state))
        try:
            return self.run(self.job(Evaluate(data_setup(data), message, batch_size), data))
        finally:
            message.destroy()

    def close(self) -> None:
        """Release the model and the files of this run."""
        if self._setup is not None:
            with contextlib.suppress(Exception):  # Spark may have been stopped under us; then nothing is left to free
                self._setup.destroy()
        Path(self.setup.exchange_path).unlink(missing_ok=True)

    def _records(self, data: FeatureSet) -> RDD:
        slots = self.context.slots
        if self.context.one_host:
            return self.context.sc.parallelize(range(slots), slots)
        return data.store.pinned.coalesce(slots)


def data_setup(data: FeatureSet) -> DataSetup:
    """Return what a worker must know of a pinned data set."""
    store = data.store
    handles = tuple(store.handles) if store.context.one_host else ()
    return DataSetup(store.fields, data.structure, tuple(handle.rows for handle in store.handles), handles)


def _memory_needed(layout: Layout, workers: int) -> int:
    return layout.dtype.itemsize * (layout.weights_size + layout.state_size) * (workers + 2)


def why_lost(error: Exception) -> str:
    """Return in one line why Spark gave up a job, out of the many that Py4J and Java make of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = (match.group() for line in lines if (match := _LOSS.search(line)))
    return next(told, lines[0] if lines else type(error).__name__)


def _worker_error(failure: Failure) -> ZooLabError:
    if failure.kind == ModelError.__name__:
        return ModelError(failure.message)
    where = f"worker {failure.worker} on {failure.host}" + (f", {failure.rows}" if failure.rows else "")
    frames = f"\n{failure.frames.rstrip()}" if failure.frames else ""
    return WorkerError(f"{failure.kind} on {where}: {failure.message}{frames}", failure.traceback)
