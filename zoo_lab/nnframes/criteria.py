"""The predecessor's criteria: its names give Keras losses. Labels count from 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from zoo_lab.core.errors import ArgumentError


@keras.saving.register_keras_serializable(package="zoo_lab")
class WeightedNLL(keras.losses.Loss):
    """−w[y] · log p[y], a mean over the rows (the predecessor divides by the sum of their weights instead).

    Args:
        of: what the model gives: "log" probabilities, "probabilities" or "logits".
        weights: one for each class, None for 1.
        reduction, name, dtype: as for every Keras loss.
    """

    def __init__(
        self,
        of: str = "log",
        weights: Sequence[float] | None = None,
        reduction: str = "sum_over_batch_size",
        name: str = "weighted_nll",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.of = of
        self.weights = None if weights is None else [float(weight) for weight in weights]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row."""
        ops = keras.ops
        labels = ops.cast(y_true, "int32")
        labels = ops.squeeze(labels, -1) if len(labels.shape) == len(y_pred.shape) else labels
        if self.of == "log":
            losses = -ops.squeeze(ops.take_along_axis(y_pred, ops.expand_dims(labels, -1), axis=-1), -1)
        else:
            losses = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=self.of == "logits")
        if self.weights is None:
            return losses
        return losses * ops.take(ops.convert_to_tensor(self.weights, losses.dtype), labels)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"of": self.of, "weights": self.weights, "reduction": self.reduction, "name": self.name}


def ClassNLLCriterion(  # noqa: N802 - the predecessor's name, as all below
    weights: Sequence[float] | None = None,
    size_average: bool = True,
    logProbAsInput: bool = True,  # noqa: N803
) -> keras.losses.Loss:
    """Return the negative log-likelihood of classes, for a model that gives log-probabilities (or probabilities).

    Args:
        weights: one for each class.
        size_average: mean over the rows, else their sum.
        logProbAsInput: whether the model gives logarithms, such as with the activation "log_softmax".
    """
    return WeightedNLL("log" if logProbAsInput else "probabilities", weights, _reduction(size_average))


def CrossEntropyCriterion(  # noqa: N802
    weights: Sequence[float] | None = None, size_average: bool = True
) -> keras.losses.Loss:
    """Return the cross-entropy of classes, for a model that gives logits.

    `NNEstimator` sees a softmax at the model's end and takes its output as probabilities: the predecessor applied
    softmax a second time.

    Args:
        weights: one for each class.
        size_average: mean over the rows, else their sum.
    """
    return WeightedNLL("logits", weights, _reduction(size_average), name="cross_entropy")


def MSECriterion() -> keras.losses.Loss:  # noqa: N802
    """Return the mean squared error."""
    return keras.losses.MeanSquaredError()


def AbsCriterion(size_average: bool = True) -> keras.losses.Loss:  # noqa: N802
    """Return the mean absolute error."""
    return keras.losses.MeanAbsoluteError(reduction=_reduction(size_average))


def SmoothL1Criterion(size_average: bool = True) -> keras.losses.Loss:  # noqa: N802
    """Return the error that is squared below 1 and absolute above."""
    return keras.losses.Huber(delta=1.0, reduction=_reduction(size_average))


def BCECriterion(weights: None = None, size_average: bool = True) -> keras.losses.Loss:  # noqa: N802
    """Return the binary cross-entropy, for a model that gives probabilities (a sigmoid); weightCol weights rows.

    Raises `ArgumentError` for weights.
    """
    _expect("BCECriterion", "weights", weights, None, "Put one weight a row into a column, and setWeightCol.")
    return keras.losses.BinaryCrossentropy(reduction=_reduction(size_average))


def MultiLabelSoftMarginCriterion(  # noqa: N802
    weights: None = None, size_average: bool = True
) -> keras.losses.Loss:
    """Return the binary cross-entropy of several labels, for a model that gives logits; it takes no weights."""
    _expect("MultiLabelSoftMarginCriterion", "weights", weights, None, "Use setWeightCol.")
    return keras.losses.BinaryCrossentropy(from_logits=True, reduction=_reduction(size_average))


