"""A few iterations of a run before the run: what it will take, and whether it computes what one process would.

Both train the very model, with the very arguments, and put it back as it was.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import IterationDone
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.feature.structure import map_leaves
from zoo_lab.train.api import fit
from zoo_lab.train.grouping import Grouping, most_iterations
from zoo_lab.train.match import live_model
from zoo_lab.train.plan import Plan
from zoo_lab.train.sources import as_feature_set

_MEASURED = 6
_COMPARED = 3


@dataclass(frozen=True)
class Estimate:
    """What a run will take, from its first iterations.

    Attributes:
        plan: of the run.
        iteration_seconds: an iteration's time, launching included.
        iterations_per_job: how many will share a Spark job.
        compute_seconds: of the slowest worker in it.
        network_bytes: what a worker sends and receives in an iteration; 0 where all share one host's memory.
        driver_bytes: what the driver sends and receives in an iteration.
        worker_bytes: memory of the largest worker process.
        most_workers: more than so many would spend most of an iteration on anything but computing.
    """

    plan: Plan
    iteration_seconds: float
    iterations_per_job: int
    compute_seconds: float
    network_bytes: int
    driver_bytes: int
    worker_bytes: int
    most_workers: int

    @property
    def epoch_seconds(self) -> float:
        """Predicted time of an epoch."""
        return self.iteration_seconds * self.plan.steps_per_epoch

    def __repr__(self) -> str:
        plan = self.plan
        other = max(self.iteration_seconds - self.compute_seconds, 0.0)
        shared = f", {self.iterations_per_job} in a job" if self.iterations_per_job > 1 else ""
        reach = (
            f"More than {self.most_workers} workers will not help: launching, exchange and update take "
            f"{_time(other)} of an iteration however many there are, and computing, {_time(self.compute_seconds)} on "
            f"{plan.workers}, would take less."
        )
        return "\n".join(
            [
                repr(plan),
                f"An epoch takes about {_time(self.epoch_seconds)}, the run {_time(self.epoch_seconds * plan.epochs)} "
                f"without validation: {_time(self.iteration_seconds)} an iteration{shared}.",
                f"Each worker moves {_size(self.network_bytes)} over the network in an iteration, the driver "
                f"{_size(self.driver_bytes)}. The largest worker process has {_size(self.worker_bytes)}.",
                reach,
            ]
        )


@dataclass(frozen=True)
class Verification:
    """How far distributed training is from one process after a few iterations.

    Attributes:
        iterations: compared.
        difference: the largest, over all weights.
        name: of the variable that has it.
        random: names of layers that draw random numbers while training, which each worker draws for itself.
        unsynchronized: names of BatchNormalization layers that normalize with each worker's own part.
    """

    iterations: int
    difference: float
    name: str
    random: tuple[str, ...]
    unsynchronized: tuple[str, ...]

    def __repr__(self) -> str:
        text = (
            f"After {self.iterations} iterations the weights differ from single-process Keras by {self.difference:.2g} "
            f"at most (in {self.name})."
        )
        if self.random:
            text += f" Random layers ({', '.join(self.random)}) draw other numbers on each worker, so they must differ."
        if self.unsynchronized:
            text += (
                f" {', '.join(self.unsynchronized)} normalize with each worker's part of the batch; "
                "BatchNormalization(synchronized=True) takes the whole."
            )
        return text


def estimate(model: Any, data: Any, **arguments: Any) -> Estimate:
    """Train a few iterations, put the model back and return what the run will take.

    Args:
        model: a compiled `keras.Model`.
        data: as for `zoo_lab.fit`.
        arguments: those of `zoo_lab.fit`.
    """
    with _rehearsing(model, data, arguments) as (train_set, own):
        every = arguments.get("sync_every", 1)
        count = max(_MEASURED, 3 * every)  # the first round compiles
        run = fit(model, train_set, **{**own, "epochs": count, "max_iterations": count, "validation_data": None})
        events = [event for event in run.events if isinstance(event, IterationDone)][every:] or run.events[1:2]
        memory = max(_resident(train_set.context))
    plan = _as_asked(run.plan, arguments)
    launches = [event.parts.get("schedule", 0.0) + event.parts.get("return", 0.0) for event in events]
    typical = statistics.mean if every > 1 else statistics.median  # one iteration of a round has its whole launch
    launch = typical(launches)
    whole = typical([event.seconds for event in events])
    group = _group_size(plan, launch, whole - launch, "the driver updates" in plan.why, train_set.chain is not None)
    compute = typical([event.parts.get("compute", 0.0) for event in events])
    iteration = whole if every > 1 else whole - launch + launch / group
    network, driver = _traffic(plan, _bytes(model.trainable_variables), _bytes(model.optimizer.variables))
    useful = max(plan.workers, round(compute * plan.workers / max(iteration - compute, 1e-6)))
    return Estimate(plan, iteration, group, compute, network, driver, memory, useful)


def verify(model: Any, data: Any, **arguments: Any) -> Verification:
    """Train a few iterations on Spark and in this process, put the model back and return the largest difference.

    Args:
        model: a compiled `keras.Model`.
        data: as for `zoo_lab.fit`.
        arguments: those of `zoo_lab.fit`; batches are taken in the data's own order.

    Errors:
        ArgumentError: `sync_every` is more than 1.
    """
    every, batch_size = arguments.get("sync_every", 1), arguments.get("batch_size", 32)
    if every != 1:
        msg = (
            f"Expected sync_every=1 to compare with one process; received sync_every={every}: workers that step by "
            "themselves compute something else, and are meant to."
        )
        raise ArgumentError(msg)
    grouped = {} if arguments.get("drop") else {"iterations_per_job": _COMPARED}
    with _rehearsing(model, data, arguments) as (train_set, own):
        before = _values(model)
        usual = {"epochs": 1, "max_iterations": _COMPARED, "shuffle": False, "validation_data": None}
        run = fit(model, train_set, **{**own, **usual, **grouped})
        distributed = [np.array(np.asarray(variable)) for variable in model.trainable_variables]
        _restore(model, before)
        stored = train_set.store.head(_COMPARED * batch_size)
        for step in range(run.iterations):
            batch = _batch_here(train_set, stored, batch_size, step, run.plan.seed)
            _train_here(model, train_set.structure, batch, arguments)
        differences = {
            variable.path: float(np.abs(np.asarray(variable, np.float64) - values).max()) if values.size else 0.0
            for variable, values in zip(model.trainable_variables, distributed, strict=True)
        }
    name = max(differences, key=differences.get)
    return Verification(run.iterations, differences[name], name, *_explanations(model))


@contextmanager
def _rehearsing(model: Any, data: Any, arguments: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the data as a FeatureSet and the arguments of a run that shows nothing; put the model back at the end."""
    given = {name: arguments.get(name) for name in ("context", "feature_cols", "label_cols")}
    train_set = as_feature_set(data, given["context"], given["feature_cols"], given["label_cols"])
    live_model(model, train_set, arguments.get("class_weight"))  # so that the variables exist that are put back
    before = _values(model)
    left_out = ("feature_cols", "label_cols", "background", "checkpoint", "resume", "name", "callbacks")
    try:
        with tempfile.TemporaryDirectory() as folder:
            own = {name: value for name, value in arguments.items() if name not in left_out}
            yield train_set, {**own, "runs": folder, "display": "none"}
    finally:
        _restore(model, before)
        if train_set is not data:
            train_set.unpersist()


