"""Small models and data that many tests train on."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any

import keras
import numpy as np
from keras import layers

ROWS, FEATURES, CLASSES = 333, 12, 4


def table(rows: int = ROWS, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y): `rows` vectors of 12 values in 4 classes that a linear model nearly separates."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, FEATURES)).astype("float32")
    scores = x @ np.random.default_rng(0).normal(size=(FEATURES, CLASSES))
    return x, scores.argmax(1)


def images(rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y): small images of 3 channels in 4 classes."""
    random = np.random.default_rng(2)
    return random.normal(size=(rows, 8, 8, 3)).astype("float32"), random.integers(0, CLASSES, rows)


def tokens(rows: int = ROWS, length: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y): sequences of words 0…29, often repeated, 0 at the end for padding."""
    random = np.random.default_rng(3)
    x = np.minimum(random.integers(1, 30, (rows, length)), random.integers(1, 30, (rows, length)))
    x[np.arange(length) >= random.integers(2, length + 1, (rows, 1))] = 0
    return x.astype("int32"), x.sum(1) % CLASSES


def compiled(model: Any, optimizer: Any = None, loss: Any = "sparse_categorical_crossentropy", **arguments: Any) -> Any:
    """Compile with SGD and momentum unless told otherwise; return the model."""
    model.compile(optimizer or keras.optimizers.SGD(0.05, momentum=0.9), loss, **arguments)
    return model


def dense(optimizer: Any = None, **arguments: Any) -> Any:
    """Return a compiled two-layer classifier of `table` rows."""
    return compiled(
        keras.Sequential(
            [layers.Input((FEATURES,)), layers.Dense(16, "relu"), layers.Dense(CLASSES, "softmax")], name="dense"
        ),
        optimizer,
        **arguments,
    )


def linear() -> Any:
    """Return the smallest compiled classifier of `table` rows."""
    return compiled(keras.Sequential([layers.Input((FEATURES,)), layers.Dense(CLASSES, "softmax")], name="linear"))


class Falls(layers.Layer):
    """In its third step takes its worker down where `marker` does not tell that it has, or raises where there is none."""

    def __init__(self, marker="", **arguments):
        super().__init__(**arguments)
        self.marker, self.steps = marker, 0

    def call(self, inputs, training=False):
        if not training:
            return inputs
        import tensorflow

        flat = tensorflow.numpy_function(self.fall, [], tensorflow.float32)
        return inputs + keras.ops.reshape(flat, (1, 1))

    def fall(self):
        self.steps += 1
        if self.steps == 3 and not self.marker:
            message = "one worker only" if os.getpid() % 2 == 0 else "the other worker"
            raise ArithmeticError(message)
        if self.steps == 3:
            with contextlib.suppress(FileExistsError), open(self.marker, "x", encoding="ascii"):
                os.kill(os.getpid(), signal.SIGKILL)
        return np.float32(0)

    def get_config(self):
        return {**super().get_config(), "marker": self.marker}


def mortal(marker: str, optimizer: Any = None) -> Any:
    """Return a compiled classifier of `table` rows that takes one worker down in its third step, see `Falls`."""
    return compiled(
        keras.Sequential([layers.Input((FEATURES,)), Falls(marker), layers.Dense(CLASSES, "softmax")]), optimizer
    )
