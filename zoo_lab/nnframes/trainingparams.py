"""The Spark ML parameters of training, with their setters and getters."""

from __future__ import annotations

from typing import Any

from pyspark.ml.param import Param
from pyspark.ml.param.shared import HasLabelCol, HasValidationIndicatorCol, HasWeightCol

from zoo_lab.nnframes import converters as to
from zoo_lab.nnframes.params import PredictionParams, param
from zoo_lab.train.summary import TrainSummary, ValidationSummary

LEVELS = ("DRAM", "PMEM", "DISK_AND_DRAM")


class TrainingParams(PredictionParams, HasLabelCol, HasWeightCol):
    """What training needs besides: labels, length, optimizer, and where the data is kept."""

    labelCol: Param[Any] = param(  # noqa: N815 - Spark ML's spelling, as all below
        "labelCol", "column of the target; a list or dict of columns for several outputs.", to.columns("labelCol")
    )
    labelPreprocessing: Param[Any] = param(  # noqa: N815
        "labelPreprocessing", "step or chain for each row of the labels.", to.preprocessing("labelPreprocessing")
    )
    weightCol: Param[str] = param("weightCol", "column with one weight a row.", to.column("weightCol"))  # noqa: N815
    maxEpoch: Param[int] = param("maxEpoch", "passes over the data.", to.positive_int("maxEpoch"))  # noqa: N815
    endWhen: Param[Any] = param("endWhen", "trigger that ends training, instead of maxEpoch.", to.trigger("endWhen"))  # noqa: N815
    seed: Param[int] = param(
        "seed", "of the order of the rows and of dropout; drawn if not set.", to.natural_int("seed")
    )
    optimMethod: Param[Any] = param("optimMethod", "Keras optimizer or its name.", to.optimizer("optimMethod"))  # noqa: N815
    learningRate: Param[float] = param(  # noqa: N815
        "learningRate", "instead of the optimizer's own.", to.number("learningRate", above=True)
    )
    learningRateDecay: Param[float] = param(  # noqa: N815
        "learningRateDecay", "iteration i has the rate learningRate / (1 + decay * i).", to.number("learningRateDecay")
    )
    constantGradientClipping: Param[list[float]] = param(  # noqa: N815
        "constantGradientClipping",
        "lowest and highest value of a gradient's elements.",
        to.span("constantGradientClipping"),
    )
    gradientClippingByL2Norm: Param[float] = param(  # noqa: N815
        "gradientClippingByL2Norm",
        "largest norm of all gradients together.",
        to.number("gradientClippingByL2Norm", above=True),
    )
    cachingSample: Param[bool] = param(  # noqa: N815
        "cachingSample",
        "true: features are preprocessed once; false: whenever rows are read, in each epoch anew.",
        to.boolean("cachingSample"),
    )
    dataCacheLevel: Param[str] = param(  # noqa: N815
        "dataCacheLevel", "where data is kept; memory-mapped files do all of them.", to.one_of("dataCacheLevel", LEVELS)
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(maxEpoch=50, learningRateDecay=0.0, cachingSample=True, dataCacheLevel="DRAM")

    def setLabelCol(self, value: Any) -> Any:  # noqa: N802
        """Set the column of targets, classes numbered from 0; a list or dict of columns for several outputs."""
        return self._set(labelCol=value)

    def getLabelCol(self) -> Any:  # noqa: N802
        """Return the column of targets, or the list or dict of columns."""
        return self.getOrDefault(self.labelCol)

    def setLabelPreprocessing(self, value: Any) -> Any:  # noqa: N802
        """Set what each row of the labels goes through, see `setFeaturePreprocessing`."""
        return self._put("labelPreprocessing", value)

    def getLabelPreprocessing(self) -> Any:  # noqa: N802
        """Return what each row of the labels goes through, None for nothing."""
        return self._object("labelPreprocessing")

    def setWeightCol(self, value: str | None) -> Any:  # noqa: N802
        """Set the column with one weight a row, for the loss; None for none."""
        return self._put("weightCol", value)

    def setMaxEpoch(self, value: int) -> Any:  # noqa: N802
        """Set the passes over the data; either this or `setEndWhen`."""
        return self._set(maxEpoch=value)

    def getMaxEpoch(self) -> int:  # noqa: N802
        """Return the passes over the data."""
        return self.getOrDefault(self.maxEpoch)

    def setEndWhen(self, trigger: Any) -> Any:  # noqa: N802
        """Set what ends training: MaxEpoch, MaxIteration, MinLoss or MaxScore of zoo_lab.train, with & and |."""
        return self._put("endWhen", trigger)

    def getEndWhen(self) -> Any:  # noqa: N802
        """Return what ends training, None if maxEpoch does."""
        return self._object("endWhen")

    def setSeed(self, value: int) -> Any:  # noqa: N802
        """Set the seed; the same seed gives the same model."""
        return self._put("seed", value)

    def getSeed(self) -> int | None:  # noqa: N802
        """Return the seed, None if each fit draws its own."""
        return self._object("seed")

    def setOptimMethod(self, value: Any) -> Any:  # noqa: N802
        """Set the Keras optimizer or its name; None for the compiled model's own, or "sgd" with a criterion."""
        return self._put("optimMethod", value)

    def getOptimMethod(self) -> Any:  # noqa: N802
        """Return a fresh optimizer with the settings that were given, or its name; None if none was."""
        return self._object("optimMethod")

    def setLearningRate(self, value: float) -> Any:  # noqa: N802
        """Set the learning rate, instead of the optimizer's own."""
        return self._put("learningRate", value)

    def getLearningRate(self) -> float | None:  # noqa: N802
        """Return the learning rate, None for the optimizer's own."""
        return self._object("learningRate")

    def setLearningRateDecay(self, value: float) -> Any:  # noqa: N802
        """Set the decay: iteration i, from 0, has the rate learningRate / (1 + decay · i)."""
        return self._set(learningRateDecay=value)

    def getLearningRateDecay(self) -> float:  # noqa: N802
        """Return the decay."""
        return self.getOrDefault(self.learningRateDecay)

    def setConstantGradientClipping(self, min: float, max: float | None = None) -> Any:  # noqa: N802
        """Set the lowest and highest value of a gradient's elements, as two numbers or a pair."""
        self._set(constantGradientClipping=min if max is None else [min, max])
        self.clear(self.gradientClippingByL2Norm)
        return self

    def getConstantGradientClipping(self) -> list[float] | None:  # noqa: N802
        """Return the lowest and highest value of a gradient's elements, None without."""
        return self._object("constantGradientClipping")

    def setGradientClippingByL2Norm(self, clip_norm: float) -> Any:  # noqa: N802
        """Set the largest norm of all gradients together; larger ones are scaled down to it."""
        self._set(gradientClippingByL2Norm=clip_norm)
        self.clear(self.constantGradientClipping)
        return self

    def getGradientClippingByL2Norm(self) -> float | None:  # noqa: N802
        """Return the largest norm of all gradients together, None without."""
        return self._object("gradientClippingByL2Norm")

    def clearGradientClipping(self) -> Any:  # noqa: N802
        """Clip no gradients."""
        self.clear(self.constantGradientClipping)
        self.clear(self.gradientClippingByL2Norm)
        return self

    def setCachingSample(self, value: bool) -> Any:  # noqa: N802
        """Set whether the features are preprocessed once, default True, or whenever rows are read.

        With False what is pinned are the column's own values, all of one shape, and random steps draw anew in each epoch,
        by seed, epoch and row. It takes one column and one step or chain.
        """
        return self._set(cachingSample=value)

    def getCachingSample(self) -> bool:  # noqa: N802
        """Return whether the features are preprocessed once."""
        return self.getOrDefault(self.cachingSample)

    def isCachingSample(self) -> bool:  # noqa: N802
        """Return the same, under the predecessor's name."""
        return self.getCachingSample()

    def setDataCacheLevel(self, level: str, numSlice: int | None = None) -> Any:  # noqa: N802, N803
        """Set where data is kept; taken from the predecessor: memory-mapped files serve every level.

        Args:
            level: "DRAM", "PMEM" or "DISK_AND_DRAM".
            numSlice: taken from the predecessor; every epoch sees all rows.
        """
        return self._set(dataCacheLevel=level)

    def getDataCacheLevel(self) -> str:  # noqa: N802
        """Return what was set."""
        return self.getOrDefault(self.dataCacheLevel)


class WatchingParams(HasValidationIndicatorCol, TrainingParams):
    """What is measured, written and saved meanwhile."""

    validationIndicatorCol: Param[str] = param(  # noqa: N815
        "validationIndicatorCol",
        "boolean column: rows with true are validated on, not trained on.",
        to.column("validationIndicatorCol"),
    )
    validationTrigger: Param[Any] = param(  # noqa: N815
        "validationTrigger", "when to validate: every epoch.", to.every_epoch("validationTrigger")
    )
    validationMethod: Param[Any] = param("validationMethod", "metrics.", to.metrics("validationMethod"))  # noqa: N815
    trainSummary: Param[Any] = param(  # noqa: N815
        "trainSummary", "event files of each iteration.", to.summary("trainSummary", TrainSummary)
    )
    validationSummary: Param[Any] = param(  # noqa: N815
        "validationSummary", "event files of each validation.", to.summary("validationSummary", ValidationSummary)
    )
    checkpointPath: Param[str] = param("checkpointPath", "folder or URL.", to.column("checkpointPath"))  # noqa: N815
    checkpointTrigger: Param[Any] = param(  # noqa: N815
        "checkpointTrigger", "when to save a checkpoint.", to.trigger("checkpointTrigger")
    )
    checkpointOverWrite: Param[bool] = param(  # noqa: N815
        "checkpointOverWrite", "whether only the newest checkpoint stays.", to.boolean("checkpointOverWrite")
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(checkpointOverWrite=True)
        self._validation_data: Any = None

    def setValidation(  # noqa: N802
        self, trigger: Any, val_df: Any, val_method: Any = (), batch_size: int | None = None
    ) -> Any:
        """Set what to validate on after each epoch.

        Args:
            trigger: EveryEpoch().
            val_df: a DataFrame with the columns of the training data. It is not saved with the estimator; rows of the
                training data marked by validationIndicatorCol go with it everywhere.
            val_method: Keras metrics or their names, or names of the predecessor such as "Top1Accuracy" and "MAE".
            batch_size: taken from the predecessor; it changes no result.
        """
        self.setValidationTrigger(trigger)
        self.setValidationMethod(list(val_method) if isinstance(val_method, (list, tuple)) else [val_method])
        self._validation_data = val_df
        return self

    def getValidation(self) -> tuple[Any, Any, Any] | None:  # noqa: N802
        """Return trigger, DataFrame and metrics, None without."""
        if self._validation_data is None:
            return None
        return self.getValidationTrigger(), self._validation_data, self.getValidationMethod()

    def setValidationIndicatorCol(self, value: str | None) -> Any:  # noqa: N802
        """Set the boolean column whose true rows are validated on instead of trained on; None for none."""
        return self._put("validationIndicatorCol", value)

    def setValidationTrigger(self, value: Any) -> Any:  # noqa: N802
        """Set when to validate: EveryEpoch()."""
        return self._put("validationTrigger", value)

    def getValidationTrigger(self) -> Any:  # noqa: N802
        """Return when to validate, None without."""
        return self._object("validationTrigger")

    def setValidationMethod(self, value: Any) -> Any:  # noqa: N802
        """Set the metrics, of training and validation: Keras' or the predecessor's names; None for the model's own."""
        return self._put("validationMethod", value)

    def getValidationMethod(self) -> Any:  # noqa: N802
        """Return the metrics, None for the model's own."""
        return self._object("validationMethod")

    def setTrainSummary(self, value: TrainSummary | None) -> Any:  # noqa: N802
        """Set the `TrainSummary` that each iteration is written to."""
        return self._put("trainSummary", value)

    def getTrainSummary(self) -> TrainSummary | None:  # noqa: N802
        """Return the summary of training; `read_scalar(tag)` reads it."""
        return self._object("trainSummary")

    def setValidationSummary(self, value: ValidationSummary | None) -> Any:  # noqa: N802
        """Set the `ValidationSummary` that each validation is written to."""
        return self._put("validationSummary", value)

    def getValidationSummary(self) -> ValidationSummary | None:  # noqa: N802
        """Return the summary of validation; `read_scalar(tag)` reads it."""
        return self._object("validationSummary")

    def setCheckpoint(self, path: str, trigger: Any = None, isOverWrite: bool = True) -> Any:  # noqa: N802, N803
        """Set where and when each fit saves its state; `zoo_lab.fit(resume=path)` goes on from it.

        Args:
            path: a folder or URL; each fit has a folder of its own below it, named by the estimator and the time.
            trigger: such as EveryEpoch(), the default, or EveryIterations(100).
            isOverWrite: whether only the newest checkpoint of a fit stays, else all do.
        """
        self.setCheckpointPath(path).setCheckpointTrigger(trigger)
        return self.setCheckpointOverWrite(isOverWrite)

    def getCheckpoint(self) -> tuple[str, Any, bool] | None:  # noqa: N802
        """Return path, trigger and whether only the newest stays; None without."""
        path = self.getCheckpointPath()
        return None if path is None else (path, self.getCheckpointTrigger(), self.getCheckpointOverWrite())

    def setCheckpointPath(self, value: str | None) -> Any:  # noqa: N802
        """Set the folder or URL of checkpoints, None for none."""
        return self._put("checkpointPath", value)

    def getCheckpointPath(self) -> str | None:  # noqa: N802
        """Return the folder or URL of checkpoints, None without."""
        return self._object("checkpointPath")

    def setCheckpointTrigger(self, value: Any) -> Any:  # noqa: N802
        """Set when to save a checkpoint, None for each epoch."""
        return self._put("checkpointTrigger", value)

    def getCheckpointTrigger(self) -> Any:  # noqa: N802
        """Return when to save a checkpoint, None for each epoch."""
        return self._object("checkpointTrigger")

    def setCheckpointOverWrite(self, value: bool) -> Any:  # noqa: N802
        """Set whether only the newest checkpoint of a fit stays."""
        return self._set(checkpointOverWrite=value)

    def getCheckpointOverWrite(self) -> bool:  # noqa: N802
        """Return whether only the newest checkpoint of a fit stays."""
        return self.getOrDefault(self.checkpointOverWrite)
