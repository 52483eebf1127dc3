"""A worker process's copy of the model: built once a run, kept between jobs. Runs inside Spark executors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_lab.context.shardfile import STRING, FieldSpec, ShardHandle
from zoo_lab.context.shards import executor_folder
from zoo_lab.context.workers import spare_collections
from zoo_lab.core.errors import ModelError
from zoo_lab.feature.structure import leaves
from zoo_lab.keras.shipping import unpack
from zoo_lab.train.ahead import Ahead
from zoo_lab.train.exchange import Exchange, synchronize_moments
from zoo_lab.train.feed import Feed, Wanted
from zoo_lab.train.layout import Layout, ModelVariables, assign_values, iteration_seeds
from zoo_lab.train.losses import Part, for_part, identity
from zoo_lab.train.meeting import Gone
from zoo_lab.train.ownupdate import OwnUpdate
from zoo_lab.train.rows import RowReader
from zoo_lab.train.setup import ALONE, MEET, DataSetup, Order, Prepared, Setup
from zoo_lab.train.step import EvaluateStep, StepResult, TrainStep, build, build_inputs, predict_step
from zoo_lab.train.update import SliceUpdate

_KEPT = 2
_replicas: dict[str, Replica] = {}


def replica_for(setup: Setup) -> Replica:
    """Return this process's replica of the run, built on first use; the oldest beyond two are forgotten."""
    if setup.run not in _replicas:
        gone = [_forget_oldest() for _ in range(len(_replicas) - _KEPT + 1)]
        keras.backend.clear_session()
        spare_collections(gone)  # before the next model needs the memory
        _replicas[setup.run] = Replica(setup)
        spare_collections()
    replica = _replicas[setup.run]
    if replica.setup is not setup and replica.setup.data != setup.data:
        replica.turn_to(setup)
    return replica


def _forget_oldest() -> int:
    """Let a replica go and return how many bytes its model has."""
    replica = _replicas.pop(next(iter(_replicas)))
    replica.let_go()
    return replica.setup.weights.nbytes + replica.setup.state.nbytes


