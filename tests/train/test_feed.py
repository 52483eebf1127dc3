"""Rows that are made ahead: they count where they are the very ones asked for, and nothing depends on a guess."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from pyspark import cloudpickle

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import write_shard
from zoo_lab.feature.arrayrows import ArrayRows
from zoo_lab.feature.preprocessing import Preprocessing
from zoo_lab.feature.rowchain import Chain, RowChain
from zoo_lab.feature.structure import Structure
from zoo_lab.train.feed import Feed
from zoo_lab.train.rows import RowReader
from zoo_lab.train.setup import DataSetup

MADE: list[tuple[int, str]] = []
STORED = {"x": np.arange(12, dtype="int32")}


class Doubles(Preprocessing):
    """Doubles a number and notes which thread did it; refuses 7."""

    def __call__(self, value: int) -> int:
        MADE.append((int(value), threading.current_thread().name))
        if value == 7:
            raise ValueError("seven")
        return 2 * int(value)

    def __reduce__(self):
        return Doubles, ()


@pytest.fixture
def feed(tmp_path: Path):
    handle: ShardHandle = write_shard(tmp_path, 0, [STORED])
    chain = RowChain.learnt(Chain(ArrayRows(Structure("x"), (Doubles(),))), STORED)
    made = cloudpickle.dumps(chain)
    data = DataSetup(chain.fields, chain.structure, (12,), (handle,), handle.fields, made)
    MADE.clear()
    return Feed(data, RowReader(data, (handle,)), threads=2)


def wish(feed, *rows, step=0):
    numbers = np.array(rows)
    return feed.training(numbers, numbers, seed=1, epoch=0, step=step)


def numbers_made():
    return sorted(number for number, _thread in MADE)


def test_rows_made_ahead_are_not_made_again(feed):
    feed.expect(wish(feed, 4, 5, 6))
    np.testing.assert_array_equal(feed.read(wish(feed, 4, 5, 6))["x"], [8, 10, 12])
    assert numbers_made() == [4, 5, 6]
    assert all(thread.startswith("zoo_lab rows") for _number, thread in MADE)


def test_rows_of_another_moment_or_order_are_made_anew(feed):
    feed.expect(wish(feed, 4, 5, step=1))
    np.testing.assert_array_equal(feed.read(wish(feed, 4, 5))["x"], [8, 10])
    feed.expect(wish(feed, 4, 5))
    np.testing.assert_array_equal(feed.read(wish(feed, 5, 4))["x"], [10, 8])


def test_guesses_that_keep_failing_are_given_up(feed):
    feed.expect(wish(feed, 1))
    feed.read(wish(feed, 2))
    MADE.clear()
    feed.expect(wish(feed, 3))
    assert not MADE
    feed.read(wish(feed, 3))
    assert numbers_made() == [3]


def test_an_error_ahead_is_raised_only_where_its_rows_are_read(feed):
    feed.expect(wish(feed, 7))
    np.testing.assert_array_equal(feed.read(wish(feed, 8))["x"], [16])
    with pytest.raises(ValueError, match="seven"):
        feed.read(wish(feed, 7))
