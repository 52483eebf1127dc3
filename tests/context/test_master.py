"""Master URLs are read as Spark reads them."""

from __future__ import annotations

import pytest

from zoo_lab.context.master import Master
from zoo_lab.core.errors import ArgumentError


@pytest.mark.parametrize(
    ("url", "kind", "threads"),
    [
        ("local", "local", 1),
        ("local[4]", "local", 4),
        ("local[*]", "local", 0),
        ("local[2,3]", "local", 2),
        ("spark://a:7077,b:7077", "cluster", 0),
        ("yarn", "cluster", 0),
        ("k8s://https://host:443", "cluster", 0),
    ],
)
def test_kinds_are_told_apart(url: str, kind: str, threads: int) -> None:
    master = Master.parse(url)
    assert (master.kind, master.threads) == (kind, threads)
    assert master.on_this_machine == (kind != "cluster")


def test_a_local_cluster_says_how_large_it_is() -> None:
    master = Master.parse("local-cluster[2, 1, 1024]")
    assert (master.executors, master.executor_cores, master.executor_megabytes) == (2, 1, 1024)
    assert master.on_this_machine


@pytest.mark.parametrize("url", ["", "local[]", "local[x]", "mesos://host", "local-cluster[2]"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ArgumentError, match="Expected master"):
        Master.parse(url)