def _as_asked(plan: Plan, arguments: dict[str, Any]) -> Plan:
    from dataclasses import replace

    return replace(plan, epochs=arguments.get("epochs", 1))


def _values(model: Any) -> list[np.ndarray]:
    return [np.array(np.asarray(variable)) for variable in (*model.variables, *model.optimizer.variables)]


def _restore(model: Any, values: list[np.ndarray]) -> None:
    for variable, value in zip((*model.variables, *model.optimizer.variables), values, strict=True):
        variable.assign(value)
    model.reset_metrics()


def _batch_here(data: FeatureSet, stored: dict[str, Any], batch_size: int, step: int, seed: int) -> dict[str, Any]:
    """Return the fields of a batch of the first epoch in the data's own order, as the workers make them."""
    rows = slice(step * batch_size, (step + 1) * batch_size)
    batch, chain = {name: array[rows] for name, array in stored.items()}, data.row_chain
    return batch if chain is None else chain.whole(batch, rows.start, chain.chain.moment(seed, 0, step))


def _train_here(model: Any, structure: Any, batch: dict[str, Any], arguments: dict[str, Any]) -> None:
    x, y, weight = (map_leaves(batch.__getitem__, nest) for nest in (structure.x, structure.y, structure.weight))
    model.train_on_batch(x, y, sample_weight=weight, class_weight=arguments.get("class_weight"))


def _group_size(plan: Plan, launch: float, inside: float, by_driver: bool, ahead: bool) -> int:
    if plan.sync_every > 1:
        return min(plan.sync_every, plan.steps_per_epoch)
    if plan.sync != "shared" or by_driver:
        return 1
    most = most_iterations(plan.iterations_per_job, plan.batch_size)
    grouping = Grouping(plan.iterations_per_job, most, ahead)
    for _ in range(_MEASURED):
        grouping.note(1, launch, inside)
    return min(grouping.size, plan.steps_per_epoch)


def _traffic(plan: Plan, weight_bytes: int, optimizer_bytes: int) -> tuple[int, int]:
    """Return what a worker and what the driver move over the network in an iteration, in bytes."""
    workers = plan.workers
    if plan.sync == "shared":
        return 0, 0
    if plan.sync == "local":
        averaged = 2 * (weight_bytes + optimizer_bytes) // plan.sync_every
        return averaged, workers * averaged
    if plan.sync == "collect":
        return 2 * weight_bytes, 2 * workers * weight_bytes
    exchanged = 2 * weight_bytes * (workers - 1) // workers  # its gradient to the others, theirs to its slice
    return exchanged + weight_bytes + weight_bytes // workers, 3 * weight_bytes


def _bytes(variables: Any) -> int:
    return 4 * sum(int(np.prod(variable.shape)) for variable in variables)


def _resident(context: Any) -> list[int]:
    rows = context.sc.parallelize(range(context.slots), context.slots).mapPartitions(_resident_bytes)
    with context.jobs.session("zoo_lab: memory of workers") as session:
        return session.run(rows.collect)


def _resident_bytes(rows: Any) -> Iterator[int]:
    import resource
    import sys

    for _ in rows:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield peak if sys.platform == "darwin" else 1024 * peak


def _explanations(model: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    import keras

    layers = list(model._flatten_layers())
    random = [layer.name for layer in layers if getattr(layer, "seed_generator", None) is not None]
    normalizing = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    return tuple(random), tuple(layer.name for layer in normalizing if not layer.synchronized)


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 or not count else f"{count / 1e3:,.1f} kB"
