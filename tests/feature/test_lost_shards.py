"""Shards whose files vanish come back with the same rows, whatever they were made of and wherever they lie."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.context.outside import run_outside
from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.shardfile import Shard, ShardLost
from zoo_lab.core.errors import DataError, WorkerError
from zoo_lab.feature.featureset import FeatureSet

_ROWS = 12
_VALUES = np.arange(_ROWS * 2, dtype="float32").reshape(_ROWS, 2)


@pytest.fixture(params=["one host", "elsewhere"])
def place(request: pytest.FixtureRequest, context: NNContext, monkeypatch: pytest.MonkeyPatch) -> NNContext:
    """The context as it is on one host, and as it is where workers do not see the driver's files."""
    monkeypatch.setattr(context, "one_host", request.param == "one host")
    return context


def of_arrays(context: NNContext) -> FeatureSet:
    return FeatureSet.from_numpy(_VALUES, np.arange(_ROWS), context=context, partitions=3)


def of_an_rdd(context: NNContext) -> FeatureSet:
    rows = context.sc.parallelize(range(_ROWS), 3)
    return FeatureSet.from_rdd(rows.map(lambda row: (np.array([2.0 * row, 2.0 * row + 1], "float32"), row)))


def of_a_dataframe(context: NNContext) -> FeatureSet:
    df = context.spark.range(_ROWS, numPartitions=3).selectExpr("array(2.0f * id, 2.0f * id + 1) x", "id")
    return FeatureSet.from_dataframe(df, "x", "id")


MADE = [of_arrays, of_an_rdd, of_a_dataframe]
made_each_way = pytest.mark.parametrize("make", MADE)
Make = Callable[[NNContext], FeatureSet]


def lose(data: FeatureSet, index: int) -> Path:
    folder = Path(data.store.handles[index].folder)
    shutil.rmtree(folder)
    with pytest.raises(ShardLost):
        Shard(data.store.handles[index])
    return folder


def pinned_rows(data: FeatureSet) -> np.ndarray:
    """Return the first field of all rows, as tasks would find it now."""
    handles = data.store.handles if data.store.pinned is None else data.store.pinned.collect()
    name = data.structure.x
    return np.concatenate([Shard(handle).take(name, slice(None)) for handle in handles])


@made_each_way
def test_reading_the_first_rows_brings_lost_shards_back(place: NNContext, make: Make) -> None:
    data = make(place)
    lose(data, 0)
    lose(data, 2)
    x, y, _ = data.head(_ROWS)
    np.testing.assert_array_equal(x, _VALUES)
    np.testing.assert_array_equal(y, np.arange(_ROWS))
    np.testing.assert_array_equal(pinned_rows(data), _VALUES)
    data.unpersist()


@made_each_way
def test_a_shard_is_restored_for_the_tasks_that_missed_it(place: NNContext, make: Make) -> None:
    data = make(place)
    for _ in range(2):
        lose(data, 1)
        data.store.restore([1])
        np.testing.assert_array_equal(pinned_rows(data), _VALUES)
        data.store.handles = data.store.handles if data.store.pinned is None else data.store.pinned.collect()
    data.unpersist()


@made_each_way
def test_on_one_host_a_restored_shard_lies_where_its_handle_says(context: NNContext, make: Make) -> None:
    data = make(context)
    folder = lose(data, 1)
    data.store.restore([1])
    assert folder.is_dir()
    np.testing.assert_array_equal(Shard(data.store.handles[1]).take(data.structure.x, slice(None)), _VALUES[4:8])
    data.unpersist()


def test_arrays_whose_files_are_not_kept_open_are_lost_with_a_repair(
    context: NNContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_lab.context.shardsource.MOST_OPEN_FILES", 6)
    kept, not_kept = of_arrays(context), of_arrays(context)  # of six files each, over all stores
    for data in (kept, not_kept):
        lose(data, 0)
    np.testing.assert_array_equal(kept.head(1)[0], _VALUES[:1])
    with pytest.raises(DataError, match="Make the FeatureSet again"):
        not_kept.head(1)
    kept.unpersist()
    again = of_arrays(context)
    lose(again, 0)
    np.testing.assert_array_equal(again.head(1)[0], _VALUES[:1])
    again.unpersist()


def test_rows_that_are_others_when_read_again_are_refused(context: NNContext, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("3")

    def rows(numbers):
        list(numbers)
        yield from ((float(row), row) for row in range(int((tmp_path / "rows").read_text())))

    data = FeatureSet.from_rdd(context.sc.parallelize([0], 1).mapPartitions(rows))
    lose(data, 0)
    (tmp_path / "rows").write_text("2")
    with pytest.raises(DataError, match="had 3 rows when it was pinned.*read again it has 2"):
        data.head(1)
    data.unpersist()


def test_code_that_fails_when_rows_are_read_again_is_told_as_when_they_were_pinned(
    context: NNContext, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_text("1.0")
    data = FeatureSet.from_rdd(context.sc.parallelize([0], 1).map(lambda _row: float(source.read_text())))
    lose(data, 0)
    source.unlink()
    with pytest.raises(WorkerError, match="FileNotFoundError in partition 0 on (.|\n)*test_lost_shards.py"):
        data.head(1)
    data.unpersist()


@pytest.mark.slow
def test_lost_shards_come_back_on_executors_of_their_own() -> None:
    code = """
    import shutil
    from pathlib import Path
    from tests.feature.test_lost_shards import _ROWS, _VALUES, MADE
    from zoo_lab import init_nncontext

    context = init_nncontext(master="local-cluster[1,1,768]", memory="768m")
    assert not context.one_host  # not known before it is warm
    for make in MADE:
        data = make(context)
        for handle in data.store.handles:
            shutil.rmtree(handle.folder)
        assert (data.head(_ROWS)[0] == _VALUES).all(), make
    context.stop()
    print("all came back")
    """
    assert run_outside(code).strip() == "all came back"


@pytest.mark.slow
def test_a_stopped_context_says_so_and_leaves_no_files_open_and_makes_no_folders() -> None:
    code = """
    import os
    from pathlib import Path
    from tests.feature import test_lost_shards
    from zoo_lab import init_nncontext
    from zoo_lab.core.errors import EnvironmentProblem
    from zoo_lab.feature.featureset import FeatureSet

    context = init_nncontext(master="local[1]", memory="1g")
    sets = [make(context) for make in test_lost_shards.MADE]
    rdd, df = context.sc.parallelize([(1.0, 2)]), context.spark.range(3)
    x = test_lost_shards._VALUES
    context.stop()
    assert not [path for path in Path("/proc/self/fd").iterdir() if "shard-" in os.path.realpath(path)]
    calls = [lambda data=data: data.head(1) for data in sets]
    calls += [lambda data=data: data.store.restore([0]) for data in sets]
    calls.append(lambda: FeatureSet.from_numpy(x, context=context))
    calls.append(lambda: FeatureSet.from_rdd(rdd, context=context))
    calls.append(lambda: FeatureSet.from_parquet("somewhere", "x", context=context))
    for call in calls:
        try:
            call()
        except EnvironmentProblem as problem:
            assert "init_nncontext" in str(problem)
        else:
            raise AssertionError
    for data in sets:
        data.unpersist()
    assert not context.scratch.exists()
    print("all said so")
    """
    assert run_outside(code).strip() == "all said so"
