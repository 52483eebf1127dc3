"""Rows that are made ahead: they count where they are the very ones asked for, and nothing depends on a guess."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pyspark import cloudpickle

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.shards import write_shard
from zoo_lab.feature.arrayrows import ArrayRows
from zoo_lab.feature.image import CutMix, ImageHFlip, MixUp
from zoo_lab.feature.preprocessing import Preprocessing
from zoo_lab.feature.rowchain import Chain, RowChain
from zoo_lab.feature.structure import Structure
from zoo_lab.train.ahead import Ahead, Guesses, Offer
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


def feeds_of(folder: Path, stored: dict[str, np.ndarray], chain: Chain, count: int = 1) -> list[Feed]:
    """Return what as many processes of an executor have of one shard."""
    handle: ShardHandle = write_shard(folder, 0, [stored])
    learnt = RowChain.learnt(chain, stored)
    data = DataSetup(learnt.fields, learnt.structure, (12,), (handle,), handle.fields, cloudpickle.dumps(learnt))
    MADE.clear()
    return [Feed(data, RowReader(data, (handle,)), 2, Ahead(folder / "ahead", "run")) for _ in range(count)]


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    [made] = feeds_of(tmp_path, STORED, Chain(ArrayRows(Structure("x"), (Doubles(),))))
    return made


def wish(feed, *rows, step=0):
    numbers = np.array(rows)
    return feed.training(numbers, numbers, seed=1, epoch=0, step=step)


def numbers_made():
    return sorted(number for number, _thread in MADE)


def test_rows_made_ahead_are_not_made_again(feed):
    feed.expect(wish(feed, 4, 5, 6), sure=True)
    np.testing.assert_array_equal(feed.read(wish(feed, 4, 5, 6))["x"], [8, 10, 12])
    assert numbers_made() == [4, 5, 6]
    assert all(thread.startswith("zoo_lab rows") for _number, thread in MADE)


def test_rows_of_another_moment_or_order_are_made_anew(feed):
    feed.expect(wish(feed, 4, 5, step=1), sure=True)
    np.testing.assert_array_equal(feed.read(wish(feed, 4, 5))["x"], [8, 10])
    feed.expect(wish(feed, 4, 5), sure=True)
    np.testing.assert_array_equal(feed.read(wish(feed, 5, 4))["x"], [10, 8])


def test_guesses_that_keep_failing_are_given_up(feed):
    for step in range(4):
        feed.expect(wish(feed, 1, step=step), sure=False)
        feed.read(wish(feed, 2, step=step))
    assert feed.ahead.guesses == Guesses(right=0, wrong=4)
    MADE.clear()
    feed.expect(wish(feed, 3), sure=False)
    assert not MADE
    feed.read(wish(feed, 3))
    assert numbers_made() == [3]
    feed.expect(wish(feed, 4), sure=True)
    feed.read(wish(feed, 4))
    assert numbers_made() == [3, 4]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Feed, Feed]:
    """What two processes of an executor have, which Spark has once given the part that the other one had made."""
    chain = Chain(ArrayRows(Structure("x"), (Doubles(),)))
    feeds = feeds_of(tmp_path, STORED, chain, count=2)
    for number, feed in enumerate(feeds):
        feed.expect(wish(feed, number), sure=False)
    for number, feed in enumerate(feeds):
        feed.read(wish(feed, 1 - number))
    MADE.clear()
    return feeds[0], feeds[1]


def files_left(feed):
    return sorted(path.suffix for path in feed.ahead._folder.iterdir())


def test_who_gets_a_part_takes_what_the_other_one_has_made_of_it(pair):
    one, other = pair
    for step in range(1, 4):
        one.expect(wish(one, 2, 3, step=step), sure=False)
        other.expect(wish(other, 4, 5, step=step), sure=False)
        np.testing.assert_array_equal(one.read(wish(one, 4, 5, step=step))["x"], [8, 10])
        np.testing.assert_array_equal(other.read(wish(other, 2, 3, step=step))["x"], [4, 6])
    assert numbers_made() == [2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]
    assert one.ahead.guesses == other.ahead.guesses == Guesses(right=3, wrong=1)
    assert files_left(one) == []


def test_who_keeps_its_part_uses_its_own_and_leaves_no_file(pair):
    one, _other = pair
    one.expect(wish(one, 2, 3), sure=False)
    np.testing.assert_array_equal(one.read(wish(one, 2, 3))["x"], [4, 6])
    assert numbers_made() == [2, 3]
    one._pool.shutdown()
    assert files_left(one) == []


def test_what_nobody_takes_is_deleted_with_the_next_but_one_and_at_the_end(pair):
    one, _other = pair
    for step in range(3):
        one.expect(wish(one, step, step=step), sure=False)
        one.ahead.making.result()
    one._pool.shutdown()
    assert files_left(one) == [".made", ".made"]
    one.ahead.close()
    assert files_left(one) == []


def test_an_error_is_not_handed_over_and_whoever_reads_the_row_raises_it(pair):
    one, other = pair
    one.expect(wish(one, 7), sure=False)
    with pytest.raises(ValueError, match="seven"):
        other.read(wish(other, 7))
    assert files_left(one) == []


def test_the_promise_of_a_process_that_has_died_is_void(pair):
    one, _other = pair
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    wanted = wish(one, 5)
    path = one.ahead._path(one._key(wanted))
    path.parent.mkdir()
    path.with_name(f"{path.name}.by-{gone.pid}").touch()
    np.testing.assert_array_equal(one.read(wanted)["x"], [10])
    assert numbers_made() == [5]
    assert files_left(one) == []


def test_a_place_where_nothing_can_be_written_costs_time_only(pair, tmp_path):
    one, _other = pair
    (tmp_path / "ahead").write_text("not a folder")
    one.expect(wish(one, 2, 3), sure=False)
    np.testing.assert_array_equal(one.read(wish(one, 2, 3))["x"], [4, 6])
    one.expect(wish(one, 4, step=1), sure=False)
    np.testing.assert_array_equal(one.read(wish(one, 5, step=1))["x"], [10])
    assert one.ahead.guesses == Guesses(right=1, wrong=2)


def test_text_is_not_handed_over(tmp_path):
    offer = Offer(tmp_path / "folder" / "a")
    offer.put({"x": np.array(["long", None], object)})
    assert list((tmp_path / "folder").iterdir()) == []


def test_what_is_withdrawn_before_it_is_made_leaves_no_promise(tmp_path):
    offer = Offer(tmp_path / "folder" / "a")
    offer.withdraw()
    offer.put({"x": np.arange(3)})
    assert list((tmp_path / "folder").iterdir()) == []


def test_an_error_ahead_is_raised_only_where_its_rows_are_read(feed):
    feed.expect(wish(feed, 7), sure=True)
    np.testing.assert_array_equal(feed.read(wish(feed, 8))["x"], [16])
    with pytest.raises(ValueError, match="seven"):
        feed.read(wish(feed, 7))


@pytest.mark.parametrize("mix", [MixUp(0.4, num_classes=3), CutMix(num_classes=3)], ids=repr)
def test_the_parts_of_a_mixed_batch_are_those_of_the_whole(tmp_path, mix):
    random = np.random.default_rng(0)
    stored = {"x": random.integers(0, 255, (12, 6, 7, 3), np.uint8), "y": random.integers(0, 3, 12)}
    [feed] = feeds_of(tmp_path, stored, Chain(ArrayRows(Structure("x", "y"), (ImageHFlip(),)), mix=mix))
    batch = random.permutation(12)[:9]
    flipped = stored["x"][batch][:, :, ::-1]
    images, shares = mix(flipped, stored["y"][batch], seed=1, epoch=2, batch=4)
    for part in (slice(0, 5), slice(5, 9)):
        found = feed.read(feed.training(batch[part], batch, seed=1, epoch=2, step=4))
        np.testing.assert_array_equal(found["x"], images[part])
        np.testing.assert_array_equal(found["y"], shares[part])
    resting = feed.read(feed.at_rest(batch))
    np.testing.assert_array_equal(resting["x"], flipped)
    assert resting["x"].dtype == images.dtype and (resting["y"].sum(1) == 1).all()
