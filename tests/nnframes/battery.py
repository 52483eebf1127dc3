"""What every stage of zoo_lab.nnframes must do with its parameters, as Spark ML's own stages do."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import keras
import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature import ChainedPreprocessing, Scale, SeqToTensor
from zoo_lab.nnframes import NNClassifier, NNClassifierModel, NNEstimator, NNModel
from zoo_lab.train import EveryEpoch, EveryIterations, MaxEpoch, MinLoss, TrainSummary, ValidationSummary


def network(outputs: int = 2, activation: str | None = None, inputs: int = 2) -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, activation=activation)])


STAGES = {
    "NNEstimator": lambda: NNEstimator(network(), "mse"),
    "NNClassifier": lambda: NNClassifier(network(), "CrossEntropyCriterion"),
    "NNModel": lambda: NNModel(network()),
    "NNClassifierModel": lambda: NNClassifierModel(network()),
}
CHAIN = ChainedPreprocessing([SeqToTensor([2]), Scale(0.5, 1)])
VALUES: dict[str, tuple[Any, Any]] = {
    "batchSize": (64, 0),
    "cachingSample": (False, "no"),
    "checkpointOverWrite": (False, 1),
    "checkpointPath": ("runs/somewhere", ""),
    "checkpointTrigger": (EveryIterations(10) | EveryEpoch(), EveryEpoch),
    "constantGradientClipping": ([-0.5, 0.25], (1, 0)),
    "dataCacheLevel": ("DISK_AND_DRAM", "TAPE"),
    "endWhen": (MaxEpoch(3) | MinLoss(0.1), 3),
    "featurePreprocessing": (CHAIN, "scale"),
    "featuresCol": (["a", "b"], []),
    "gradientClippingByL2Norm": (0.5, 0),
    "labelCol": ("target", 3),
    "labelPreprocessing": (Scale(2), Scale),
    "learningRate": (0.25, 0),
    "learningRateDecay": (0.5, -1),
    "maxEpoch": (7, 2.5),
    "onError": ("null", "skip"),
    "optimMethod": ("adam", "adamm"),
    "predictionCol": ("guess", ""),
    "rawPredictionCol": ("raw", 3),
    "seed": (5, -1),
    "threshold": (0.75, 1.5),
    "trainSummary": (TrainSummary("logs", "one", {"Loss": EveryIterations(2)}), "logs"),
    "validationIndicatorCol": ("held", ""),
    "validationMethod": (["MAE"], "Top2Accuracy"),
    "validationSummary": (ValidationSummary("logs", "one"), TrainSummary("logs", "one")),
    "validationTrigger": (EveryEpoch(), EveryIterations(3)),
    "weightCol": ("weight", ""),
}
"""For each parameter a value that is not its default, and one that must be refused."""


def check_estimator(stage: Any, folder: Path) -> None:
    """Check all parameters of a stage: typed, documented, set, explained, copied, saved and loaded."""
    assert {which.name for which in stage.params} <= set(VALUES)
    for which in stage.params:
        check_param(stage, which)
    filled = with_values(stage)
    check_copy(filled)
    check_saved(filled, folder)


def check_param(stage: Any, which: Any) -> None:
    name = which.name[0].upper() + which.name[1:]
    setter, getter = getattr(type(stage), f"set{name}"), getattr(type(stage), f"get{name}")
    assert which.doc
    assert inspect.getdoc(setter)
    assert inspect.getdoc(getter)
    good, bad = VALUES[which.name]
    before = shown(getattr(stage, f"get{name}")()) if stage.isDefined(which) else None
    fresh = stage.copy()
    assert getattr(fresh, f"set{name}")(good) is fresh
    assert shown(getattr(fresh, f"get{name}")()) == shown(good)
    assert which.name in fresh.explainParams()
    json.dumps(fresh.getOrDefault(which))  # what CrossValidator asks of a grid's values
    with pytest.raises(
        (ArgumentError, TypeError), match=which.name if "alidationM" not in which.name else "val_method"
    ):
        fresh._set(**{which.name: bad})
    assert shown(getattr(fresh, f"get{name}")()) == shown(good)
    assert (shown(getattr(stage, f"get{name}")()) if stage.isDefined(which) else None) == before


def with_values(stage: Any) -> Any:
    """Return a copy with a value of its own for every parameter; those of clipping exclude each other."""
    filled = stage.copy()
    for which in filled.params:
        if which.name != "gradientClippingByL2Norm":
            getattr(filled, f"set{which.name[0].upper()}{which.name[1:]}")(VALUES[which.name][0])
    return filled


def check_copy(stage: Any) -> None:
    copy = stage.copy({stage.batchSize: 3})
    assert (copy.getBatchSize(), stage.getBatchSize()) == (3, 64)
    assert copy.uid == stage.uid
    assert values_of(copy) == {**values_of(stage), "batchSize": 3}


def check_saved(stage: Any, folder: Path) -> None:
    path = str(folder / type(stage).__name__)
    stage.save(path)
    loaded = type(stage).load(path)
    assert type(loaded) is type(stage)
    assert loaded.uid == stage.uid
    assert values_of(loaded) == values_of(stage)
    for one, other in zip(stage.model.get_weights(), loaded.model.get_weights(), strict=True):
        assert (one == other).all()
    stage.write().overwrite().save(path)


def values_of(stage: Any) -> dict[str, Any]:
    return {which.name: stage.getOrDefault(which) for which in stage.params if stage.isDefined(which)}


def shown(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, list, type(None))) else repr(value)
