"""Single-process Keras on the very batches of a plan: what distributed runs are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from zoo_lab.train.batches import batch_rows, epoch_order


def twin(build: Callable[[], Any]) -> tuple[Any, Any]:
    """Return two models built by `build` with equal weights."""
    keras.utils.set_random_seed(7)
    first = build()
    second = build()
    second.set_weights(first.get_weights())
    return first, second


def train_alone(
    model: Any,
    x: Any,
    y: Any,
    *,
    batch_size: int,
    epochs: int,
    seed: int,
    weight: Any = None,
    class_weight: Any = None,
    validation_data: Any = None,
    callbacks: Sequence[Any] = (),
) -> dict[str, list[float]]:
    """Train with Keras' own fit on the batches of `zoo_lab.fit`; return its history."""
    batches = Batches((x, y, weight), batch_size, seed)
    from_the_first = keras.callbacks.LambdaCallback(on_train_begin=lambda _logs: batches.reset())
    history = model.fit(
        batches,
        epochs=epochs,
        class_weight=class_weight,
        validation_data=validation_data,
        validation_batch_size=batch_size,
        callbacks=[from_the_first, *callbacks],
        verbose=0,
        shuffle=False,
    )
    return history.history


def largest_difference(one: Any, other: Any) -> float:
    """Return the largest absolute difference between the weights of two models."""
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(float(np.abs(a.astype(np.float64) - b).max()) for a, b in pairs if a.size)


class Batches(keras.utils.PyDataset):
    """The batches of a plan, in its order: (x, y) or (x, y, sample_weight), epoch after epoch."""

    def __init__(self, nests: tuple[Any, ...], batch_size: int, seed: int) -> None:
        super().__init__()
        self.nests = tuple(nest for index, nest in enumerate(nests) if nest is not None or index < 2)
        self.batch_size = batch_size
        self.seed = seed
        self.reset()
        self.rows = len(keras.tree.flatten(nests[0])[0])

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def __getitem__(self, step: int) -> tuple[Any, ...]:
        rows = batch_rows(epoch_order(self.rows, self.seed, self.epoch), self.batch_size, step)
        return tuple(_taken(nest, rows) for nest in self.nests)

    def reset(self) -> None:
        """Begin again with the first epoch: Keras looks at some batches to learn their shapes."""
        self.epoch = 0

    def on_epoch_end(self) -> None:
        self.epoch += 1


def _taken(nest: Any, rows: np.ndarray) -> Any:
    if isinstance(nest, dict):
        return {name: _taken(item, rows) for name, item in nest.items()}
    if isinstance(nest, list):
        return tuple(_taken(item, rows) for item in nest)  # Keras' data sets know tuples but no lists
    return None if nest is None else nest[rows]