class Replica:
    """The model, its compiled steps and the readers of its data.

    Attributes:
        ahead: what this process makes ahead of the data that is trained on.
        number: of the worker that this process last was in a group of iterations, None before the first.
        slices: for `sliced`: number of a slice → how many updates it has had, and its update.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.part = Part()
        self.exchange = Exchange(Path(setup.exchange_path), setup.workers)
        self.model = _rebuild(setup, self.part, self.exchange)
        self.number: int | None = None
        self.slices: dict[int, tuple[int, SliceUpdate]] = {}
        self.train: TrainStep | None = None
        self._evaluate: dict[str, EvaluateStep] = {}
        self._predict: Any = None
        self._update: OwnUpdate | None = None
        self._feeds: dict[tuple[Any, ...], Feed] = {}
        self.ahead = self._new_ahead()

    def turn_to(self, setup: Setup) -> None:
        """Take the same model's next data; the files of the last are let go."""
        self.setup = setup
        self._feeds.clear()
        self.let_go()

    def let_go(self) -> None:
        """Delete what is offered to other processes."""
        self.ahead.close()

    def prepare(self, worker: int, handles: Iterable[ShardHandle]) -> Prepared:
        """Trace the training step and tell what it found."""
        start = time.perf_counter()
        step = self._train_step()
        shards = tuple(handle.index for handle in handles)
        seconds = time.perf_counter() - start
        size = self.exchange.size
        found = (step.layout, step.updated, step.unconnected, step.sparse)
        return Prepared(worker, os.getpid(), *found, size, shards, seconds)

    def feed(self, data: DataSetup, handles: tuple[ShardHandle, ...]) -> Feed:
        """Return what gives the rows of a data set's shards, kept while the handles stay the same."""
        handles = data.handles or handles
        key = (data.shard_rows, handles, data.made)
        if key not in self._feeds:
            ahead = self.ahead if data == self.setup.data else self._new_ahead()
            self._feeds[key] = Feed(data, RowReader(data, handles), self.setup.threads, ahead)
        return self._feeds[key]

    def _new_ahead(self) -> Ahead:
        return Ahead(executor_folder().parent / "zoo_lab-ahead", self.setup.run)

    def part_of(self, iteration: int, batch: np.ndarray, worker: int, feed: Feed) -> Wanted:
        """Return the rows of a training batch that are this worker's part."""
        setup = self.setup
        rows = feed.reader.part(batch, worker, setup.workers, setup.one_host)
        epoch, step = setup.schedule.place(iteration) if setup.schedule else (0, 0)
        return feed.training(rows, batch if setup.one_host else rows, setup.seed, epoch, step)

    def next_part(self, iteration: int, worker: int, feed: Feed) -> Wanted | None:
        """Return this worker's part of the batch after that of an iteration; None where it need not be known."""
        if not feed.makes or self.setup.schedule is None:
            return None
        batch = self.setup.schedule.batch(iteration + 1)
        return None if batch is None else self.part_of(iteration + 1, batch, worker, feed)

    def step(
        self, order: Order, worker: int, weights: np.ndarray, state: np.ndarray, data: dict, piece: int = 0
    ) -> StepResult:
        """Compute the training step of this worker's part, or of one piece of it."""
        train = self._train_step()
        rows = len(next(iter(data.values())))
        self.exchange.begin(worker, min(self.setup.workers, len(order.rows)), order.iteration)
        seeds = iteration_seeds(self.setup.seed, order.iteration, worker, train.layout.seeds, piece)
        try:
            return train(weights, state, rows / len(order.rows), seeds, self._with_class_weight(data))
        except Exception as error:
            if self.exchange.gone:
                raise Gone(self.exchange.gone) from error
            raise

    def update(self) -> OwnUpdate:
        """Return this worker's own optimizer on its own model, where the model came with one."""
        if self._update is None:
            self._update = OwnUpdate(self.model, self._train_step())
        return self._update

    def evaluate(self, data_setup: DataSetup, data: dict) -> np.ndarray:
        """Return the metric increments of one whole batch, with the variables as `load` set them."""
        key = repr((data_setup.structure, data_setup.fields))
        if key not in self._evaluate:
            self._evaluate[key] = EvaluateStep(self.model, data_setup.structure, _specs(data_setup), self.part)
        return self._evaluate[key](data)

    def predict(self, data: dict) -> Any:
        """Return the model's outputs for a part's arrays."""
        if self._predict is None:
            self._predict = predict_step(self.model, self.setup.data.structure, _specs(self.setup.data))
        return tf.nest.map_structure(lambda tensor: tensor.numpy(), self._predict(data))

    def load(self, weights: np.ndarray, state: np.ndarray) -> None:
        """Set the model's variables from flat arrays; `state` may hold only the updated ones."""
        variables = ModelVariables(self.model)
        layout = self.setup.layout
        updated = self.train.updated if self.train else ()
        assign_values(variables.trainable, weights)
        complete = len(state) == layout.state_size
        assign_values(variables.state if complete else [variables.state[index] for index in updated], state)

    def _train_step(self) -> TrainStep:
        if self.train is None:
            data = self.setup.data
            structure, specs = data.structure, _specs(data)
            if self.setup.class_weight is not None:
                structure, specs = _with_weight_field(structure, specs)
            alone = self.setup.parts == ALONE
            self.train = TrainStep(self.model, structure, specs, self.part, self.exchange, alone)
            self.train.trace()
        return self.train

    def _with_class_weight(self, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self.setup.class_weight is None:
            return data
        labels = data[leaves(self.setup.data.structure.y)[0]]
        return {**data, "class_weight": class_weights_of(labels, self.setup.class_weight)}


def class_weights_of(labels: np.ndarray, class_weight: Any) -> np.ndarray:
    """Return one weight a row, shape (rows,), from class numbers, shape (rows,) or (rows, 1), or one-hot rows."""
    classes = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(-1)
    return np.array([class_weight.get(int(number), 1.0) for number in classes], np.float32)


def _rebuild(setup: Setup, part: Part, exchange: Exchange) -> Any:
    model, compiled = unpack(setup.package)
    data = setup.data
    if compiled is not None:
        part.total = _total(setup, exchange)
        model.compile(**{**compiled, "loss": for_part(compiled.get("loss"), part)})
        with part.whole():
            build(model, data.structure, {spec.name: _example(spec) for spec in data.fields})
    else:
        build_inputs(model, data.structure, {spec.name: _example(spec) for spec in data.fields})
    variables = ModelVariables(model)
    found = Layout.of(variables)
    if found != setup.layout:
        msg = (
            f"The model rebuilt on a worker has other variables than the driver's: expected {setup.layout}; received "
            f"{found}. Let get_config() return all arguments of the constructor, and build layers in a fixed order."
        )
        raise ModelError(msg)
    assign_values(variables.trainable, setup.weights)
    assign_values(variables.state, setup.state)
    _synchronize_batch_normalization(model, setup, exchange)
    return model


def _total(setup: Setup, exchange: Exchange) -> Any:
    """Return what sums over all workers in mid-step; None where they cannot meet."""
    if setup.parts == ALONE or (setup.workers == 1 and setup.parts == MEET):
        return identity
    return exchange.total if setup.one_host and setup.parts == MEET else None


def _synchronize_batch_normalization(model: Any, setup: Setup, exchange: Exchange) -> None:
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization) and layer.synchronized
    ]
    if layers and setup.workers > 1 and not (setup.one_host and setup.parts == MEET):
        msg = (
            f"BatchNormalization(synchronized=True) in {[layer.name for layer in layers]} needs the statistics of the "
            "whole batch in mid-step, which workers exchange only on one host (local[N]), and neither with sync_every "
            "nor with drop. Use synchronized=False, so that each worker normalizes with its own part."
        )
        raise ModelError(msg)
    for layer in layers if setup.workers > 1 else []:
        synchronize_moments(layer, exchange)


def _specs(data: DataSetup) -> dict[str, Any]:
    wanted = set(data.structure.fields())
    return {spec.name: _spec(spec) for spec in data.fields if spec.name in wanted}


def _spec(spec: FieldSpec) -> Any:
    dtype = tf.string if spec.dtype == STRING else tf.as_dtype(np.dtype(spec.dtype))
    return tf.TensorSpec([None, *spec.shape], dtype)


def _with_weight_field(structure: Any, specs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    from dataclasses import replace

    return replace(structure, weight="class_weight"), {**specs, "class_weight": tf.TensorSpec([None], tf.float32)}


def _example(spec: FieldSpec) -> np.ndarray:
    """Return two rows of zeros, enough to build a model on."""
    return np.array([b"", b""], object) if spec.dtype == STRING else np.zeros((2, *spec.shape), spec.dtype)
