"""What the two estimators have in common, and what their two models have: how they are made, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pyspark.ml import Estimator, Model
from pyspark.ml.util import MLReadable, MLWritable

from zoo_lab.core.checks import Checks
from zoo_lab.nnframes.params import PredictionParams
from zoo_lab.nnframes.persistence import StageReader, StageWriter
from zoo_lab.nnframes.preprocessings import steps_for
from zoo_lab.nnframes.training import check_training, compiled_again, estimator_facts, trained_run
from zoo_lab.nnframes.trainingparams import WatchingParams

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

M = TypeVar("M", bound="KerasModel")


class KerasModel(PredictionParams, Model, MLReadable, MLWritable):
    """A Keras model that predicts in DataFrames; `NNModel` tells of the arguments."""

    def __init__(
        self, model: Any, feature_preprocessing: Any = None, *, history: Mapping[str, list[float]] | None = None
    ) -> None:
        super().__init__()
        _expect_model(type(self).__name__, model)
        self.model = model
        self.history = dict(history or {})
        self.setFeaturePreprocessing(feature_preprocessing)

    def write(self) -> StageWriter:
        """Return what saves this model."""
        return StageWriter(self, lambda: {"history": _plain_history(self.history)})

    @classmethod
    def read(cls) -> StageReader:
        """Return what loads such a model."""
        return StageReader(cls, lambda model, facts: cls(model, history=facts["history"]))

    def _predicted(self, dataset: DataFrame, column: str) -> DataFrame:
        """Return a DataFrame with a column of the model's outputs, and one of reasons where rows may fail."""
        from zoo_lab.infer.api import predict

        columns = self.getFeaturesCol()
        return predict(
            self.model,
            dataset,
            feature_cols=columns,
            batch_size=self.getBatchSize(),
            prediction_col=column,
            preprocessing=steps_for(self.getFeaturePreprocessing(), columns),
            on_error=self.getOnError(),
        )


class KerasEstimator(WatchingParams, Estimator[M], MLReadable, MLWritable):
    """Trains a Keras model on DataFrames; `NNEstimator` tells of the arguments."""

    def __init__(
        self, model: Any, criterion: Any = None, feature_preprocessing: Any = None, label_preprocessing: Any = None
    ) -> None:
        super().__init__()
        check_training(type(self).__name__, model, criterion)
        self.model = model
        self.criterion = criterion
        self.setFeaturePreprocessing(feature_preprocessing)
        self.setLabelPreprocessing(label_preprocessing)

    def write(self) -> StageWriter:
        """Return what saves this estimator."""
        return StageWriter(self, lambda: estimator_facts(self))

    @classmethod
    def read(cls) -> StageReader:
        """Return what loads such an estimator."""
        return StageReader(cls, lambda model, facts: cls(*compiled_again(model, facts)))

    def _trained(self, kind: type[M], dataset: DataFrame, classes: int | None = None) -> M:
        """Return the model of this kind that is what a copy of the estimator's own learns from the rows."""
        run = trained_run(self, dataset, classes)
        trained = kind(run.model, history=run.history)
        trained._resetUid(self.uid)  # Spark ML: a model carries its estimator's id
        return self._copyValues(trained)


def _expect_model(where: str, model: Any) -> None:
    import keras

    checks = Checks(where)
    is_model = isinstance(model, keras.Model)
    checks.require(is_model, f"Expected model to be a keras.Model; received {type(model).__name__}.")
    checks.done()


def _plain_history(history: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Return a history as JSON values."""
    import numpy as np

    return {name: [np.asarray(value, float).tolist() for value in values] for name, values in history.items()}
