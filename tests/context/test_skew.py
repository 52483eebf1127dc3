"""Uneven shards are told of, even ones are not."""

from __future__ import annotations

from zoo_lab.context.shardfile import ShardHandle
from zoo_lab.context.skew import skew_warning


def _handles(*rows_and_hosts: tuple[int, str]) -> list[ShardHandle]:
    return [ShardHandle(i, rows, host, f"/local/{host}/shard-{i}", ()) for i, (rows, host) in enumerate(rows_and_hosts)]


def test_even_shards_are_fine() -> None:
    assert skew_warning(_handles((100, "a"), (120, "b")), 2) == ""
    assert skew_warning(_handles((50, "a"), (100, "b"), (50, "a")), 2) == ""


def test_a_worker_a_quarter_above_the_mean_is_told_of() -> None:
    message = skew_warning(_handles((1000, "a"), (3000, "b")), 2)
    assert "3,000 on one, 2,000 on average" in message
    assert "repartition" in message


def test_a_worker_without_any_shard_counts() -> None:
    assert skew_warning(_handles((10, "a"), (10, "b")), 2) == ""
    assert "over 3 workers" in skew_warning(_handles((10, "a"), (10, "b")), 3)


def test_two_executors_of_one_host_are_two_workers() -> None:
    handles = [ShardHandle(i, rows, "a", f"/local/{i}/shard", ()) for i, rows in enumerate((1, 3))]
    assert "over 2 workers" in skew_warning(handles, 2)


def test_no_shards_at_all_are_fine() -> None:
    assert skew_warning([], 0) == ""
