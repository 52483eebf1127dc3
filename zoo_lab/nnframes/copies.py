"""Copies of Keras models, so that the one that a stage was given stays as it is."""

from __future__ import annotations

from typing import Any

from zoo_lab.keras.shipping import pack, unpack


def bare_copy(model: Any) -> Any:
    """Return a copy with the same weights that is not compiled."""
    copy, _ = unpack(pack(model, training=False))
    if model.weights:
        copy.set_weights(model.get_weights())
    return copy


def trainable_copy(model: Any, optimizer: Any, loss: Any = None, metrics: list[Any] | None = None) -> Any:
    """Return a compiled copy with the same weights.

    Args:
        model: a Keras model, compiled unless there is a loss.
        optimizer: that has made no step.
        loss: default what the model was compiled with.
        metrics: likewise; none where a loss is given.
    """
    if loss is not None:
        copy = bare_copy(model)
        copy.compile(optimizer=optimizer, loss=loss, metrics=metrics or [])
        return copy
    copy, compiled = unpack(pack(model))
    if model.weights:
        copy.set_weights(model.get_weights())
    measured = {} if metrics is None else {"metrics": metrics}
    copy.compile(**{**(compiled or {}), **measured, "optimizer": optimizer})
    return copy
