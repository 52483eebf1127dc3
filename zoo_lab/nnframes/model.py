"""NNModel: a trained Keras model as a Spark ML Transformer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyspark.ml import Model
from pyspark.ml.util import MLReadable, MLWritable

from zoo_lab.core.checks import Checks
from zoo_lab.nnframes.params import PredictionParams
from zoo_lab.nnframes.persistence import StageReader, StageWriter
from zoo_lab.nnframes.preprocessings import steps_for

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class NNModel(PredictionParams, Model, MLReadable, MLWritable):
    """Adds a Keras model's outputs to a DataFrame, as one stage of a Spark ML Pipeline.

    Args:
        model: a Keras model that has its weights.
        feature_preprocessing: a step, a chain or a size for each row of the features, see `setFeaturePreprocessing`.
        history: how it was trained, as Keras' `History.history`; empty if not by an NNEstimator.

    Params, each with a setter and a getter: featuresCol ("features"), predictionCol ("prediction"), batchSize (32),
    featurePreprocessing.

    `save` and `load` work as for every Spark ML model. Custom layers have to be registered with
    `keras.saving.register_keras_serializable`.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `NNModel` of Analytics Zoo.

    Example:
        >>> NNModel(model).setFeaturesCol("image").transform(df)          # doctest: +SKIP
    """

    def __init__(
        self, model: Any, feature_preprocessing: Any = None, *, history: Mapping[str, list[float]] | None = None
    ) -> None:
        super().__init__()
        expect_model("NNModel", model)
        self.model = model
        self.history = dict(history or {})
        self.setFeaturePreprocessing(feature_preprocessing)

    def write(self) -> StageWriter:
        """Return what saves this model."""
        return StageWriter(self, lambda: {"history": plain_history(self.history)})

    @classmethod
    def read(cls) -> StageReader:
        """Return what loads such a model."""
        return StageReader(cls, lambda model, facts: cls(model, history=facts["history"]))

    def _transform(self, dataset: DataFrame) -> DataFrame:
        return predicted(self, dataset, self.getPredictionCol())


def predicted(stage: Any, dataset: DataFrame, column: str) -> DataFrame:
    """Return a DataFrame with a column of the outputs of a stage's model."""
    from zoo_lab.infer.api import predict

    columns = stage.getFeaturesCol()
    return predict(
        stage.model,
        dataset,
        feature_cols=columns,
        batch_size=stage.getBatchSize(),
        prediction_col=column,
        preprocessing=steps_for(stage.getFeaturePreprocessing(), columns),
    )


def expect_model(where: str, model: Any) -> None:
    """Raise `ArgumentError` unless `model` is a Keras model."""
    import keras

    checks = Checks(where)
    is_model = isinstance(model, keras.Model)
    checks.require(is_model, f"Expected model to be a keras.Model; received {type(model).__name__}.")
    checks.done()


def plain_history(history: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Return a history as JSON values."""
    import numpy as np

    return {name: [np.asarray(value, float).tolist() for value in values] for name, values in history.items()}
