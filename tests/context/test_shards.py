"""Rows pinned on Spark workers come back in order, wherever they lie, and leave nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.shardfile import Shard
from zoo_lab.context.shards import ShardStore, pin_arrays, pin_partitions
from zoo_lab.core.errors import DataError

_ROWS = 23


@pytest.fixture(params=["one host", "elsewhere"])
def place(request: pytest.FixtureRequest, context: NNContext, monkeypatch: pytest.MonkeyPatch) -> NNContext:
    """The context as it is on one host, and as it is where workers do not see the driver's files."""
    monkeypatch.setattr(context, "one_host", request.param == "one host")
    return context


def _arrays() -> dict[str, np.ndarray]:
    texts = np.empty(_ROWS, object)
    texts[:] = [f"row {row} é" for row in range(_ROWS)]
    return {"x": np.arange(_ROWS * 2, dtype="float32").reshape(_ROWS, 2), "s": texts}


def _blocks(_partition: int, records: Iterator[int]) -> Iterator[dict[str, np.ndarray]]:
    for record in records:
        if record < 0:
            msg = f"expected a natural number; received {record}."
            raise DataError(msg)
        yield {"x": np.full((record, 2), record, "int32")}


def _worker_pids(context: NNContext) -> set[int]:
    def pid(records: Iterator[int]) -> Iterator[int]:
        list(records)
        time.sleep(0.1)
        yield os.getpid()

    # Spark takes its idle workers in turn, and earlier tests may have left more of them than a job needs
    job = context.sc.parallelize(range(2), 2).mapPartitions(pid)
    return {found for _ in range(4) for found in job.collect()}


def _shard_folders(store: ShardStore) -> list[Path]:
    return [Path(handle.folder) for handle in store.handles]


@pytest.mark.parametrize("partitions", [1, 2, 5, 30])
def test_arrays_come_back_in_order(place: NNContext, partitions: int) -> None:
    arrays = _arrays()
    store = pin_arrays(place, arrays, partitions)
    assert (store.rows, len(store.handles)) == (_ROWS, partitions)
    assert [spec.name for spec in store.fields] == ["x", "s"]
    for count in (0, 1, 12, _ROWS, 100):
        head = store.head(count)
        np.testing.assert_array_equal(head["x"], arrays["x"][:count])
        assert head["s"].tolist() == [text.encode() for text in arrays["s"][:count]]
    store.unpersist()


def test_partitions_may_be_empty_and_of_any_size(place: NNContext) -> None:
    store = pin_partitions(place, place.sc.parallelize([0, 3, 1, 0, 2, 0], 6), _blocks)
    assert [handle.rows for handle in store.handles] == [0, 3, 1, 0, 2, 0]
    assert store.head(10)["x"][:, 0].tolist() == [3, 3, 3, 1, 2, 2]
    rows = [Shard(handle).take("x", slice(None)) for handle in store.handles if handle.rows]
    assert np.concatenate(rows).shape == (6, 2)
    store.unpersist()


def test_unpersist_deletes_the_shards_and_may_be_called_twice(place: NNContext) -> None:
    store = pin_arrays(place, _arrays(), 3)
    assert all(folder.is_dir() for folder in _shard_folders(store))
    store.unpersist()
    store.unpersist()
    assert not any(folder.exists() for folder in _shard_folders(store))


def test_a_store_that_nobody_refers_to_leaves_no_files_on_the_driver(context: NNContext) -> None:
    store = pin_arrays(context, _arrays(), 3)
    folders = _shard_folders(store)
    del store
    assert not any(folder.exists() for folder in folders)


def test_handles_elsewhere_stay_pinned_and_are_rebuilt_when_lost(
    context: NNContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "one_host", False)
    store = pin_partitions(context, context.sc.parallelize([1, 2], 2), _blocks)
    assert store.pinned is not None
    assert store.pinned.collect() == store.handles
    store.pinned.unpersist(blocking=True)  # as if the executor had died
    rebuilt = store.pinned.collect()
    assert [handle.rows for handle in rebuilt] == [1, 2]
    assert rebuilt != store.handles
    assert Shard(rebuilt[1]).take("x", slice(None)).tolist() == [[2, 2], [2, 2]]
    store.unpersist()


def test_a_data_error_on_a_worker_reaches_the_driver_and_leaves_no_files(place: NNContext) -> None:
    before = set(place.scratch.iterdir())
    with pytest.raises(DataError, match="^expected a natural number; received -1"):
        pin_partitions(place, place.sc.parallelize([1, -1, 5, 6], 2), _blocks)
    assert set(place.scratch.iterdir()) == before


def test_no_rows_at_all_are_an_error(place: NNContext) -> None:
    with pytest.raises(DataError, match="at least one row"):
        pin_partitions(place, place.sc.parallelize([0, 0], 2), _blocks)


def test_partitions_that_differ_are_told_apart_by_field(place: NNContext) -> None:
    def blocks(partition: int, records: Iterator[int]) -> Iterator[dict[str, np.ndarray]]:
        list(records)
        yield {"same": np.zeros(1), "image": np.zeros((1, 4 + partition), "uint8")}

    message = r"Partitions 0 and 1 differ.*0 has 'image' of type uint8 and shape \(4,\), 1 has 'image' .*\(5,\)"
    with pytest.raises(DataError, match=message) as caught:
        pin_partitions(place, place.sc.parallelize([0, 1], 2), blocks)
    assert "same'" not in str(caught.value)


def test_pinning_reading_and_failing_keep_the_python_workers(place: NNContext) -> None:
    before = _worker_pids(place)
    for values in ([1, 2, 3, 4], [-1, 2, -3, 4]):
        for _ in range(3):
            try:
                store = pin_partitions(place, place.sc.parallelize(values, 2), _blocks)
            except DataError:
                continue
            store.head(1)
            store.unpersist()
    assert _worker_pids(place) == before
