"""NNClassifier: trains a Keras classifier on a DataFrame and returns the NNClassifierModel of what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_lab.nnframes.classifiermodel import NNClassifierModel
from zoo_lab.nnframes.params import ClassParams
from zoo_lab.nnframes.stages import KerasEstimator
from zoo_lab.nnframes.training import units_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class NNClassifier(KerasEstimator[NNClassifierModel], ClassParams):
    """Trains a Keras classifier on the columns of a DataFrame, as one stage of a Spark ML Pipeline.

    Labels are class numbers from 0; one that the model has no output for is refused before training. The model given
    here is never changed: every fit starts from its weights, as tuning needs it.

    Args:
        model: a Keras model with an output for each class, or one (a sigmoid) for two; compiled, unless `criterion` is
            given.
        criterion: a Keras loss or its name, or one of zoo_lab.nnframes.criteria or its name, such as
            "CrossEntropyCriterion".
        feature_preprocessing: a step, a chain or a size for each row of the features, see `setFeaturePreprocessing`.
        label_preprocessing: likewise for the labels.

    Params, each with a setter and a getter: those of `NNEstimator`, threshold (0.5) and rawPredictionCol
    ("rawPrediction").

    Raises:
        ArgumentError: lists every wrong argument.

    Source: `NNClassifier` of Analytics Zoo, whose classes count from 1 and whose threshold has no effect.

    Example:
        >>> classifier = NNClassifier(model, "sparse_categorical_crossentropy").setMaxEpoch(5)     # doctest: +SKIP
        >>> MulticlassClassificationEvaluator().evaluate(classifier.fit(train).transform(test))    # doctest: +SKIP
    """

    def _fit(self, dataset: DataFrame) -> NNClassifierModel:
        units = units_of(self.model)
        return self._trained(NNClassifierModel, dataset, classes=None if units is None else max(units, 2))
