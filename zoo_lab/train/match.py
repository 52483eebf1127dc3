"""Makes a model ready for a data set, or says what of the two does not fit, before anything long happens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError, ZooLabError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.feature.structure import leaves
from zoo_lab.train.live import LiveModel, expect_trainable

_NOISE = re.compile(r"\{\{function_node [^}]*\}\} ?|Exception encountered when calling [^\n]*\n+|\x1b\[[0-9;]*m")


def live_model(
    model: Any, data: FeatureSet, class_weight: Mapping[int, float] | None = None, *, on_zeros: bool = False
) -> LiveModel:
    """Return the model built on the first rows of `data`, or on zeros of their form where those rows may fail.

    Raises `ArgumentError` naming the shapes of both where they do not fit together; an error of another kind in the
    user's own layers passes through.
    """
    expect_trainable(model)
    _expect_match(model, data, class_weight)
    head = data.first(2)
    try:
        return LiveModel(
            model, data.structure, {name: _zeros(rows) for name, rows in head.items()} if on_zeros else head
        )
    except ZooLabError:
        raise
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        msg = (
            f"The model {model.name!r} cannot be computed on the first rows of the data: {_told(error)}\n"
            f"The model takes {_shape(model, 'input_shape')} and gives {_shape(model, 'output_shape')}; "
            f"the data holds {_fields(data)}."
        )
        raise ArgumentError(msg) from error


def _zeros(rows: np.ndarray) -> np.ndarray:
    return np.full_like(rows, b"" if rows.dtype == object else 0)


def _expect_match(model: Any, data: FeatureSet, class_weight: Mapping[int, float] | None) -> None:
    checks = Checks(f"model {model.name!r}")
    structure = data.structure
    checks.require(
        structure.y is not None or getattr(model, "loss", None) is None,
        "Expected targets, which its loss compares with; received rows of inputs only. Pass (x, y) or label_cols.",
    )
    for loss in keras.tree.flatten(getattr(model, "loss", None)):
        reduced = not isinstance(loss, keras.losses.Loss) or loss.reduction not in (None, "none")
        told = f"Expected losses of one number a batch; received {getattr(loss, 'name', loss)!r} with reduction=None."
        checks.require(reduced, f"{told} Use 'sum_over_batch_size' or 'sum'.")
    if class_weight is not None:
        outputs = len(leaves(structure.y))
        checks.require(outputs <= 1, f"Expected one output with class_weight; received {outputs}. Use sample weights.")
        checks.require(
            structure.weight is None,
            "Expected class_weight or sample_weight; received both. Multiply them into the sample weights.",
        )
    checks.done()


def _told(error: Exception) -> str:
    """Return what Keras or TensorFlow says, without where in its own code and with which arguments."""
    text = _NOISE.sub("", str(error)).split("\nArguments received by")[0]
    return re.sub(r"\s*\[Op:.*", "", text.strip(), flags=re.DOTALL)


def _shape(model: Any, name: str) -> str:
    try:
        return f"{'inputs' if name.startswith('input') else 'outputs'} of shape {getattr(model, name)}"
    except (AttributeError, ValueError):  # a subclassed model tells none
        return "inputs" if name.startswith("input") else "outputs"


def _fields(data: FeatureSet) -> str:
    return ", ".join(f"{spec.name} {spec.type_name} of shape {(None, *spec.shape)}" for spec in data.fields)
