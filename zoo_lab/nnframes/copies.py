"""Copies of Keras models to train, so that an estimator's own model stays as it is."""

from __future__ import annotations

from typing import Any

from zoo_lab.keras.shipping import pack, unpack


def trainable_copy(model: Any, criterion: Any = None, optimizer: Any = None) -> Any:
    """Return a compiled copy of `model` with the same weights and a fresh optimizer.

    Args:
        model: a Keras model.
        criterion: the loss to train with; default what the model was compiled with.
        optimizer: for `criterion`, default "sgd".
    """
    copy, compiled = unpack(pack(model))
    if model.weights:
        copy.set_weights(model.get_weights())
    if criterion is not None:
        copy.compile(optimizer=_fresh(optimizer or "sgd"), loss=criterion)
    else:
        copy.compile(**{**(compiled or {}), "optimizer": _fresh(model.optimizer)})
    return copy


def _fresh(optimizer: Any) -> Any:
    """Return an optimizer with the same settings and no steps taken."""
    import keras

    if isinstance(optimizer, str):
        return keras.optimizers.get(optimizer)
    return type(optimizer).from_config(optimizer.get_config())
