"""Steps that turn one value of a sample into what a model takes, and their chains. Runs inside Spark executors.

A step is a small object that is called with one value and returns a new one; it keeps no state between calls, so that
it can be pickled, repeated and run on any worker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.recordnests import plain_value


class Preprocessing(ABC):
    """One step: a value in, a new value out; the same value always gives the same result."""

    @abstractmethod
    def __call__(self, value: Any) -> Any:
        """Return the value that this step makes of `value`, which stays as it was."""

    @property
    def by_chance(self) -> bool:
        """Whether what it makes of a value also depends on seed and epoch."""
        return False


class BatchPreprocessing(ABC):
    """One step over a whole batch: inputs and targets in, new ones out; it is the last step before the model."""

    @abstractmethod
    def drawn(self, inputs: np.ndarray, *, seed: int, epoch: int, batch: int) -> Mapping[str, Any]:
        """Return what a batch draws, of whose `inputs` only the shape counts: among others `partners`, the number in
        the batch of whom each row is mixed with."""

    @abstractmethod
    def apply(self, inputs: np.ndarray, targets: np.ndarray, drawn: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Return the mixed inputs and targets."""

    @abstractmethod
    def unmixed(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the inputs and targets as `apply` gives them, of the same types and shapes, but not mixed."""


class Collection(ABC):
    """Many values, such as a set of images; a chain that is called with one goes to each value of it."""

    @abstractmethod
    def transform(self, step: Preprocessing) -> Any:
        """Return a new collection of what `step` makes of each value; this one stays as it was."""


class CarriedPreprocessing(Preprocessing):
    """A step over records, which also takes what a record is made from, or many of them."""

    @abstractmethod
    def carry(self, value: Any, whole: Preprocessing, run: Callable[[Any], Any]) -> Any:
        """Return what `whole`, this step or a chain that starts with it, makes of `value` in whatever form it comes.

        `run` is what `whole` does with one record.
        """


class ChainedPreprocessing(Preprocessing):
    """Several steps, one after another; called with a collection it goes to each value of it.

    A chain whose first step takes values in many forms (an image step: arrays, sets, RDDs, columns) takes them too.

    Args:
        transformers: the steps in order, at least one.

    Raises `ArgumentError` listing what is no step.

    Source: `ChainedPreprocessing` of Analytics Zoo.

    Example:
        >>> chain = ChainedPreprocessing([SeqToTensor([2, 2]), Scale(1 / 2)])
        >>> chain([0, 1, 2, 3]).tolist()
        [[0.0, 0.5], [1.0, 1.5]]
    """

    def __init__(self, transformers: Sequence[Preprocessing]) -> None:
        checks = Checks("ChainedPreprocessing")
        steps = list(transformers)
        checks.require(bool(steps), "Expected at least one step; received none.")
        for position, step in enumerate(steps):
            is_step = isinstance(step, Preprocessing)
            checks.require(is_step, f"Expected step {position} to be a Preprocessing; received {type(step).__name__}.")
        checks.done()
        self.transformers = tuple(steps)

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Collection):
            return value.transform(self)
        first = self._first()
        return first.carry(value, self, self._one) if isinstance(first, CarriedPreprocessing) else self._one(value)

    @property
    def by_chance(self) -> bool:
        """Whether one of its steps depends on chance."""
        return any(step.by_chance for step in self.transformers)

    def _one(self, value: Any) -> Any:
        for step in self.transformers:
            value = step(value)
        return value

    def _first(self) -> Preprocessing:
        first = self.transformers[0]
        return first._first() if isinstance(first, ChainedPreprocessing) else first

    def __repr__(self) -> str:
        return f"ChainedPreprocessing([{', '.join(map(repr, self.transformers))}])"


def steps_of(step: Preprocessing) -> Iterator[Preprocessing]:
    """Yield the steps of a chain, and of chains in it, in their order."""
    if not isinstance(step, ChainedPreprocessing):
        yield step
        return
    for one in step.transformers:
        yield from steps_of(one)


class SeqToTensor(Preprocessing):
    """Makes a float32 array of a number, a list of numbers, an array or an ML vector, and gives it a shape.

    Args:
        size: the shape; empty keeps the value's own.

    Raises `DataError` for a value with another number of items.

    Source: `SeqToTensor` of Analytics Zoo; also its ScalarToTensor, ArrayToTensor and MLlibVectorToTensor.

    Example:
        >>> SeqToTensor([2, 1])([1, 2]).shape
        (2, 1)
    """

    def __init__(self, size: Sequence[int] = ()) -> None:
        checks = Checks("SeqToTensor")
        for position, length in enumerate(size):
            checks.positive_int(f"size[{position}]", length)
        checks.done()
        self.size = tuple(map(int, size))

    def __call__(self, value: Any) -> np.ndarray:
        array = np.array(plain_value(value), np.float32)
        if not self.size:
            return array
        if array.size != np.prod(self.size):
            msg = f"SeqToTensor: expected {int(np.prod(self.size))} items for size {self.size}; received {array.size}."
            raise DataError(msg)
        return array.reshape(self.size)

    def __repr__(self) -> str:
        return f"SeqToTensor({list(self.size)})"


class Scale(Preprocessing):
    """Multiplies by a factor, then adds an offset, in float32.

    Args:
        factor: such as 1 / 255.
        offset: added afterwards.

    Example:
        >>> Scale(2, 1)([1, 2]).tolist()
        [3.0, 5.0]
    """

    def __init__(self, factor: float = 1.0, offset: float = 0.0) -> None:
        self.factor = float(factor)
        self.offset = float(offset)

    def __call__(self, value: Any) -> np.ndarray:
        return np.asarray(value, np.float32) * np.float32(self.factor) + np.float32(self.offset)

    def __repr__(self) -> str:
        return f"Scale({self.factor:g}, {self.offset:g})"


def preprocess(values: Iterable[Any], preprocessing: Preprocessing) -> np.ndarray:
    """Return what `preprocessing` makes of each of `values`, stacked: shape (rows, …).

    Args:
        values: an array, whose first axis is the row, or any list of values.
        preprocessing: a step or a chain.

    Raises `DataError` naming the row whose result has another shape than the first.

    Example:
        >>> preprocess([[1, 2], [3, 4]], SeqToTensor([2, 1])).shape
        (2, 2, 1)
    """
    results = [np.asarray(preprocessing(value)) for value in values]
    for row, result in enumerate(results):
        if result.shape != results[0].shape:
            msg = (
                f"{preprocessing!r}, row {row}: expected shape {results[0].shape} as in row 0; received {result.shape}. "
                "End the chain with a step that gives every row one shape."
            )
            raise DataError(msg)
    return np.stack(results) if results else np.empty((0,), np.float32)
