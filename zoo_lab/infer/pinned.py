"""Predicts on the rows of a FeatureSet and returns the outputs as arrays of the driver."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo_lab.context.jobs import interruptible
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.keras.shipping import pack
from zoo_lab.train.engine import Engine, WorkersLost, data_setup
from zoo_lab.train.layout import Layout, ModelVariables, flat_values
from zoo_lab.train.repeat import repeat
from zoo_lab.train.setup import Report
from zoo_lab.train.step import build_inputs
from zoo_lab.train.task import Predict


def predict_pinned(model: Any, data: FeatureSet, batch_size: int) -> Any:
    """Return the model's outputs for all rows, in the order of the rows.

    Args:
        model: a Keras model, compiled or not.
        data: the inputs; targets in it are left out.
        batch_size: rows a worker computes at once.
    """
    data.context.warm_up()
    build_inputs(model, data.structure, data.first(2))
    with interruptible(), data.context.jobs.session(f"zoo_lab: predict {model.name}") as session:
        engine = _engine(model, data, session)
        try:
            engine.send()
            reports = repeat(lambda: _predicted(engine, data, batch_size))
        finally:
            engine.close()
    return _in_order(reports, data.rows)


def _predicted(engine: Engine, data: FeatureSet, batch_size: int) -> list[Report]:
    reports = engine.run(engine.job(Predict(data_setup(data), batch_size)))
    if sum(report.rows for report in reports) != data.rows:
        msg = "some rows were not computed: shards have moved"
        raise WorkersLost(msg)
    return reports


def _engine(model: Any, data: FeatureSet, session: Any) -> Engine:
    variables = ModelVariables(model)
    layout = Layout.of(variables)
    return Engine(
        data.context,
        session,
        data,
        package=pack(model, training=False),
        layout=layout,
        weights=flat_values(variables.trainable, layout.dtype),
        state=flat_values(variables.state, layout.dtype),
    )


def _in_order(reports: list[Report], rows: int) -> Any:
    """Return the workers' batches as whole arrays, each row in its place."""
    results: Any = None
    for numbers, batches in (report.arrays for report in reports):
        start = 0
        for batch in batches:
            if results is None:
                results = keras.tree.map_structure(lambda part: np.empty((rows, *part.shape[1:]), part.dtype), batch)
            own = numbers[start : start + len(keras.tree.flatten(batch)[0])]
            keras.tree.map_structure(lambda whole, part, own=own: whole.__setitem__(own, part), results, batch)
            start += len(own)
    return results