def MarginCriterion(  # noqa: N802
    margin: float = 1.0, size_average: bool = True, squared: bool = False
) -> keras.losses.Loss:
    """Return the hinge loss with margin 1, for labels −1 and 1 (or 0 and 1)."""
    _expect("MarginCriterion", "margin", margin, 1, "Scale the model's output instead.")
    kind = keras.losses.SquaredHinge if squared else keras.losses.Hinge
    return kind(reduction=_reduction(size_average))


def CategoricalCrossEntropy() -> keras.losses.Loss:  # noqa: N802
    """Return the cross-entropy of one-hot labels, for a model that gives probabilities."""
    return keras.losses.CategoricalCrossentropy()


def KullbackLeiblerDivergenceCriterion() -> keras.losses.Loss:  # noqa: N802
    """Return the divergence of two distributions."""
    return keras.losses.KLDivergence()


def CosineProximityCriterion() -> keras.losses.Loss:  # noqa: N802
    """Return the negative cosine of the angle between labels and outputs."""
    return keras.losses.CosineSimilarity()


def MeanAbsolutePercentageCriterion() -> keras.losses.Loss:  # noqa: N802
    """Return the mean absolute error in percent of the labels."""
    return keras.losses.MeanAbsolutePercentageError()


def MeanSquaredLogarithmicCriterion() -> keras.losses.Loss:  # noqa: N802
    """Return the mean squared error of the logarithms."""
    return keras.losses.MeanSquaredLogarithmicError()


def PoissonCriterion() -> keras.losses.Loss:  # noqa: N802
    """Return the Poisson loss of counts."""
    return keras.losses.Poisson()


CRITERIA: dict[str, Callable[..., keras.losses.Loss]] = {
    made.__name__: made
    for made in (
        AbsCriterion,
        BCECriterion,
        CategoricalCrossEntropy,
        ClassNLLCriterion,
        CosineProximityCriterion,
        CrossEntropyCriterion,
        KullbackLeiblerDivergenceCriterion,
        MSECriterion,
        MarginCriterion,
        MeanAbsolutePercentageCriterion,
        MeanSquaredLogarithmicCriterion,
        MultiLabelSoftMarginCriterion,
        PoissonCriterion,
        SmoothL1Criterion,
    )
}


def loss_of(criterion: Any, model: Any = None) -> Any:
    """Return the Keras loss that a criterion stands for.

    Args:
        criterion: a Keras loss, function or its name, or a name of the predecessor's; several in a list or dict.
        model: whose last activation tells whether a cross-entropy gets logits or probabilities.

    Raises `ArgumentError` for a name that neither has.

    Example:
        >>> loss_of("MSECriterion").name
        'mean_squared_error'
    """
    return keras.tree.map_structure(lambda item: _loss(item, model), criterion)


def _loss(criterion: Any, model: Any) -> Any:
    if isinstance(criterion, str):
        criterion = CRITERIA[criterion]() if criterion in CRITERIA else _of_keras(criterion)
    if isinstance(criterion, WeightedNLL) and criterion.of == "logits" and _ends_with_softmax(model):
        return WeightedNLL("probabilities", criterion.weights, criterion.reduction, name=criterion.name)
    return criterion


def _of_keras(name: str) -> str:
    """Return a name that Keras knows; what it means may depend on the shapes, so it stays a name."""
    if name.lower() not in ("crossentropy", "ce"):
        try:
            keras.losses.get(name)
        except ValueError as error:
            known = ", ".join(CRITERIA)
            msg = f"Expected criterion to be a Keras loss or one of {known}; received {name!r}."
            raise ArgumentError(msg) from error
    return name


def _ends_with_softmax(model: Any) -> bool:
    layers = getattr(model, "layers", None) or []
    last = layers[-1] if layers else None
    if isinstance(last, keras.Model):
        return _ends_with_softmax(last)
    return isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) is keras.activations.softmax


def _expect(where: str, name: str, value: Any, only: Any, repair: str) -> None:
    if value != only:
        msg = f"{where}: Expected {name}={only!r}; received {value!r}. {repair}"
        raise ArgumentError(msg)


def _reduction(size_average: bool) -> str:
    return "sum_over_batch_size" if size_average else "sum"
