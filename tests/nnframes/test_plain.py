"""What parameters hold is written down as plain values and comes back equal; code never does."""

from __future__ import annotations

import doctest
import json
from typing import Any

import keras
import numpy as np
import pytest

from tests.feature.image.battery import STEPS
from zoo_lab.core.errors import DataError, ModelError
from zoo_lab.feature import ChainedPreprocessing, Preprocessing, Scale, SeqToTensor
from zoo_lab.feature.image import ImageHFlip, ImagePixelNormalize, RowToImageFeature
from zoo_lab.feature.image3d import AffineTransform3D, Crop3D
from zoo_lab.nnframes import criteria, preprocessings
from zoo_lab.nnframes import plain as module
from zoo_lab.nnframes.criteria import CrossEntropyCriterion
from zoo_lab.nnframes.plain import NotPlainError, kept, known_classes, plain, restored
from zoo_lab.train import BestMetric, EveryEpoch, EveryIterations, EveryMinutes, MaxScore, TrainSummary

OTHERS = [
    SeqToTensor([2, 2]),
    Scale(0.5, 1),
    ChainedPreprocessing([RowToImageFeature(), ChainedPreprocessing([ImageHFlip()])]),
    Crop3D((1, 2, 3), (4, 5, 6)),
    AffineTransform3D(np.eye(3) * 1.5, np.array([0.5, 0, 1])),
    EveryMinutes(2.5) & (EveryEpoch(2) | BestMetric("val_auc", "max")),
    MaxScore(0.9, "val_accuracy"),
    TrainSummary("logs", "one", {"Loss": EveryIterations(3)}),
]


def through_json(value: Any) -> Any:
    return restored(json.loads(json.dumps(plain(value))))


@pytest.mark.parametrize("step", [*STEPS, *OTHERS], ids=repr)
def test_an_object_comes_back_equal(step: Any) -> None:
    back = through_json(step)
    assert type(back) is type(step)
    assert plain(back) == plain(step)
    assert repr(back) == repr(step)


def test_arrays_keep_every_bit() -> None:
    means = np.random.default_rng(0).normal(size=(3, 4, 3))
    back = through_json(ImagePixelNormalize(means))
    np.testing.assert_array_equal(back.means, ImagePixelNormalize(means).means)
    for value in (np.float32(0.1), float("inf"), [1, (2, "three")], {"a": [None, True], 3: (np.int64(2),)}):
        assert through_json(value) == value


def test_every_public_step_can_be_written_down() -> None:
    import zoo_lab.feature.image as images

    offered = [getattr(images, name) for name in images.__all__]
    steps = {one.__name__ for one in offered if isinstance(one, type) and issubclass(one, Preprocessing)}
    assert steps - set(known_classes()) == {"ImagePreprocessing", "RandomImagePreprocessing"}


def test_keras_objects_come_back_with_their_settings() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    back = through_json(keras.optimizers.Adam(schedule, beta_1=0.5))
    assert (back.beta_1, float(back._learning_rate(10))) == (0.5, pytest.approx(0.05))
    assert through_json(CrossEntropyCriterion([1, 2])).get_config() == CrossEntropyCriterion([1, 2]).get_config()


class OwnLoss(keras.losses.Loss):
    """Not registered with Keras."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return y_pred - y_true


@pytest.mark.parametrize("value", [OwnLoss(), print, object(), np.array(["text"]), lambda x: x])
def test_what_has_no_plain_form_is_kept_as_it_is(value: Any) -> None:
    with pytest.raises(NotPlainError):
        plain(value)
    assert kept(value) is value


def test_files_make_only_known_classes() -> None:
    with pytest.raises(DataError, match="received 'Popen'"):
        restored({"class": "Popen", "arguments": {"args": ["true"]}})
    with pytest.raises(DataError, match="array of numbers"):
        restored({"array": "", "dtype": "|O", "shape": [0]})
    code = keras.saving.serialize_keras_object(keras.layers.Lambda(lambda x: x))
    with pytest.raises(ModelError, match="run no code"):
        restored({"keras": code})


@pytest.mark.parametrize("one", [criteria, module, preprocessings], ids=lambda one: one.__name__)
def test_examples(one: Any) -> None:
    assert doctest.testmod(one).failed == 0
