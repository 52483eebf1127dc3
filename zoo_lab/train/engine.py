"""Ships the model to the workers, runs jobs on them, and turns what fails there into errors that help."""

from __future__ import annotations

import contextlib
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.errors import ModelError, WorkerError, ZooLabError
from zoo_lab.core.events import worker_words
from zoo_lab.core.report import ErrorReport, placed
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.keras.shipping import ModelPackage
from zoo_lab.train.batches import Schedule
from zoo_lab.train.exchange import Exchange
from zoo_lab.train.layout import Layout
from zoo_lab.train.letters import Letters
from zoo_lab.train.setup import MEET, DataSetup, Failure, Prepared, Report, Setup
from zoo_lab.train.task import Task, prepare

if TYPE_CHECKING:
    from pyspark import RDD, Broadcast

    from zoo_lab.context.jobs import JobSession
    from zoo_lab.context.nncontext import NNContext


class WorkersLost(RuntimeError):
    """A worker died or gave up, or files of its are gone: nobody's fault, and the job is done again."""


_numbers = itertools.count()
_EXCHANGE_BYTES = 1 << 20  # more than the moments of all channels of most models
_KEPT = "The model holds the weights of the last finished iteration."
_ADVICE = {
    "data": f"Try the data's steps on that row alone; mend them, or the row, and train again. {_KEPT}",
    "model": f"Try model(x, training=True) on that row here; mend the model, or the row, and train again. {_KEPT}",
    "": f"Try model(x[:2], training=True) here, where a debugger reaches it; mend that and train again. {_KEPT}",
}
_LOSS = re.compile(r"(Python worker (exited|failed)|ExecutorLostFailure|Executor heartbeat timed out)[^\n]*")


