"""The typed Spark ML parameters of the Estimators and Models, with their setters and getters."""

from __future__ import annotations

from typing import Any

from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasFeaturesCol, HasLabelCol, HasPredictionCol

from zoo_lab.core.checks import Checks


def positive_int(name: str) -> Any:
    """Return a converter for a parameter that is an integer of at least 1."""

    def convert(value: Any) -> int:
        checks = Checks(name)
        checks.positive_int(name, value)
        checks.done()
        return int(value)

    return convert


class PredictionParams(HasFeaturesCol, HasPredictionCol):
    """What predicting needs: featuresCol, predictionCol and batchSize."""

    batchSize: Param[int] = Param(  # noqa: N815 - Spark ML's spelling
        Params._dummy(), "batchSize", "rows in a batch, over all workers.", positive_int("batchSize")
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(batchSize=32)

    def setFeaturesCol(self, value: str) -> Any:  # noqa: N802
        """Set the column of inputs: a number, an array, a vector, an image or a string."""
        return self._set(featuresCol=value)

    def setPredictionCol(self, value: str) -> Any:  # noqa: N802
        """Set the name of the column that `transform` adds."""
        return self._set(predictionCol=value)

    def setBatchSize(self, value: int) -> Any:  # noqa: N802
        """Set the rows in a batch, over all workers."""
        return self._set(batchSize=value)

    def getBatchSize(self) -> int:  # noqa: N802
        """Return the rows in a batch."""
        return self.getOrDefault(self.batchSize)


class TrainingParams(PredictionParams, HasLabelCol):
    """What training needs besides: labelCol, maxEpoch and seed."""

    maxEpoch: Param[int] = Param(  # noqa: N815
        Params._dummy(), "maxEpoch", "passes over the data.", positive_int("maxEpoch")
    )
    seed: Param[int] = Param(
        Params._dummy(), "seed", "of the order of the rows and of dropout; drawn if not set.", TypeConverters.toInt
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(maxEpoch=50)

    def setLabelCol(self, value: str) -> Any:  # noqa: N802
        """Set the column of targets; classes are numbered from 0."""
        return self._set(labelCol=value)

    def setMaxEpoch(self, value: int) -> Any:  # noqa: N802
        """Set the passes over the data."""
        return self._set(maxEpoch=value)

    def getMaxEpoch(self) -> int:  # noqa: N802
        """Return the passes over the data."""
        return self.getOrDefault(self.maxEpoch)

    def setSeed(self, value: int) -> Any:  # noqa: N802
        """Set the seed; the same seed gives the same model."""
        return self._set(seed=value)

    def getSeed(self) -> int | None:  # noqa: N802
        """Return the seed, None if each fit draws its own."""
        return self.getOrDefault(self.seed) if self.isSet(self.seed) else None
