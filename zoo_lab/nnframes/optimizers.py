"""The optimizer that an estimator's parameters ask for: always a fresh one, with its own rate, decay and clipping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from zoo_lab.core.errors import ArgumentError

_CLIPPINGS = ("clipnorm", "clipvalue", "global_clipnorm")


def optimizer_of(
    optimizer: Any,
    *,
    learning_rate: float | None = None,
    decay: float = 0.0,
    clip: Sequence[float] | None = None,
    clip_norm: float | None = None,
) -> Any:
    """Return a Keras optimizer that has made no step yet.

    Args:
        optimizer: a Keras optimizer or its name; only its settings count.
        learning_rate: instead of its own.
        decay: iteration i, from 0, has the rate learning_rate / (1 + decay · i).
        clip: lowest and highest value of a gradient's elements.
        clip_norm: largest norm of all gradients together; they are scaled down to it.

    Raises `ArgumentError` for both kinds of clipping at once, and for a rate beside an optimizer's own schedule.
    """
    if clip is not None and clip_norm is not None:
        msg = "Expected constantGradientClipping or gradientClippingByL2Norm; received both. Clear one of them."
        raise ArgumentError(msg)
    fresh = keras.optimizers.get(optimizer)
    config = fresh.get_config()
    config["learning_rate"] = _rate(fresh, learning_rate, decay)
    if clip is not None or clip_norm is not None:
        config.update(dict.fromkeys(_CLIPPINGS))
    if clip_norm is not None:
        config["global_clipnorm"] = clip_norm
    if clip is None:
        return type(fresh).from_config(config)
    low, high = clip
    if high > 0 and low == -high:
        return type(fresh).from_config({**config, "clipvalue": high})
    return _clipped_to(type(fresh), low, high).from_config(config)


def _rate(optimizer: Any, learning_rate: float | None, decay: float) -> Any:
    own = optimizer._learning_rate  # the property `learning_rate` asks a schedule for the present one
    if isinstance(own, keras.optimizers.schedules.LearningRateSchedule):
        if learning_rate is not None or decay:
            msg = (
                f"Expected no learningRate or learningRateDecay: the optimizer has the schedule {type(own).__name__}. "
                "Give the rates to the schedule."
            )
            raise ArgumentError(msg)
        return own
    rate = float(optimizer.learning_rate) if learning_rate is None else learning_rate
    return keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay) if decay else rate


def _clipped_to(kind: type, low: float, high: float) -> type:
    """Return the optimizer class with other bounds than Keras' clipvalue, which is the same on both sides."""

    class Clipped(kind):
        """An optimizer that clips each element of a gradient."""

        def _clip_gradients(self, grads: list[Any]) -> list[Any]:
            return [None if grad is None else keras.ops.clip(grad, low, high) for grad in grads]

    Clipped.__name__ = f"Clipped{kind.__name__}"
    return Clipped
