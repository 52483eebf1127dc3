"""A model as a function of Spark SQL: the query says which columns, so their fields are decided when the first come."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.columnplan import FieldPlan
from zoo_lab.feature.structure import Structure
from zoo_lab.infer.columnpredictor import ColumnPredictor, LenientPredictor, PredictionsOnly
from zoo_lab.infer.results import Column


@dataclass(frozen=True)
class Labels:
    """A column of words: the label of the largest of a row's outputs.

    Attributes:
        column: of the outputs.
        words: one for each of a row's outputs.
    """

    column: Column
    words: tuple[str, ...]

    spark_type = "string"
    arrow_type = pa.string()

    def array(self, values: np.ndarray) -> pa.Array:
        """Return the words for a batch of outputs, shape (rows, labels)."""
        return pa.array(self.words, pa.string()).take(pa.array(values.argmax(axis=-1)))


@dataclass(frozen=True)
class ArgumentPredictor:
    """What Spark calls on a partition for a function of the columns that a query names.

    Attributes:
        parcel: the broadcast of the model's `Parcel`.
        inputs: how many the model has.
        nest: one field for each input → the structure in which the model takes them.
        column: how outputs become a column.
        batch_size: rows computed at once.
        wrap: turns the predictor of columns into the one to use.
    """

    parcel: Any
    inputs: int
    nest: Any
    column: Any
    batch_size: int
    wrap: Callable[[ColumnPredictor], Any]

    @property
    def spark_type(self) -> str:
        """The type of what comes out, in Spark's words."""
        return self._predictor(("argument 1",), Structure("argument 1"), ()).spark_type

    def __call__(self, batches: Iterator[Any]) -> Iterator[pa.Array]:
        """Yield the column of outputs, for some rows at a time."""
        for first in batches:
            arrays = first if isinstance(first, tuple) else (first,)
            yield from self._for(arrays)(itertools.chain([first], batches))

    def _for(self, arrays: Sequence[pa.Array]) -> Any:
        names = tuple(f"argument {number + 1}" for number in range(len(arrays)))
        if self.inputs in (0, 1) and len(names) > 1:
            dtype = np.result_type(*(_dtype(array, name) for array, name in zip(arrays, names, strict=True)))
            plan = FieldPlan("arguments", names, True, "float32" if dtype == np.float64 else dtype.name)
            return self._predictor(names, Structure(self.nest(["arguments"])), (plan,))
        if len(names) != max(self.inputs, 1):
            msg = f"Expected {self.inputs} arguments, one for each input of the model; received {len(names)}."
            raise ArgumentError(msg)
        plans = tuple(FieldPlan(name, (name,)) for name in names)
        return self._predictor(names, Structure(self.nest(list(names))), plans)

    def _predictor(self, names: tuple[str, ...], structure: Structure, plans: tuple[FieldPlan, ...]) -> Any:
        return self.wrap(ColumnPredictor(self.parcel, structure, plans, names, self.column, self.batch_size))


@dataclass(frozen=True)
class Nest:
    """Puts one value for each input where the model takes it; `form` holds the inputs' numbers."""

    form: Any

    def __call__(self, values: Sequence[Any]) -> Any:
        """Return the values in the form."""
        from zoo_lab.feature.structure import map_leaves

        return map_leaves(lambda number: values[number], self.form)


def as_strict(predictor: ColumnPredictor) -> ColumnPredictor:
    """Let a row that fails end the query."""
    return predictor


def as_nulls(predictor: ColumnPredictor) -> PredictionsOnly:
    """Let a row that fails be null."""
    return PredictionsOnly(LenientPredictor(predictor))


def as_structs(predictor: ColumnPredictor) -> LenientPredictor:
    """Let a row that fails be null beside its reason."""
    return LenientPredictor(predictor)


WRAPS = {"raise": as_strict, "null": as_nulls, "reason": as_structs}


def _dtype(array: pa.Array, name: str) -> np.dtype[Any]:
    kind = array.type
    if pa.types.is_decimal(kind):
        return np.dtype(np.float32)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        msg = (
            f"Expected numbers as the several arguments of a model with one input; {name} is {kind}. Give one array or "
            "vector instead."
        )
        raise ArgumentError(msg)
    return np.dtype(kind.to_pandas_dtype())
