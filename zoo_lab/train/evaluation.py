"""Evaluates a compiled model: once, without training it, or between the epochs of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from zoo_lab.context.jobs import interruptible
from zoo_lab.core.errors import DataError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.keras.shipping import pack
from zoo_lab.train.engine import Engine
from zoo_lab.train.lenienttask import EvaluateLeniently
from zoo_lab.train.live import LiveModel
from zoo_lab.train.match import live_model
from zoo_lab.train.repeat import repeat
from zoo_lab.train.setup import Report

T = TypeVar("T")


def evaluate_once(model: Any, data: FeatureSet, batch_size: int) -> dict[str, float]:
    """Return the loss and metrics of `model` over `data`, under Keras' names."""
    live = live_model(model, data)
    return _with_engine(live, model, data, lambda engine: evaluate_with(engine, live, data, batch_size))


def evaluate_leniently(model: Any, data: FeatureSet, batch_size: int) -> tuple[dict[str, float], list[str]]:
    """Return the loss and metrics over the rows that do not fail, and why each of the others does, in their order."""
    live = live_model(model, data, on_zeros=True)

    def evaluate(engine: Engine) -> tuple[dict[str, float], list[str]]:
        sent = live.flat_weights(), live.flat_state(only_updated=False)
        reports = engine.evaluate(data, batch_size, *sent, EvaluateLeniently)
        failed = sorted(item for report in reports for item in report.arrays.items())
        reasons = [f"Row {row:,} (counted from 0): {why}" for row, why in failed]
        if not any(report.rows for report in reports):
            msg = f"evaluate: expected a row that works; all {data.rows:,} fail. The first: {reasons[0]}"
            raise DataError(msg)
        return added_up(live, reports), reasons

    return _with_engine(live, model, data, evaluate)


def evaluate_with(engine: Engine, live: LiveModel, data: FeatureSet, batch_size: int) -> dict[str, float]:
    """Return the model's loss and metrics over all of `data`, under Keras' names."""
    return added_up(live, engine.evaluate(data, batch_size, live.flat_weights(), live.flat_state(only_updated=False)))


def added_up(live: LiveModel, reports: Iterable[Report]) -> dict[str, float]:
    """Return the loss and metrics of what the workers report, and leave their sums in the model's own metrics."""
    live.totals.reset()
    live.totals.add(report.metrics for report in reports)
    live.totals.store()
    return live.totals.logs()


def _with_engine(live: LiveModel, model: Any, data: FeatureSet, evaluate: Callable[[Engine], T]) -> T:
    """Return what `evaluate` gives for an engine with the model on the workers."""
    context = data.context
    context.warm_up()
    with interruptible(), context.jobs.session(f"zoo_lab: evaluate {model.name}") as session:
        engine = Engine(
            context,
            session,
            data,
            package=pack(model),
            layout=live.layout,
            weights=live.flat_weights(),
            state=live.flat_state(only_updated=False),
        )
        try:
            engine.send()
            return repeat(lambda: evaluate(engine))
        finally:
            engine.close()
