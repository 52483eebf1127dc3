"""The Spark ML parameters of predicting, with their setters and getters; `trainingparams` has those of training.

A parameter is kept as plain JSON values wherever it can be: so it is copied, explained, tuned and saved by Spark ML as
any other. Setters take and getters return the objects that it stands for.
"""

from __future__ import annotations

from typing import Any

from pyspark.ml.param import Param, Params
from pyspark.ml.param.shared import HasFeaturesCol, HasPredictionCol, HasRawPredictionCol, HasThreshold

from zoo_lab.core.attempts import POLICIES
from zoo_lab.nnframes import converters as to
from zoo_lab.nnframes.plain import restored
from zoo_lab.nnframes.preprocessings import FeatureLabelPreprocessing


def param(name: str, doc: str, converter: to.Converter) -> Any:
    """Return a parameter of the class that it stands in."""
    return Param(Params._dummy(), name, doc, converter)


class ObjectParams(Params):
    """Reads and writes parameters that stand for objects."""

    def _object(self, name: str) -> Any:
        """Return what a parameter stands for, None if it is not set."""
        which = self.getParam(name)
        return restored(self.getOrDefault(which)) if self.isDefined(which) else None

    def _put(self, name: str, value: Any) -> Any:
        """Set a parameter, or clear it with None."""
        if value is None:
            self.clear(self.getParam(name))
            return self
        return self._set(**{name: value})


class PredictionParams(ObjectParams, HasFeaturesCol, HasPredictionCol):
    """What predicting needs: featuresCol, predictionCol, batchSize, featurePreprocessing and onError."""

    featuresCol: Param[Any] = param(  # noqa: N815 - Spark ML's spelling, as all below
        "featuresCol", "column of the input; a list or dict of columns for several inputs.", to.columns("featuresCol")
    )
    predictionCol: Param[str] = param(  # noqa: N815
        "predictionCol", "name of the column that transform adds.", to.column("predictionCol")
    )
    batchSize: Param[int] = param(  # noqa: N815
        "batchSize",
        "rows in a batch: over all workers in training, on one in predicting.",
        to.positive_int("batchSize"),
    )
    featurePreprocessing: Param[Any] = param(  # noqa: N815
        "featurePreprocessing", "step or chain for each row of the features.", to.preprocessing("featurePreprocessing")
    )
    onError: Param[str] = param(  # noqa: N815
        "onError", "raise: a row that fails ends transform; null: it gets a null.", to.one_of("onError", POLICIES)
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(batchSize=32, onError="raise")

    def setFeaturesCol(self, value: Any) -> Any:  # noqa: N802
        """Set the column of inputs: numbers, arrays, vectors, images or strings.

        A list of scalar columns is stacked to one input; a list with another column, or a dict of input name → column,
        gives several.
        """
        return self._set(featuresCol=value)

    def getFeaturesCol(self) -> Any:  # noqa: N802
        """Return the column of inputs, or the list or dict of columns."""
        return self.getOrDefault(self.featuresCol)

    def setPredictionCol(self, value: str) -> Any:  # noqa: N802
        """Set the name of the column that `transform` adds."""
        return self._set(predictionCol=value)

    def setBatchSize(self, value: int) -> Any:  # noqa: N802
        """Set the rows in a batch: in training over all workers, in predicting on one."""
        return self._set(batchSize=value)

    def getBatchSize(self) -> int:  # noqa: N802
        """Return the rows in a batch."""
        return self.getOrDefault(self.batchSize)

    def setOnError(self, value: str) -> Any:  # noqa: N802
        """Set what `transform` does where a row fails: "raise" ends with its error, "null" goes on.

        With "null" such a row has a null as its prediction, and a column more, such as `prediction_error`, has the
        reason. Rows that fail in training always end it.
        """
        return self._set(onError=value)

    def getOnError(self) -> str:  # noqa: N802
        """Return what `transform` does where a row fails."""
        return self.getOrDefault(self.onError)

    def setFeaturePreprocessing(self, value: Any) -> Any:  # noqa: N802
        """Set what each row of the features goes through: a step, a chain, or a size such as [28, 28].

        For several inputs a list or dict of steps like that of the columns. A list of sizes cuts one column into
        several inputs. None for none.
        """
        return self._put("featurePreprocessing", value)

    def getFeaturePreprocessing(self) -> Any:  # noqa: N802
        """Return what each row of the features goes through, None for nothing."""
        return self._object("featurePreprocessing")

    def setSamplePreprocessing(self, value: Any) -> Any:  # noqa: N802
        """Set the preprocessing of features and labels at once, with a `FeatureLabelPreprocessing`."""
        pair = value if isinstance(value, FeatureLabelPreprocessing) else FeatureLabelPreprocessing(value)
        self.setFeaturePreprocessing(pair.feature)
        return self._put("labelPreprocessing", pair.label) if self.hasParam("labelPreprocessing") else self

    def getSamplePreprocessing(self) -> FeatureLabelPreprocessing:  # noqa: N802
        """Return the preprocessing of features and labels."""
        label = self._object("labelPreprocessing") if self.hasParam("labelPreprocessing") else None
        return FeatureLabelPreprocessing(self.getFeaturePreprocessing(), label)


class ClassParams(HasThreshold, HasRawPredictionCol):
    """What turning outputs into classes needs: threshold and rawPredictionCol."""

    threshold: Param[float] = param(
        "threshold", "of two classes the second is predicted above it.", to.number("threshold", 0.0, 1.0)
    )
    rawPredictionCol: Param[str] = param(  # noqa: N815
        "rawPredictionCol",
        "name of the column with the model's outputs as a vector, '' for none.",
        to.column("rawPredictionCol", may_be_empty=True),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(threshold=0.5, rawPredictionCol="rawPrediction")

    def setThreshold(self, value: float) -> Any:  # noqa: N802
        """Set above which probability class 1 is predicted, of two classes; default 0.5."""
        return self._set(threshold=value)

    def setRawPredictionCol(self, value: str) -> Any:  # noqa: N802
        """Set the name of the column with the model's outputs as a vector, "" for none."""
        return self._set(rawPredictionCol=value)
