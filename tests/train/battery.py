"""The battery that every strategy of parameter synchronization must pass: single-process Keras is the measure.

Tolerances: a sum of float32 parts in another order differs in the last bit, and 50 steps of an optimizer carry that
on. 1e-5 is the project's promise for weights; losses and metrics are compared relatively, since Keras adds them up
in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import zoo_lab
from tests.train.keras_reference import largest_difference, train_alone, twin

STRATEGIES = ("shared", "collect", "sliced")
WEIGHTS = 1e-5
METRICS = 1e-5


def check_sync(
    train: Callable[..., zoo_lab.Run],
    sync: str,
    build: Callable[[], Any],
    x: Any,
    y: Any,
    *,
    batch_size: int = 20,
    epochs: int = 3,
    partitions: int | None = None,
    weight: Any = None,
    class_weight: Any = None,
    tolerance: float = WEIGHTS,
    **arguments: Any,
) -> zoo_lab.Run:
    """Train twins, one by `sync` on Spark and one alone; expect equal weights and losses. Return the run."""
    model, reference = twin(build)
    data = zoo_lab.FeatureSet.from_numpy(x, y, sample_weight=weight, partitions=partitions)
    try:
        run = train(
            model, data, batch_size=batch_size, epochs=epochs, seed=5, sync=sync, class_weight=class_weight, **arguments
        )
    finally:
        data.unpersist()
    history = train_alone(
        reference, x, y, batch_size=batch_size, epochs=epochs, seed=5, weight=weight, class_weight=class_weight
    )
    assert set(run.history) == set(history)
    assert run.plan.sync == sync
    assert run.state == "finished"
    assert run.iterations == run.plan.iterations
    assert largest_difference(model, reference) < tolerance
    for name, values in history.items():
        np.testing.assert_allclose(run.history[name], values, rtol=max(METRICS, tolerance), atol=1e-6, err_msg=name)
    return run
