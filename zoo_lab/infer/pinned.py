"""Predicts on the rows of a FeatureSet and returns the outputs as arrays of the driver."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.context.jobs import interruptible
from zoo_lab.core.errors import DataError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.infer.modelcopy import content_key
from zoo_lab.keras.shipping import pack
from zoo_lab.train.engine import Engine, WorkersLost, data_setup
from zoo_lab.train.layout import Layout, ModelVariables, flat_values
from zoo_lab.train.lenienttask import PredictLeniently
from zoo_lab.train.repeat import repeat
from zoo_lab.train.setup import Report
from zoo_lab.train.step import build_inputs
from zoo_lab.train.task import Predict


def predict_pinned(model: Any, data: FeatureSet, batch_size: int, on_error: str = "raise") -> Any:
    """Return the model's outputs for all rows, in the order of the rows.

    Args:
        model: a Keras model, compiled or not.
        data: the inputs; targets in it are left out.
        batch_size: rows a worker computes at once.
        on_error: "raise", or "null" for a pair of outputs and reasons, in which a row that fails has a reason and for
            outputs NaN (0 where outputs are whole numbers).
    """
    task = Predict if on_error == "raise" else PredictLeniently
    data.context.warm_up()
    if not model.built:
        build_inputs(model, data.structure, data.first(2))
    with interruptible(), data.context.jobs.session(f"zoo_lab: predict {model.name}") as session:
        engine = _engine(model, data, session)
        try:
            engine.send()
            reports = repeat(lambda: _predicted(engine, data, task(data_setup(data), batch_size)))
        finally:
            engine.close()
    if on_error == "raise":
        return _in_order([report.arrays for report in reports], data.rows)
    return _with_reasons([report.arrays for report in reports], data.rows)


def _predicted(engine: Engine, data: FeatureSet, task: Any) -> list[Report]:
    reports = engine.run(engine.job(task))
    if sum(report.rows for report in reports) != data.rows:
        msg = "some rows were not computed: shards have moved"
        raise WorkersLost(msg)
    return reports


def _engine(model: Any, data: FeatureSet, session: Any) -> Engine:
    variables = ModelVariables(model)
    layout = Layout.of(variables)
    package = pack(model, training=False)
    weights, state = (flat_values(part, layout.dtype) for part in (variables.trainable, variables.state))
    setup = data_setup(data)
    run = content_key(package, [weights, state], setup.fields, setup.structure, data.context.slots)
    return Engine(data.context, session, data, package=package, layout=layout, weights=weights, state=state, run=run)


def _in_order(parts: list[tuple[np.ndarray, list[Any]]], rows: int) -> Any:
    """Return the workers' batches as whole arrays, each row in its place; NaN or 0 where there is none."""
    results: Any = None
    complete = sum(len(numbers) for numbers, _ in parts) == rows
    for numbers, batches in parts:
        start = 0
        for batch in batches:
            if results is None:
                results = keras.tree.map_structure(lambda part: _room(part, rows, complete), batch)
            own = numbers[start : start + len(keras.tree.flatten(batch)[0])]
            keras.tree.map_structure(lambda whole, part, own=own: whole.__setitem__(own, part), results, batch)
            start += len(own)
    return results


def _with_reasons(parts: list[tuple[np.ndarray, list[Any], dict[int, str]]], rows: int) -> tuple[Any, np.ndarray]:
    """Return the outputs in order, and for each row why it has none, else None."""
    reasons = np.full(rows, None, object)
    for number, why in (item for _, _, found in parts for item in found.items()):
        reasons[number] = why
    results = _in_order([(numbers, batches) for numbers, batches, _ in parts], rows)
    if results is None:
        msg = f"predict: expected a row that works; all {rows:,} fail. The first: {reasons[0]}"
        raise DataError(msg)
    return results, reasons


def _room(part: np.ndarray, rows: int, complete: bool) -> np.ndarray:
    shape = (rows, *part.shape[1:])
    if complete:
        return np.empty(shape, part.dtype)
    return np.full(shape, np.nan if part.dtype.kind == "f" else part.dtype.type(), part.dtype)
