"""The one number that says how good a run is: its validation metric where it has one, else the nearest to that."""

from __future__ import annotations

import math
from typing import Any

from zoo_lab.widgets.curves import Curves

# Of these less is better; of everything else more. "error" also stands in mean_absolute_error and its like.
_LESS_IS_BETTER = ("loss", "error", "perplexity", "divergence", "mae", "mse", "rmse", "mape")


def less_is_better(name: str) -> bool:
    """Tell whether a small value of the metric is a good one, as its name says.

    Example:
        >>> less_is_better("val_mean_absolute_error"), less_is_better("accuracy")
        (True, False)
    """
    return any(word in name.lower() for word in _LESS_IS_BETTER)


def best(curves: Curves) -> dict[str, Any] | None:
    """Return {"name", "value", "epoch"} of the best value over the epochs; None before the first has ended.

    The metric is the first with validation, else the first of all, else the loss; "epoch" counts from 1.

    Example:
        >>> best(Curves("run-1")) is None
        True
    """
    names = [f"val_{name}" for name in (*curves.metrics, "loss")] + [*curves.metrics, "loss"]
    name = next((name for name in names if name in curves.epoch_values), None)
    if name is None:
        return None
    rows = [(value, row) for row, value in enumerate(curves.epoch_values[name]) if math.isfinite(value)]
    if not rows:
        return None
    value, row = min(rows) if less_is_better(name) else max(rows, key=lambda pair: (pair[0], -pair[1]))
    return {"name": name, "value": value, "epoch": curves.epoch_number[row] + 1}
