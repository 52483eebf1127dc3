"""NNModel: a trained Keras model as a Spark ML Transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_lab.nnframes.stages import KerasModel

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class NNModel(KerasModel):
    """Adds a Keras model's outputs to a DataFrame, as one stage of a Spark ML Pipeline.

    Args:
        model: a Keras model that has its weights.
        feature_preprocessing: a step, a chain or a size for each row of the features, see `setFeaturePreprocessing`.
        history: how it was trained, as Keras' `History.history`; empty if not by an NNEstimator.

    Params, each with a setter and a getter: featuresCol ("features"), predictionCol ("prediction"), batchSize (32),
    featurePreprocessing, onError ("raise").

    `save` and `load` work as for every Spark ML model. Custom layers have to be registered with
    `keras.saving.register_keras_serializable`.

    Raises `ArgumentError` listing the wrong arguments.

    Source: `NNModel` of Analytics Zoo.

    Example:
        >>> NNModel(model).setFeaturesCol("image").transform(df)          # doctest: +SKIP
    """

    def _transform(self, dataset: DataFrame) -> DataFrame:
        return self._predicted(dataset, self.getPredictionCol())
