"""NNEstimator: trains a Keras model on a DataFrame and returns the NNModel of what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_lab.nnframes.model import NNModel
from zoo_lab.nnframes.stages import KerasEstimator

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class NNEstimator(KerasEstimator[NNModel]):
    """Trains a Keras model on the columns of a DataFrame, as one stage of a Spark ML Pipeline.

    The model given here is never changed: every fit starts from its weights, as tuning needs it.

    Args:
        model: a Keras model; compiled, unless `criterion` is given.
        criterion: a Keras loss or its name, or one of zoo_lab.nnframes.criteria or its name, such as "MSECriterion".
        feature_preprocessing: a step, a chain or a size for each row of the features, see `setFeaturePreprocessing`.
        label_preprocessing: likewise for the labels.

    Params, each with a setter and a getter: featuresCol ("features"), labelCol ("label"), predictionCol
    ("prediction"), weightCol, batchSize (32), maxEpoch (50) or endWhen, seed (drawn), optimMethod ("sgd", or the
    compiled model's), learningRate, learningRateDecay, constantGradientClipping, gradientClippingByL2Norm,
    featurePreprocessing, labelPreprocessing, and what `setValidation`, `setTrainSummary`, `setValidationSummary` and
    `setCheckpoint` set. `explainParams()` tells of all.

    Raises:
        ArgumentError: lists every wrong argument.

    Source: `NNEstimator` of Analytics Zoo; labels are zero-based, and any batch size goes.

    Example:
        >>> estimator = NNEstimator(model, "mse").setMaxEpoch(5).setBatchSize(128)       # doctest: +SKIP
        >>> estimator.fit(train).transform(test).select("label", "prediction").show()    # doctest: +SKIP
    """

    def _fit(self, dataset: DataFrame) -> NNModel:
        return self._trained(NNModel, dataset)