class Engine:
    """One model on the workers of a context, for one run, evaluation or prediction.

    Args:
        run: names the run; workers that have it already under this name do not build the model again.
    """

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
        parts: str = MEET,
        schedule: Schedule | None = None,
        run: str = "",
    ) -> None:
        self.context = context
        self._session = session
        self._data = data
        run = run or uuid.uuid4().hex[:12]
        folder = context.shared_memory_folder(_EXCHANGE_BYTES)
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
            class_weight=class_weight,
            parts=parts,
            schedule=schedule,
        )
        self._base = self._records(data)
        self._exchange = Exchange(Path(self.setup.exchange_path), context.slots)
        self._setup: Broadcast | None = None
        self.prepared: Prepared | None = None
        self._spared = False

    def prepare(self) -> Prepared:
        """Send the model, let every worker build and trace it, and make the exchange file that it needs."""
        self.send()
        found: list[Prepared] = self.run(self.job(prepare))
        self.prepared = found[0]
        if self.exchanges:
            self._exchange.create(self.prepared.exchange_size)
        return self.prepared

    def send(self) -> None:
        """Send the model without tracing a training step; once, however often it is called."""
        if self._setup is None:
            self._setup = self.broadcast(self.setup)

    def broadcast(self, value: Any) -> Broadcast:
        """Return a broadcast of `value`; the caller destroys it."""
        return self._session.run(lambda: self.context.sc.broadcast(value))

    def letters(self) -> Letters:
        """Return letters for this run's weights; the caller closes them."""
        layout, name = self.setup.layout, f"{self.setup.run}.letter-{next(_numbers)}"
        return Letters(self.context.shared_memory_folder, name, layout.weights_size, layout.dtype)

    def send_letter(self, letters: Letters, weights: np.ndarray, rest: Any) -> Broadcast:
        """Return a broadcast of weights and an object, for `letters.opened`; the caller destroys it."""
        return self._session.run(lambda: letters.send(self.context.sc, weights, rest))

    def running_tasks(self) -> int | None:
        """Return how many tasks of the job under way have a slot, None where there is no such job."""
        return self._session.running_tasks()

    @property
    def exchanges(self) -> bool:
        """Whether workers exchange values in mid-step."""
        return self.prepared is not None and self.prepared.exchange_size > 0

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

    def run(
        self,
        job: RDD,
        meanwhile: Callable[[], None] | None = None,
        *,
        every: float = 0.02,
        data: FeatureSet | None = None,
        gang: bool = False,
        read: Callable[[list[Any]], list[Any]] = list,
    ) -> list[Any]:
        """Run a job and return the workers' records in order.

        Args:
            job: of `job` or `rdd`.
            meanwhile: called every `every` seconds until the job has ended.
            every: in seconds.
            data: what the job reads, default the engine's own.
            gang: whether its tasks wait for each other: two such jobs could each hold half of the slots for ever.
            read: makes the workers' records of what Spark returns.

        Errors:
            WorkerError: the first failure of the user's code.
            WorkersLost: do the job again; shards that were lost have been written again.
        """
        with self.context.gang if gang or self.exchanges else contextlib.nullcontext():
            try:
                records = read(self._session.run(job.collect, meanwhile, every))
            except Exception:
                self.next_attempt()
                raise
        failures = [record for record in records if isinstance(record, Failure)]
        if failures:
            self._raise(failures, self._data if data is None else data)
        return records

    def _raise(self, failures: list[Failure], data: FeatureSet) -> None:
        self.next_attempt()
        own = [failure for failure in failures if not (failure.gone or failure.shards)]
        if own:
            raise _worker_error(own[0])
        shards = sorted({shard for failure in failures for shard in failure.shards})
        if shards:
            self._session.run(lambda: data.store.restore(shards))
        raise WorkersLost(next((failure for failure in failures if failure.shards), failures[0]).message)

    def next_attempt(self) -> None:
        """Before a job is done again: who gave up in the last attempt is expected anew."""
        if self.exchanges:
            self._exchange.next_attempt()

    def settle(self, seconds: float) -> bool:
        """Wait up to `seconds` for a job under way after an interrupt; return whether it has ended."""
        return self._session.settle(seconds)

    def end(self) -> None:
        """After an interrupt: let a short job end by itself, which keeps the workers warm; cancel a long one."""
        self._session.settle_or_cancel()

    def cancel(self) -> None:
        """Cancel the job under way, unless it is `spared`."""
        if not self._spared:
            self._session.cancel()

    @contextlib.contextmanager
    def sparing(self) -> Iterator[None]:
        """Let no `cancel` end the short jobs of the block, which bring the last finished iteration home."""
        self._spared = True
        try:
            yield
        finally:
            self._spared = False

    def evaluate(
        self, data: FeatureSet, batch_size: int, weights: np.ndarray, state: np.ndarray, task: Any = None
    ) -> list[Report]:
        """Run one job that adds up the metrics of all of `data` in batches of `batch_size`; by default `Evaluate`."""
        from zoo_lab.train.task import Evaluate

        message = self.broadcast((weights, state))
        try:
            return self.run(self.job((task or Evaluate)(data_setup(data), message, batch_size), data), data=data)
        finally:
            message.destroy()

    def close(self) -> None:
        """Release the model and the files of this run."""
        if self._setup is not None:
            with contextlib.suppress(Exception):  # Spark may have been stopped under us; then nothing is left to free
                self._setup.destroy()
        Path(self.setup.exchange_path).unlink(missing_ok=True)

    def _records(self, data: FeatureSet) -> RDD:
        slots = self.setup.workers
        if self.context.one_host:
            return self.context.sc.parallelize(range(slots), slots)
        return data.store.pinned.coalesce(slots)


def data_setup(data: FeatureSet) -> DataSetup:
    """Return what a worker must know of a pinned data set."""
    store = data.store
    handles = tuple(store.handles) if store.context.one_host else ()
    stored = set(data.stored.fields())
    return DataSetup(
        fields=data.fields,
        structure=data.structure,
        shard_rows=tuple(handle.rows for handle in store.handles),
        handles=handles,
        stored=tuple(spec for spec in store.fields if spec.name in stored),
        made=data.shipped_chain,
    )


def why_lost(error: Exception) -> str:
    """Return in one line why Spark gave up a job, out of the many that Py4J and Java make of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = (match.group() for line in lines if (match := _LOSS.search(line)))
    return next(told, lines[0] if lines else type(error).__name__)


def _worker_error(failure: Failure) -> ZooLabError:
    if failure.kind == ModelError.__name__:
        return ModelError(failure.message)
    report = ErrorReport(
        failure.kind,
        failure.message,
        tuple(map(placed, failure.frames)),
        worker_words(failure.worker, failure.host),
        failure.sample,
        _ADVICE[failure.stage],
        failure.traceback,
    )
    return WorkerError.of(report)
