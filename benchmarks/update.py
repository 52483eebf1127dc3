"""The optimizer's update on the flat weights against Keras' own apply on the variables, in turns, in one process.

Keras' side is its best: compiled as in its own training step, with the gradients as tensors. zoo_lab's takes the flat
gradient as an array and gives the new weights as arrays, piece by piece, as `sliced` sends them on; `copied` writes
them into one array too, as the other strategies do. `half` is what each of two workers does in an iteration: one slice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.markdown import table
from benchmarks.measure import median_and_p90
from benchmarks.models import dense, resnet20
from benchmarks.training import limit_threads

_RATE = 1e-3
_ROUNDS = 60
_WARM_UP = 5


def compare(rounds: int = _ROUNDS, megabytes: float = 100) -> list[dict[str, Any]]:
    """Return milliseconds of an update of ResNet-20 and of a dense model of `megabytes`, and their ratio to Keras'."""
    limit_threads()
    return [_compare(model, rounds) for model in (resnet20(), dense(megabytes))]


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the table of the figures."""
    heads = [
        "model",
        "weights",
        "Keras' apply ms",
        "flat update ms",
        "ratio",
        "into one array ms",
        "slice of one of two ms",
    ]
    return table(
        heads,
        [
            [
                row["model"],
                f"{row['weights']:,}",
                *(f"{row[name]:.2f}" for name in ("keras", "flat", "ratio", "copied", "half")),
            ]
            for row in rows
        ],
    )


def _compare(model: Any, rounds: int) -> dict[str, Any]:
    from zoo_lab.train.tensors import aligned

    variables = model.trainable_variables
    model.optimizer.build(variables)
    random = np.random.default_rng(0)
    gradients = [random.normal(size=tuple(variable.shape)).astype("float32") for variable in variables]
    flat = aligned(sum(gradient.size for gradient in gradients), "f4")
    np.concatenate([gradient.ravel() for gradient in gradients], out=flat)
    ways = {
        "keras": _keras_apply(model, gradients),
        "flat": _flat_update(model, flat),
        "copied": _flat_update(model, flat, np.zeros_like(flat)),
        "half": _flat_update(model, flat[: len(flat) // 2]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(_WARM_UP + rounds):
        for name, work in ways.items():
            begin = time.perf_counter()
            work()
            if number >= _WARM_UP:
                seconds[name].append(time.perf_counter() - begin)
    medians = {name: median_and_p90(times)[0] for name, times in seconds.items()}
    return {"model": model.name, "weights": len(flat), **medians, "ratio": medians["flat"] / medians["keras"]}


def _keras_apply(model: Any, gradients: list[np.ndarray]) -> Callable[[], Any]:
    import tensorflow as tf

    variables, optimizer = model.trainable_variables, model.optimizer
    tensors = [tf.constant(gradient) for gradient in gradients]

    @tf.function(jit_compile=bool(model.jit_compile), autograph=False)
    def apply(tensors: Any) -> Any:
        optimizer.apply(tensors, variables)
        return tf.reduce_sum(variables[-1].value)  # something to wait for

    return lambda: apply(tensors).numpy()


def _flat_update(model: Any, gradient: np.ndarray, into: np.ndarray | None = None) -> Callable[[], Any]:
    from zoo_lab.train.update import SliceUpdate, rule_of

    rule = rule_of(model.optimizer, model.trainable_variables, unconnected=False, sparse=False)
    if isinstance(rule, str):
        raise TypeError(rule)
    update = SliceUpdate(rule, len(gradient), gradient.dtype, bool(model.jit_compile))
    nothing = np.zeros_like(gradient)
    update.load(nothing, [nothing] * rule.slots, [0.0] * rule.scalars, 0)
    return lambda: update.pieces(gradient, _RATE) if into is None else update(gradient, _RATE, into)
