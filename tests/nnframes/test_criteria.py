"""The predecessor's criteria, names and optimizer settings, against their formulas."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.nnframes import criteria
from zoo_lab.nnframes.criteria import CRITERIA, ClassNLLCriterion, CrossEntropyCriterion, loss_of
from zoo_lab.nnframes.metrics import METHODS, metrics_of
from zoo_lab.nnframes.optimizers import optimizer_of

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [-1.0, 0.2, 0.1], [5.0, 5.0, 5.0]], np.float32)
LABELS = np.array([0, 1, 2, 1])
LOG = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
NLL = -LOG[np.arange(4), LABELS]
WEIGHTS = [1.0, 2.0, 0.5]

# float32 against float64 arithmetic of a few terms
TOLERANCE = 1e-6


@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.float32), LABELS[:, None]], ids=["int", "float", "column"])
def test_class_nll_is_the_negative_log_of_the_labels_probability(labels: Any) -> None:
    assert float(ClassNLLCriterion()(labels, LOG)) == pytest.approx(NLL.mean(), abs=TOLERANCE)
    assert float(ClassNLLCriterion(logProbAsInput=False)(labels, np.exp(LOG))) == pytest.approx(NLL.mean(), abs=1e-5)
    assert float(CrossEntropyCriterion()(labels, LOGITS)) == pytest.approx(NLL.mean(), abs=TOLERANCE)
    assert float(CrossEntropyCriterion(size_average=False)(labels, LOGITS)) == pytest.approx(NLL.sum(), abs=1e-5)
    weighted = (np.take(WEIGHTS, LABELS) * NLL).mean()
    assert float(ClassNLLCriterion(WEIGHTS)(labels, LOG)) == pytest.approx(weighted, abs=TOLERANCE)


def test_other_criteria_are_their_formulas() -> None:
    y, p = np.array([[0.0], [1.0], [1.0]]), np.array([[0.2], [0.9], [0.4]])
    error = np.abs(y - p)
    expected = {
        "MSECriterion": (error**2).mean(),
        "AbsCriterion": error.mean(),
        "SmoothL1Criterion": (error**2 / 2).mean(),
        "BCECriterion": -np.log(np.where(y, p, 1 - p)).mean(),
        "MarginCriterion": np.maximum(0, 1 - (2 * y - 1) * p).mean(),
    }
    for name, value in expected.items():
        assert float(CRITERIA[name]()(y, p)) == pytest.approx(value, abs=TOLERANCE), name


def test_a_softmax_at_the_end_is_not_applied_twice() -> None:
    for last in ([keras.layers.Dense(3, activation="softmax")], [keras.layers.Dense(3), keras.layers.Softmax()]):
        model = keras.Sequential([keras.Input((3,)), *last])
        assert loss_of("CrossEntropyCriterion", model).of == "probabilities"
    assert loss_of("CrossEntropyCriterion", keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])).of == "logits"


def test_names_of_keras_and_of_the_predecessor_are_taken() -> None:
    assert loss_of("mse") == "mse"
    assert loss_of(["mse", None, "AbsCriterion"])[2].name == "mean_absolute_error"
    with pytest.raises(ArgumentError, match=r"one of AbsCriterion, .*; received 'MSECriterium'"):
        loss_of("MSECriterium")
    with pytest.raises(ArgumentError, match="setWeightCol"):
        criteria.BCECriterion([1.0])
    with pytest.raises(ArgumentError, match="Expected margin=1"):
        criteria.MarginCriterion(0.5)


def test_validation_methods_are_metrics_of_that_name() -> None:
    assert [one.name for one in metrics_of([*METHODS], False)] == [name for name in METHODS if name != "Loss"]
    assert isinstance(metrics_of(["Top1Accuracy"], True)[0], keras.metrics.BinaryAccuracy)
    one, other = (metrics_of([keras.metrics.MeanAbsoluteError(name="own")], True)[0] for _ in range(2))
    assert one.name == "own"
    assert one is not other


def test_the_rate_decays_as_the_predecessors_did() -> None:
    rates = optimizer_of("sgd", learning_rate=0.2, decay=0.5)._learning_rate
    assert [float(rates(step)) for step in range(3)] == pytest.approx([0.2 / (1 + 0.5 * step) for step in range(3)])
    given = keras.optimizers.Adam(0.3, beta_1=0.7)
    made = optimizer_of(given)
    assert made is not given
    assert (float(made.learning_rate), made.beta_1) == (pytest.approx(0.3), 0.7)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    with pytest.raises(ArgumentError, match="has the schedule ExponentialDecay"):
        optimizer_of(keras.optimizers.SGD(schedule), learning_rate=0.1)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"clip": [-0.5, 0.5]}, [0.5, -0.5, 0.1]),
        ({"clip": [-0.2, 1.0]}, [1.0, -0.2, 0.1]),
        ({"clip": [0.0, 0.0]}, [0.0, 0.0, 0.0]),
        ({"clip_norm": 0.03}, np.array([3, -1, 0.1]) * 0.03 / np.linalg.norm([3, -1, 0.1])),
        ({"clip_norm": 4.0}, [3.0, -1.0, 0.1]),
    ],
    ids=str,
)
def test_gradients_are_clipped(settings: Any, expected: Any) -> None:
    """REFERENCE case 5."""
    weight = keras.Variable(np.zeros(3, np.float32))
    optimizer = optimizer_of(keras.optimizers.SGD(1.0, clipnorm=1e-6), **settings)
    optimizer.apply([np.array([3, -1, 0.1], np.float32)], [weight])
    np.testing.assert_allclose(-weight.numpy(), expected, atol=1e-6)


def test_one_kind_of_clipping_at_a_time() -> None:
    with pytest.raises(ArgumentError, match="received both"):
        optimizer_of("sgd", clip=[-1, 1], clip_norm=1)
