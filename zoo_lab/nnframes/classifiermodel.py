"""NNClassifierModel: a trained classifier whose prediction is a class number, as Spark ML's evaluators expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.feature.preprocessing import Collection
from zoo_lab.infer.frames import error_column
from zoo_lab.nnframes.params import ClassParams
from zoo_lab.nnframes.stages import KerasModel

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


class NNClassifierModel(KerasModel, ClassParams):
    """Adds the class that a Keras model predicts: its number from 0, as a double.

    The class is that of the largest output. A model with one output (a sigmoid) predicts 1 above `threshold`, else 0;
    so does class 1 of a model with two outputs where a threshold is set. `rawPrediction` has the outputs as a vector,
    (1 − p, p) for one output p, as `BinaryClassificationEvaluator` expects it.

    Args:
        model: a Keras model that has its weights and gives a number for each class, or one.
        feature_preprocessing: a step, a chain or a size for each row of the features, see `setFeaturePreprocessing`.
        history: how it was trained, as Keras' `History.history`; empty if not by an NNClassifier.

    Params, each with a setter and a getter: featuresCol ("features"), predictionCol ("prediction"), rawPredictionCol
    ("rawPrediction"; "" for no such column), threshold (0.5), batchSize (32), featurePreprocessing, onError ("raise").

    Raises `ArgumentError` listing the wrong arguments.

    Source: `NNClassifierModel` of Analytics Zoo, whose classes count from 1 and whose threshold has no effect.

    Example:
        >>> NNClassifierModel(model).setThreshold(0.8).transform(df)          # doctest: +SKIP
    """

    def _transform(self, dataset: DataFrame) -> DataFrame:
        from pyspark.ml.functions import array_to_vector
        from pyspark.sql import functions

        self._expect_free(dataset)
        outputs = f"{self.uid}_outputs"
        frame = self._predicted(dataset, outputs)
        vector = _vector(frame.schema[outputs].dataType, functions.col(outputs))
        raw = self.getRawPredictionCol()
        if raw:
            # array_to_vector fails on the null of a row that failed
            frame = frame.withColumn(raw, functions.when(vector.isNotNull(), array_to_vector(vector)))
        frame = frame.withColumn(self.getPredictionCol(), self._class(frame, outputs, vector)).drop(outputs)
        return frame.withColumnRenamed(error_column(outputs), error_column(self.getPredictionCol()))

    def _class(self, frame: DataFrame, outputs: str, vector: Column) -> Column:
        """Return the class that a model's outputs mean."""
        from pyspark.sql import functions

        classes = _classes(self.model)
        single = frame.schema[outputs].dataType.typeName() != "array"
        if self.isSet(self.threshold) and not single and classes not in (None, 2):
            msg = f"Expected no threshold with {classes} classes; received {self.getThreshold()}. Clear it."
            raise ArgumentError(msg)
        if single or self.isSet(self.threshold):
            return (vector[1] > self.getThreshold()).cast("double")
        return (functions.array_position(vector, functions.array_max(vector)) - 1).cast("double")

    def _expect_free(self, dataset: DataFrame) -> None:
        if isinstance(dataset, Collection):
            msg = f"Expected a DataFrame; received {type(dataset).__name__}. Transform images.to_dataframe(), or use NNModel."
            raise ArgumentError(msg)
        checks = Checks("transform")
        taken = set(map(str.lower, dataset.columns))
        prediction = self.getPredictionCol()
        added = [("predictionCol", prediction), ("rawPredictionCol", self.getRawPredictionCol())]
        if self.getOnError() == "null":
            added.append(("predictionCol", error_column(prediction)))
        for name, column in added:
            free = column.lower() not in taken
            checks.require(free, f"Expected no column {column!r}; the DataFrame has one. Drop it, or set {name}.")
        checks.done()


def _vector(kind: Any, outputs: Column) -> Column:
    """Return the outputs as an array of doubles, a value for each class."""
    from pyspark.sql import functions

    if kind.typeName() in ("double", "float"):
        single = outputs.cast("double")
        return functions.when(single.isNotNull(), functions.array(1 - single, single))
    if kind.typeName() == "array" and kind.elementType.typeName() in ("float", "double"):
        return outputs.cast("array<double>")
    msg = (
        f"Expected a classifier that gives one number, or one for each class; this model gives {kind.simpleString()}. "
        "Use NNModel."
    )
    raise ModelError(msg)


def _classes(model: Any) -> int | None:
    """Return how many numbers a model gives for a row, None where that is not known."""
    from zoo_lab.nnframes.training import units_of

    return units_of(model)
