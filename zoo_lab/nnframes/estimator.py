"""NNEstimator: trains a Keras model on a DataFrame and returns the NNModel of what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.ml import Estimator

from zoo_lab.core.checks import Checks
from zoo_lab.nnframes.copies import trainable_copy
from zoo_lab.nnframes.model import NNModel
from zoo_lab.nnframes.params import TrainingParams

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class NNEstimator(TrainingParams, Estimator[NNModel]):
    """Trains a Keras model on the columns of a DataFrame, as one stage of a Spark ML Pipeline.

    The model given here is never changed: every fit starts from its weights, as tuning needs it.

    Args:
        model: a Keras model; compiled, unless `criterion` is given.
        criterion: a Keras loss or its name; the model is then trained with it and `optimizer`.
        optimizer: a Keras optimizer or its name, for `criterion` only; default "sgd".

    Params, each with a setter and a getter: featuresCol ("features"), labelCol ("label"), predictionCol ("prediction"),
    batchSize (32), maxEpoch (50), seed (drawn).

    Raises:
        ArgumentError: lists every wrong argument.

    Source: `NNEstimator` of Analytics Zoo; labels are zero-based, and any batch size goes.

    Example:
        >>> estimator = NNEstimator(model, "mse").setMaxEpoch(5).setBatchSize(128)       # doctest: +SKIP
        >>> estimator.fit(train).transform(test).select("label", "prediction").show()    # doctest: +SKIP
    """

    def __init__(self, model: Any, criterion: Any = None, *, optimizer: Any = None) -> None:
        super().__init__()
        _check(model, criterion, optimizer)
        self.model = model
        self.criterion = criterion
        self.optimizer = optimizer

    def _fit(self, dataset: DataFrame) -> NNModel:
        from zoo_lab.train.api import fit

        model = trainable_copy(self.model, self.criterion, self.optimizer)
        run = fit(
            model,
            dataset,
            feature_cols=self.getFeaturesCol(),
            label_cols=self.getLabelCol(),
            batch_size=self.getBatchSize(),
            epochs=self.getMaxEpoch(),
            seed=self.getSeed(),
        )
        trained = NNModel(model, history=run.history)
        trained._resetUid(self.uid)  # Spark ML: a model carries its estimator's id
        return self._copyValues(trained)


def _check(model: Any, criterion: Any, optimizer: Any) -> None:
    import keras

    checks = Checks("NNEstimator")
    is_model = isinstance(model, keras.Model)
    checks.require(is_model, f"Expected model to be a keras.Model; received {type(model).__name__}.")
    compiled = is_model and model.compiled
    checks.require(
        not is_model or compiled or criterion is not None,
        "Expected a criterion, or a compiled model; received neither. Give a Keras loss such as 'mse'.",
    )
    checks.require(
        optimizer is None or criterion is not None,
        "Expected a criterion with an optimizer; received none. Compile the model with the optimizer, or give both.",
    )
    checks.done()
