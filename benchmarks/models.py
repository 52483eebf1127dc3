"""The models that benchmarks train, with data of the right shapes; values are random, speed does not depend on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A model to be timed: `build()` returns it compiled, `data(rows)` its (x, y)."""

    name: str
    build: Callable[[], Any]
    data: Callable[[int], tuple[Any, Any]]


def mlp() -> Any:
    """784-512-512-10, 670 thousand weights."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input((784,)), *(layers.Dense(512, activation="relu") for _ in range(2)), layers.Dense(10)], name="mlp"
    )
    return _compiled(model, from_logits=True)


def lenet() -> Any:
    """LeNet-5 with ReLU and max-pooling on 28×28, 44 thousand weights."""
    import keras
    from keras import layers

    stack = [
        keras.Input((28, 28, 1)),
        layers.Conv2D(6, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(84, activation="relu"),
        layers.Dense(10),
    ]
    return _compiled(keras.Sequential(stack, name="lenet"), from_logits=True)


def resnet20() -> Any:
    """ResNet-20 for 32×32×3 (He et al. 2016, section 4.2), 272 thousand weights."""
    import keras
    from keras import layers

    def convolve(x: Any, filters: int, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((32, 32, 3))
    x = layers.Activation("relu")(convolve(inputs, 16))
    for filters, first_stride in ((16, 1), (32, 2), (64, 2)):
        for stride in (first_stride, 1, 1):
            y = convolve(layers.Activation("relu")(convolve(x, filters, stride)), filters)
            shortcut = layers.Conv2D(filters, 1, stride, use_bias=False)(x) if stride == 2 else x
            x = layers.Activation("relu")(layers.Add()([shortcut, y]))
    outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
    return _compiled(keras.Model(inputs, outputs, name="resnet20"), from_logits=True)


def ncf() -> Any:
    """Neural collaborative filtering, 6,040 users × 3,706 items, 5 classes, 390 thousand weights."""
    import keras
    from keras import layers

    user, item = keras.Input((1,), dtype="int32", name="user"), keras.Input((1,), dtype="int32", name="item")

    def embed(ids: Any, count: int) -> Any:
        return layers.Flatten()(layers.Embedding(count, 20)(ids))

    deep = layers.Concatenate()([embed(user, 6040), embed(item, 3706)])
    for units in (40, 20, 10):
        deep = layers.Dense(units, activation="relu")(deep)
    wide = layers.Multiply()([embed(user, 6040), embed(item, 3706)])
    outputs = layers.Dense(5)(layers.Concatenate()([deep, wide]))
    return _compiled(keras.Model({"user": user, "item": item}, outputs, name="ncf"), from_logits=True)


def dense(megabytes: float, layer_count: int = 4) -> Any:
    """64 inputs, then layers of equal width: `megabytes` of float32 weights (10⁶ bytes each), within 2 %."""
    import keras
    from keras import layers

    inputs, outputs = 64, 10
    # (layers − 1)·width² + (inputs + outputs + layers)·width = the number of weights
    linear = inputs + outputs + layer_count
    square = layer_count - 1
    width = round((-linear + (linear**2 + megabytes * 1e6 * square) ** 0.5) / (2 * square))
    inside = [layers.Dense(width, activation="relu") for _ in range(layer_count)]
    model = keras.Sequential([keras.Input((inputs,)), *inside, layers.Dense(outputs)], name="dense")
    return _compiled(model, from_logits=True)


def dense_data(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows for `dense`."""
    return _floats(rows, 64), _labels(rows, 10)


CASES = {
    case.name: case
    for case in (
        Case("mlp", mlp, lambda rows: (_floats(rows, 784), _labels(rows, 10))),
        Case("lenet", lenet, lambda rows: (_floats(rows, 28, 28, 1), _labels(rows, 10))),
        Case("resnet20", resnet20, lambda rows: (_floats(rows, 32, 32, 3), _labels(rows, 10))),
        Case("ncf", ncf, lambda rows: ({"user": _labels(rows, 6040), "item": _labels(rows, 3706)}, _labels(rows, 5))),
    )
}


def _compiled(model: Any, from_logits: bool) -> Any:
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    model.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
    return model


def _floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _labels(rows: int, classes: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, classes, rows, dtype=np.int32)
