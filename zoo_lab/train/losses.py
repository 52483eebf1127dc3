"""Makes the weighted mean of the workers' losses equal the loss of the whole batch. Runs inside Spark executors.

A worker that holds n of N rows counts with share n/N. That is exact for losses averaged over the rows;
a summed loss, a mean over sample weights and a masked mean are rescaled here first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras


def identity(amount: Any) -> Any:
    """Return `amount`: the sum over all workers where there is one."""
    return amount


class Part:
    """What the step being traced knows about its part of the batch: `share`, and `total` to sum over all workers."""

    def __init__(self) -> None:
        self.share: Any = 1.0
        self.total: Callable[[Any], Any] | None = None

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Treat what is traced inside as a whole batch."""
        share, total = self.share, self.total
        self.share, self.total = 1.0, identity
        try:
            yield
        finally:
            self.share, self.total = share, total

    def fraction(self, amount: Any, what: str) -> Any:
        """Return this worker's fraction of `amount` summed over all workers, both read in mid-step."""
        if self.total is None:
            msg = (
                f"{what} divides by a sum over the whole batch, which workers exchange in mid-step only on one host "
                "(local[N]), and not with drop. Use reduction='sum_over_batch_size' without a mask."
            )
            raise NotImplementedError(msg)
        return keras.ops.divide_no_nan(amount, self.total(amount))


class PartLoss(keras.losses.Loss):
    """A Keras loss over one worker's part of a batch, scaled so that Σ share · loss is the whole batch's loss."""

    def __init__(self, inner: keras.losses.Loss, part: Part) -> None:
        super().__init__(name=inner.name, reduction=inner.reduction, dtype=inner.dtype)
        self.inner = inner
        self.part = part

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        value = self.inner(y_true, y_pred, sample_weight)
        mask = getattr(y_pred, "_keras_mask", None)
        if self.inner.reduction == "sum":
            return value / self.part.share
        if self.inner.reduction == "mean_with_sample_weight" and sample_weight is not None:
            return value * self._scale(_weight_sum(sample_weight, mask))
        if mask is not None:
            return value * self._scale(keras.ops.sum(keras.ops.cast(mask, value.dtype)))
        return value

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.inner.call(y_true, y_pred)

    def _scale(self, amount: Any) -> Any:
        return self.part.fraction(amount, f"The loss {self.name!r}") / self.part.share


def for_part(loss: Any, part: Part) -> Any:
    """Return the `loss` argument of compile() with every loss in it wrapped for one part of a batch."""
    return keras.tree.map_structure(lambda item: _wrapped(item, part), loss, none_is_leaf=True)


def _wrapped(loss: Any, part: Part) -> Any:
    if loss is None:
        return None
    found = _crossentropy if str(loss).lower() in ("crossentropy", "ce") else keras.losses.get(loss)
    if not isinstance(found, keras.losses.Loss):
        # compile() makes a function a loss averaged over the batch, under the name it was given by
        found = _FunctionLoss(found, name=loss if isinstance(loss, str) else found.__name__)
    return PartLoss(found, part)


# Keras' wrapper of loss functions fits the ranks of targets and predictions to each other; it has no public name.
_FunctionLoss = keras.losses.MeanSquaredError.__bases__[0]


def _crossentropy(y_true: Any, y_pred: Any) -> Any:
    """Choose the cross-entropy by the shapes, as compile(loss="crossentropy") does."""
    if y_pred.shape[-1] == 1:
        return keras.losses.binary_crossentropy(y_true, y_pred)
    if len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1:
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
    return keras.losses.categorical_crossentropy(y_true, y_pred)


def _weight_sum(sample_weight: Any, mask: Any) -> Any:
    weight = keras.ops.convert_to_tensor(sample_weight)
    if mask is not None:
        weight = weight * keras.ops.cast(mask, weight.dtype)
    return keras.ops.sum(weight)
