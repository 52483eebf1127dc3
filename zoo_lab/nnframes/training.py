"""What every estimator does: check, pin the data, train a copy of the model with `zoo_lab.fit`."""

from __future__ import annotations

import secrets
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.triggers import EveryEpoch
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.feature.image.row import RowToImageFeature
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Collection, Preprocessing, steps_of
from zoo_lab.feature.sources import pin_dataframe
from zoo_lab.nnframes.copies import trainable_copy
from zoo_lab.nnframes.plain import plain, restored
from zoo_lab.nnframes.preprocessings import steps_for
from zoo_lab.nnframes.trainingparams import WatchingParams
from zoo_lab.nnframes.tuning import ending_with_its_cell

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from zoo_lab.train.run import Run


def check_training(where: str, model: Any, criterion: Any) -> None:
    """Raise `ArgumentError` unless a Keras model and a criterion, or a compiled model, are given."""
    import keras

    from zoo_lab.nnframes.criteria import loss_of

    checks = Checks(where)
    is_model = isinstance(model, keras.Model)
    checks.require(is_model, f"Expected model to be a keras.Model; received {type(model).__name__}.")
    checks.require(
        not is_model or model.compiled or criterion is not None,
        "Expected a criterion, or a compiled model; received neither. Give a Keras loss such as 'mse'.",
    )
    try:
        loss_of(criterion)
    except ArgumentError as error:
        checks.fail(str(error))
    checks.done()


