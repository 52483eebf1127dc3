"""Rows that are made anew whenever they are read: what is stored, the chain, and the form of what comes out (E).

A maker turns what a shard stores of a row into a record · mixing blends the records of a batch · a row chain does both
and gives arrays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo_lab.context.shardfile import FieldSpec
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.report import blaming
from zoo_lab.feature.place import Place
from zoo_lab.feature.preprocessing import BatchPreprocessing, Preprocessing
from zoo_lab.feature.recordform import RecordForm
from zoo_lab.feature.structure import Structure, leaves

Stored = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Moment:
    """What chance depends on beside the row itself.

    Attributes:
        seed: of the run.
        epoch, step: both from 0.
        training: whether the rows are trained on; only then batches are mixed.
        strength: how far random steps over images draw; 1 as they say.
    """

    seed: int = 0
    epoch: int = 0
    step: int = 0
    training: bool = False
    strength: float = 1.0


class RowMaker(ABC):
    """Makes the record of a row of what is stored of it.

    Attributes:
        steps: what it does, in order.
    """

    steps: tuple[Preprocessing, ...]

    @abstractmethod
    def then(self, step: Preprocessing) -> RowMaker:
        """Return this maker with one more step."""

    @abstractmethod
    def record(self, stored: Stored, item: int, moment: Moment) -> Any:
        """Return x, (x, y) or (x, y, sample_weight) of one of the rows whose fields are `stored`."""

    @abstractmethod
    def name(self, stored: Stored, item: int, number: int) -> str:
        """Return what messages call a row; `number` is that of the row in the data set."""


@dataclass(frozen=True)
class Chain:
    """A maker and what else belongs to the rows that it makes.

    Attributes:
        maker: makes records.
        seed: for the random steps; None takes that of the run.
        epoch: added to that of the run.
        mix: blends the rows of a batch; None leaves them.
    """

    maker: RowMaker
    seed: int | None = None
    epoch: int = 0
    mix: BatchPreprocessing | None = None

    def then(self, step: Preprocessing | BatchPreprocessing) -> Chain:
        """Return this chain with one more step; raise `ArgumentError` for one behind the mixing of batches."""
        if self.mix is not None:
            told = f"expected {self.mix!r} to be the last step, as it mixes batches; received one more."
            msg = f"FeatureSet.transform: {told}"
            raise ArgumentError(msg)
        if isinstance(step, BatchPreprocessing):
            return replace(self, mix=step)
        return replace(self, maker=self.maker.then(step))

    def told(self) -> str:
        """Return the steps as text."""
        return "".join(f" → {step!r}" for step in (*self.maker.steps, self.mix) if step is not None)

    def moment(self, seed: int, epoch: int, step: int) -> Moment:
        """Return the moment of a step of a run, or with its seed of none."""
        return Moment(seed if self.seed is None else self.seed, self.epoch + epoch, step, training=True)

    def at_rest(self) -> Moment:
        """Return the moment of rows that are not trained on: always the same."""
        return Moment(self.seed or 0, self.epoch)

    def records(
        self, stored: Stored, moment: Moment, numbers: Sequence[int], go_on: Callable[[], bool] = lambda: True
    ) -> list[Any]:
        """Return the records of the rows whose fields are `stored`; fewer once `go_on` says no.

        `numbers` are those of the rows in the data set; an error of a step is noted with the row that it failed on.
        """
        return [self._record(stored, item, moment, int(number)) for item, number in enumerate(numbers) if go_on()]

    def _record(self, stored: Stored, item: int, moment: Moment, number: int) -> Any:
        def sample(_error: Exception) -> str:
            name = self.maker.name(stored, item, number)
            return name if name == f"row {number}" else f"row {number} ({name})"

        with blaming("data", sample):
            return self.maker.record(stored, item, moment)


@dataclass(frozen=True)
class RowChain:
    """A chain together with the form of what it makes.

    Attributes:
        chain: makes records.
        form: of every record.
        structure: how the fields make up the model's inputs and targets.
        fields: name, type and shape of each field as the model takes it.
    """

    chain: Chain
    form: RecordForm
    structure: Structure
    fields: tuple[FieldSpec, ...]

    @classmethod
    def learnt(cls, chain: Chain, stored: Stored) -> RowChain:
        """Return a chain with the form that it gives the first of the rows whose fields are `stored`."""
        moment = chain.at_rest()
        place = Place("record", 0, names=[chain.maker.name(stored, 0, 0)])
        [record] = chain.records(stored, moment, range(1))
        form = RecordForm.of(record, place)
        arrays = form.arrays([record], place)
        if chain.mix is not None:
            _expect_one_of_each(chain.mix, form.structure)
            arrays = _with_pair(form.structure, arrays, chain.mix.unmixed(*_pair(form.structure, arrays)))
        kinds = {name: "string" if array.dtype.kind == "O" else array.dtype.str for name, array in arrays.items()}
        specs = tuple(FieldSpec(name, kinds[name], array.shape[1:]) for name, array in arrays.items())
        return cls(chain, form, form.structure, specs)

    def whole(self, stored: Stored, first: int, moment: Moment) -> dict[str, np.ndarray]:
        """Return the fields of the rows whose fields are `stored`, from number `first` on, which are one batch."""
        count = len(next(iter(stored.values())))
        numbers = np.arange(first, first + count)
        arrays = self.arrays(stored, numbers, self.chain.records(stored, moment, numbers))
        return self.mixed(arrays, numbers, numbers, numbers, moment) if self.chain.mix else arrays

    def arrays(self, stored: Stored, numbers: Sequence[int], records: Sequence[Any]) -> dict[str, np.ndarray]:
        """Return the fields of records, not mixed; `numbers` are those of their rows in the data set.

        Raises `DataError` naming the row that has another form than the first of the data.
        """
        names = _Names(self.chain.maker, stored, numbers)
        return self.form.arrays(records, Place("record", 0, names=names))

    def mixed(
        self, arrays: dict[str, np.ndarray], rows: Sequence[int], batch: np.ndarray, own: np.ndarray, moment: Moment
    ) -> dict[str, np.ndarray]:
        """Return the fields of the rows `own`, mixed with their partners.

        Args:
            arrays: the fields of `rows`, among which are those and their partners.
            rows: their numbers.
            batch: the rows of the whole batch, in its order.
            own: the rows that are wanted.
            moment: of the batch.
        """
        mix, structure = self.chain.mix, self.structure
        assert mix is not None
        if not moment.training:
            return _with_pair(structure, arrays, mix.unmixed(*_pair(structure, arrays)))
        place_of = {row: place for place, row in enumerate(rows)}
        drawn = self._drawn(batch, moment)
        partners = _partners(drawn, batch, own)
        picked = [place_of[row] for row in (*own.tolist(), *partners.tolist())]
        count = len(own)
        both = {name: array[picked] for name, array in arrays.items()}
        swapped = (*range(count, 2 * count), *range(count))
        pair = mix.apply(*_pair(structure, both), {**drawn, "partners": swapped})
        whole = _with_pair(structure, both, pair)
        return {name: array[:count] for name, array in whole.items()}

    def needed(self, batch: np.ndarray, own: np.ndarray, moment: Moment) -> np.ndarray:
        """Return the rows that must be made to give those wanted: with mixing, their partners too."""
        if self.chain.mix is None or not moment.training or not len(own):
            return own
        return np.unique(np.concatenate([own, _partners(self._drawn(batch, moment), batch, own)]))

    def _drawn(self, batch: np.ndarray, moment: Moment) -> Mapping[str, Any]:
        field = self.form.fields[leaves(self.structure.x)[0]]
        shape_only = np.broadcast_to(np.zeros((), np.uint8), (len(batch), *field.shape))
        assert self.chain.mix is not None
        return self.chain.mix.drawn(shape_only, seed=moment.seed, epoch=moment.epoch, batch=moment.step)


class _Names(Sequence[str]):
    """Names of rows, found when one is needed."""

    def __init__(self, maker: RowMaker, stored: Stored, numbers: Sequence[int]) -> None:
        self._maker = maker
        self._stored = stored
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, item: Any) -> Any:
        return self._maker.name(self._stored, item, int(self._numbers[item]))


def _partners(drawn: Mapping[str, Any], batch: np.ndarray, own: np.ndarray) -> np.ndarray:
    order = np.argsort(batch)
    places = order[np.searchsorted(batch, own, sorter=order)]
    return batch[np.asarray(drawn["partners"])[places]]


def _pair(structure: Structure, arrays: Stored) -> tuple[np.ndarray, np.ndarray]:
    return arrays[structure.x], arrays[structure.y]


def _with_pair(structure: Structure, arrays: Stored, pair: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    return {**arrays, structure.x: pair[0], structure.y: pair[1]}


def _expect_one_of_each(mix: BatchPreprocessing, structure: Structure) -> None:
    if not (isinstance(structure.x, str) and isinstance(structure.y, str)):
        told = f"{len(leaves(structure.x))} inputs and {len(leaves(structure.y))} targets"
        msg = f"FeatureSet.transform: expected one input and one target for {mix!r}; received {told}."
        raise ArgumentError(msg)
