"""True epochs, as a property over many sizes."""

from __future__ import annotations

import numpy as np
import pytest

from zoo_lab.train.batches import STRATA, batch_rows, epoch_order

SIZES = [1, 2, 3, 15, 16, 17, 31, 100, 333, 1024, 4999]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_row_comes_exactly_once_an_epoch(rows, shuffle):
    for epoch in range(3):
        np.testing.assert_array_equal(np.sort(epoch_order(rows, 9, epoch, shuffle)), np.arange(rows))


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("batch_size", [1, 2, 7, 32, 1000, 10_000])
def test_the_batches_are_the_epoch_cut_into_pieces(rows, batch_size):
    order = epoch_order(rows, 1, 0)
    batches = [batch_rows(order, batch_size, step) for step in range(-(-rows // batch_size))]
    np.testing.assert_array_equal(np.concatenate(batches), order)
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}
    assert 1 <= len(batches[-1]) <= batch_size


def test_the_order_depends_only_on_rows_seed_and_epoch():
    np.random.seed(0)
    first = epoch_order(500, 3, 2)
    np.random.seed(1)
    np.testing.assert_array_equal(first, epoch_order(500, 3, 2))
    assert (first != epoch_order(500, 4, 2)).any()
    assert (first != epoch_order(500, 3, 3)).any()


def test_without_shuffle_the_order_is_the_datas_own():
    np.testing.assert_array_equal(epoch_order(50, 3, 2, shuffle=False), np.arange(50))


def test_data_sorted_by_label_gives_mixed_batches():
    labels = np.repeat(np.arange(10), 100)
    order = epoch_order(1000, 0, 0)
    for step in range(10):
        assert len(set(labels[batch_rows(order, 100, step)])) == 10


def test_a_batch_takes_nearly_equally_from_all_parts_of_the_data():
    order = epoch_order(STRATA * 100, 0, 0)
    for step in range(5):
        counts = np.bincount(batch_rows(order, 320, step) // 100, minlength=STRATA)
        assert np.abs(counts - 20).max() <= 1


def test_every_pair_of_neighbours_becomes_possible():
    """The order is no fixed interleaving: over epochs, a row meets many different ones in its batch."""
    met = {row for epoch in range(40) for row in _batch_of(0, epoch_order(160, 0, epoch))}
    assert len(met) > 100


def _batch_of(row: int, order: np.ndarray) -> np.ndarray:
    place = int(np.flatnonzero(order == row)[0]) // 16
    return batch_rows(order, 16, place)
