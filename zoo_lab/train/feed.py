"""Gives a worker the arrays of its rows, made by the data's chain where it has one, the next ones ahead of time (E).

What is made ahead counts only where exactly these rows of this moment are asked for next. Within a job they surely are;
from one job to the next where a process keeps its part, as `shared` has it, or where another one hands it over.
"""

from __future__ import annotations

import hashlib
import itertools
import pickle
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo_lab.core.slices import slice_bounds
from zoo_lab.feature.image.threads import keep_to_slot
from zoo_lab.feature.rowchain import Moment, RowChain
from zoo_lab.train.ahead import Ahead, Arrays
from zoo_lab.train.rows import RowReader
from zoo_lab.train.setup import DataSetup


@dataclass(frozen=True, eq=False)
class Wanted:
    """Rows that a worker needs.

    Attributes:
        rows: their numbers, in order.
        batch: of all rows that are mixed with each other.
        moment: of the batch.
    """

    rows: np.ndarray
    batch: np.ndarray
    moment: Moment

    def at(self, strength: float) -> Wanted:
        """Return the same rows, their random steps drawn at this strength."""
        return (
            self if strength == self.moment.strength else replace(self, moment=replace(self.moment, strength=strength))
        )


class Feed:
    """The rows of a data set as the model takes them.

    Args:
        data: the data set.
        reader: reads what is stored.
        threads: how many make rows at once.
        ahead: what this process has made ahead of the data set, whichever of its shards it is given.
    """

    def __init__(self, data: DataSetup, reader: RowReader, threads: int, ahead: Ahead) -> None:
        self.reader = reader
        self.ahead = ahead
        self._chain: RowChain | None = pickle.loads(data.made) if data.made else None  # noqa: S301 - of this run
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "zoo_lab rows", keep_to_slot) if self._chain else None
        self._name = hashlib.sha256(data.made + repr(reader.handles).encode()).digest()

    def training(self, rows: np.ndarray, batch: np.ndarray, seed: int, epoch: int, step: int) -> Wanted:
        """Return the wish for rows of a training batch."""
        return Wanted(rows, batch, self._chain.chain.moment(seed, epoch, step) if self._chain else Moment())

    def at_rest(self, rows: np.ndarray) -> Wanted:
        """Return the wish for rows that are not trained on."""
        return Wanted(rows, rows, self._chain.chain.at_rest() if self._chain else Moment())

    @property
    def makes(self) -> bool:
        """Whether a chain makes the rows, so that asking ahead is worth it."""
        return self._chain is not None

    def read(self, wanted: Wanted) -> Arrays:
        """Return the fields of the rows, in their order."""
        if self._chain is None:
            return self.reader.read(wanted.rows)
        key, making = self._key(wanted), self.ahead.making
        if making is not None and making.key == key:
            self.ahead.used()
            return making.result()
        arrays = self.ahead.from_others(key)
        return self._start(wanted, key).result() if arrays is None else arrays

    def expect(self, wanted: Wanted | None, *, sure: bool) -> None:
        """Begin to make the rows that are asked for next: surely within a job, probably in the next one."""
        if wanted is not None and self._chain is not None and (sure or self.ahead.worthwhile):
            self.ahead.begin(self._start(wanted, self._key(wanted)), sure=sure)

    def _key(self, wanted: Wanted) -> bytes:
        """Return what tells these rows of this moment from all others."""
        what = (self._name, repr(wanted.moment).encode(), wanted.rows.tobytes(), wanted.batch.tobytes())
        return hashlib.sha256(b"|".join(what)).digest()

    def _start(self, wanted: Wanted, key: bytes) -> _Making:
        assert self._chain is not None and self._pool is not None
        return _Making(self._chain, self.reader, self._pool, self._threads, wanted, key)


class _Making:
    """The making of one batch's rows, shared among threads; OpenCV lets Python's lock go while it works."""

    def __init__(
        self, chain: RowChain, reader: RowReader, pool: ThreadPoolExecutor, threads: int, wanted: Wanted, key: bytes
    ) -> None:
        self.key = key
        self.wanted = wanted
        self._chain = chain
        self._cancelled = False
        self._rows = chain.needed(wanted.batch, wanted.rows, wanted.moment)
        count = max(1, min(threads, len(self._rows)))
        parts = [self._rows[slice(*slice_bounds(len(self._rows), count, part))] for part in range(count)]
        self._parts: list[Future] = [pool.submit(self._made, reader, part) for part in parts]

    def cancel(self) -> None:
        """Let it end after the rows under way."""
        self._cancelled = True
        for part in self._parts:
            part.cancel()

    def when_made(self, use: Callable[[Arrays | None], None]) -> None:
        """Have `use` called with the arrays once they are made; with None where they are not."""
        left = itertools.count(len(self._parts) - 1, -1)

        def one_more(_part: Future) -> None:
            if next(left) == 0:
                use(self._outcome())

        for part in self._parts:
            part.add_done_callback(one_more)

    def _outcome(self) -> Arrays | None:
        try:
            return None if self._cancelled else self.result()
        except Exception:  # whoever is asked for these rows makes them, and raises it
            return None

    def result(self) -> Arrays:
        """Return the arrays when they are made; raise what a step raised."""
        parts = [part.result() for part in self._parts]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts[1:] else parts[0]
        if self._chain.chain.mix is None:
            return whole
        wanted = self.wanted
        return self._chain.mixed(whole, self._rows.tolist(), wanted.batch, wanted.rows, wanted.moment)

    def _made(self, reader: RowReader, rows: np.ndarray) -> dict[str, Any]:
        stored = reader.read(rows)
        records = self._chain.chain.records(stored, self.wanted.moment, rows, lambda: not self._cancelled)
        return {} if self._cancelled else self._chain.arrays(stored, rows, records)
