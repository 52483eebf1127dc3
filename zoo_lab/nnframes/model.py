"""NNModel: a trained Keras model as a Spark ML Transformer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyspark.ml import Model

from zoo_lab.core.checks import Checks
from zoo_lab.nnframes.params import PredictionParams

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class NNModel(PredictionParams, Model):
    """Adds a Keras model's predictions to a DataFrame, as one stage of a Spark ML Pipeline.

    Args:
        model: a Keras model that has its weights.
        history: how it was trained, as Keras' `History.history`; empty if not by an NNEstimator.

    Params, each with a setter and a getter: featuresCol ("features"), predictionCol ("prediction"), batchSize (32).

    Source: `NNModel` of Analytics Zoo.

    Example:
        >>> NNModel(model).setFeaturesCol("image").transform(df)          # doctest: +SKIP
    """

    def __init__(self, model: Any, *, history: Mapping[str, list[float]] | None = None) -> None:
        super().__init__()
        _check(model)
        self.model = model
        self.history = dict(history or {})

    def _transform(self, dataset: DataFrame) -> DataFrame:
        from zoo_lab.infer.api import predict

        return predict(
            self.model,
            dataset,
            feature_cols=self.getFeaturesCol(),
            batch_size=self.getBatchSize(),
            prediction_col=self.getPredictionCol(),
        )


def _check(model: Any) -> None:
    import keras

    checks = Checks("NNModel")
    is_model = isinstance(model, keras.Model)
    checks.require(is_model, f"Expected model to be a keras.Model; received {type(model).__name__}.")
    checks.done()
