"""Evaluates a compiled model once, without training it."""

from __future__ import annotations

from typing import Any

from zoo_lab.context.jobs import interruptible
from zoo_lab.feature.featureset import FeatureSet


def evaluate_once(model: Any, data: FeatureSet, batch_size: int) -> dict[str, float]:
    """Return the loss and metrics of `model` over `data`, under Keras' names."""
    from zoo_lab.keras.shipping import pack
    from zoo_lab.train.engine import Engine
    from zoo_lab.train.loop import evaluate_with
    from zoo_lab.train.match import live_model
    from zoo_lab.train.repeat import repeat

    context = data.context
    live = live_model(model, data)
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
            return repeat(lambda: evaluate_with(engine, live, data, batch_size))
        finally:
            engine.close()