def trained_run(stage: WatchingParams, dataset: DataFrame, classes: int | None = None) -> Run:
    """Return the finished run of a copy of the stage's model.

    Args:
        stage: an estimator, with its `model` and `criterion`.
        dataset: with the columns that its parameters name.
        classes: how many classes there are, where labels are class numbers.
    """
    from zoo_lab.train.api import fit

    model = _copy(stage)
    with ending_with_its_cell() as listeners, _pinned(stage, dataset, classes) as (train, validation):
        return fit(
            model,
            train,
            batch_size=stage.getBatchSize(),
            validation_data=validation,
            seed=stage.getSeed(),
            checkpoint=_checkpoints(stage),
            listeners=[*listeners, *(one.listener(model) for one in _summaries(stage))],
            name=model.name,
            **_ending(stage, -(-train.rows // stage.getBatchSize())),
        )


def units_of(model: Any) -> int | None:
    """Return how many numbers a model gives for a row, None where that is not known or it gives none of one rank."""
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):  # a subclassed model tells none
        return None
    return shape[-1] if isinstance(shape, tuple) and len(shape) == 2 else None


def estimator_facts(stage: Any) -> dict[str, Any]:
    """Return what an estimator is besides its parameters and its model's layers, as plain values."""
    if stage.getValidation() is not None:
        warnings.warn(
            "The DataFrame of setValidation is not saved with the estimator: set it again after loading, or mark rows "
            "with validationIndicatorCol.",
            stacklevel=4,
        )
    if stage.criterion is not None:
        return {"criterion": plain(stage.criterion), "compiled": None}
    return {"criterion": None, "compiled": stage.model.get_compile_config()}


def compiled_again(model: Any, facts: Mapping[str, Any]) -> Any:
    """Return the arguments (model, criterion) of an estimator from its loaded model and its facts."""
    from zoo_lab.net.architecture import expect_safe

    if facts["compiled"] is not None:
        expect_safe("the estimator's compile()", facts["compiled"], {})
        model.compile_from_config(facts["compiled"])
    return model, restored(facts["criterion"])


def _copy(stage: Any) -> Any:
    from zoo_lab.nnframes.criteria import loss_of
    from zoo_lab.nnframes.metrics import metrics_of
    from zoo_lab.nnframes.optimizers import optimizer_of

    model, criterion = stage.model, stage.criterion
    method = stage.getOptimMethod() or ("sgd" if criterion is not None else model.optimizer)
    optimizer = optimizer_of(
        method,
        learning_rate=stage.getLearningRate(),
        decay=stage.getLearningRateDecay(),
        clip=stage.getConstantGradientClipping(),
        clip_norm=stage.getGradientClippingByL2Norm(),
    )
    methods = stage.getValidationMethod()
    metrics = None if methods is None else metrics_of(methods, units_of(model) == 1)
    loss = None if criterion is None else loss_of(criterion, model)
    return trainable_copy(model, optimizer, loss, metrics)


@contextmanager
def _pinned(stage: Any, dataset: DataFrame, classes: int | None) -> Iterator[tuple[FeatureSet, FeatureSet | None]]:
    """Pin the rows to train on and those to validate on, for as long as the block lasts."""
    with ExitStack() as pinned:
        sets = []
        for data in _split(stage, dataset):
            if data is not None:
                sets.append(
                    _pinned_images(stage, data) if isinstance(data, Collection) else _rows(stage, data, classes)
                )
                pinned.callback(sets[-1].unpersist)
        yield sets[0], sets[1] if len(sets) > 1 else None


def _rows(stage: Any, frame: DataFrame, classes: int | None) -> FeatureSet:
    features, labels = stage.getFeaturesCol(), stage.getLabelCol()
    steps, again = steps_for(stage.getFeaturePreprocessing(), features), None
    if not stage.getCachingSample() and steps is not None:
        steps, again = None, _one_step(steps)
    weight = stage.getOrDefault(stage.weightCol) if stage.isDefined(stage.weightCol) else None
    label_steps = steps_for(stage.getLabelPreprocessing(), labels)
    rows = FeatureSet(*pin_dataframe(frame, features, labels, weight, steps, label_steps, classes=classes))
    return rows if again is None else rows.transform(again)


def _one_step(steps: Any) -> Preprocessing | None:
    """Return the step as it is for rows of arrays, which are images already."""
    if isinstance(steps, Preprocessing):
        left = [one for one in steps_of(steps) if not isinstance(one, RowToImageFeature)]
        return ChainedPreprocessing(left) if left else None
    msg = (
        f"Expected one step or chain with cachingSample=False; received {len(steps)} of them as featurePreprocessing. "
        "Several inputs are preprocessed once: setCachingSample(True)."
    )
    raise ArgumentError(msg)


def _pinned_images(stage: Any, images: Collection) -> FeatureSet:
    """Pin a set of images, which has no columns for the stage's parameters to mean."""
    checks = Checks("fit")
    for name in ("featurePreprocessing", "labelPreprocessing", "weightCol", "validationIndicatorCol"):
        given = stage.isDefined(stage.getParam(name)) and stage.getOrDefault(name) is not None
        checks.require(
            not given,
            f"Expected no {name} with a set of images; it is set. Transform the set, or fit on images.to_dataframe().",
        )
    checks.done()
    return FeatureSet.from_image_set(images)


def _split(stage: Any, dataset: DataFrame) -> tuple[DataFrame, DataFrame | None]:
    given = stage.getValidation()
    marked = stage.isDefined(stage.validationIndicatorCol)
    if not marked:
        return dataset, None if given is None else given[1]
    if given is not None:
        msg = "Expected setValidation or validationIndicatorCol; received both. Clear one of them."
        raise ArgumentError(msg)
    column = stage.getValidationIndicatorCol()
    if isinstance(dataset, Collection):
        return dataset, None
    if column not in dataset.columns:
        msg = f"Expected a column {column!r} (validationIndicatorCol); the columns are {', '.join(dataset.columns)}."
        raise ArgumentError(msg)
    return dataset.where(~dataset[f"`{column}`"]), dataset.where(dataset[f"`{column}`"])


def _ending(stage: Any, steps_per_epoch: int) -> dict[str, Any]:
    from zoo_lab.nnframes.ending import ending_of

    trigger = stage.getEndWhen()
    if trigger is None:
        return {"epochs": stage.getMaxEpoch()}
    if stage.isSet(stage.maxEpoch):
        msg = "Expected endWhen or maxEpoch; received both. Put them together: setEndWhen(trigger | MaxEpoch(n))."
        raise ArgumentError(msg)
    return ending_of(trigger, steps_per_epoch)


def _checkpoints(stage: Any) -> Any:
    from zoo_lab.train.saving import Checkpoints

    if stage.getCheckpoint() is None:
        return None
    path, trigger, overwrite = stage.getCheckpoint()
    name = f"{stage.uid}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    return Checkpoints(f"{path.rstrip('/')}/{name}", every=trigger or EveryEpoch(), keep=1 if overwrite else None)


def _summaries(stage: Any) -> list[Any]:
    return [one for one in (stage.getTrainSummary(), stage.getValidationSummary()) if one is not None]
