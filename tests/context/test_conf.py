"""The table of Spark properties: whole, explained, and really in effect."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest

from zoo_lab.context.conf import default_driver_memory, merge, table
from zoo_lab.context.master import Master
from zoo_lab.context.nncontext import NNContext

_GIGABYTE = 1 << 30


def rows_of(url: str) -> dict[str, str]:
    return {row.name: row.value for row in table(Master.parse(url), threads=2, driver_memory="2g", python_path="/src")}


def worker_environment(rows: Iterable[int]) -> Iterator[dict[str, str]]:
    for _ in rows:
        pass
    yield {**os.environ, "executable": sys.executable}


def test_every_row_has_a_reason_and_no_row_comes_twice() -> None:
    for url in ("local[2]", "local-cluster[2,1,512]", "yarn"):
        rows = table(Master.parse(url), threads=1, driver_memory="1g")
        assert all(row.reason and row.value for row in rows)
        assert len({row.name for row in rows}) == len(rows)


def test_only_a_master_on_this_machine_is_bound_to_the_loopback() -> None:
    assert rows_of("local[2]")["spark.driver.host"] == "127.0.0.1"
    assert "spark.driver.host" not in rows_of("spark://head:7077")


def test_executors_of_a_local_cluster_ask_for_what_they_have() -> None:
    assert rows_of("local-cluster[2,1,512]")["spark.executor.memory"] == "512m"


def test_sockets_stay_where_their_paths_would_be_too_long() -> None:
    def names(folder: str) -> set[str]:
        rows = table(Master.parse("local[2]"), threads=1, driver_memory="1g", temporary=Path(folder))
        return {row.name for row in rows}

    assert "spark.python.unix.domain.socket.dir" in names("/tmp/zoo_lab-abcdefgh")
    assert "spark.python.unix.domain.socket.dir" not in names("/var" + "/folders" * 10)


def test_the_machine_wins_over_the_table_and_the_user_over_both() -> None:
    rows = table(Master.parse("local[2]"), threads=1, driver_memory="1g")
    site = {"spark.locality.wait": "9s", "spark.speculation": "true"}
    merged = merge(rows, site, {"spark.speculation": "false", "spark.mine": "1"})
    assert "spark.locality.wait" not in merged  # left to the machine's own file
    assert merged["spark.speculation"] == "false"
    assert merged["spark.mine"] == "1"
    assert merged["spark.shuffle.compress"] == "false"


@pytest.mark.parametrize(("gigabytes", "heap"), [(2, "1g"), (8, "2g"), (64, "4g")])
def test_the_default_heap_is_a_quarter_of_the_memory(gigabytes: int, heap: str) -> None:
    assert default_driver_memory(gigabytes * _GIGABYTE) == heap


def test_the_running_context_has_every_row(context: NNContext) -> None:
    actual = dict(context.sc.getConf().getAll())
    rows = table(context.master, threads=context.threads_per_slot, driver_memory="3g", temporary=context.scratch)
    wanted = {row.name: row.value for row in rows}
    assert {name: actual.get(name) for name in wanted} == wanted


def test_spark_knows_every_property_of_the_table(context: NNContext) -> None:
    """A misspelt property would do nothing: Spark lists those that it has entries for."""
    registry = context.sc._jvm.org.apache.spark.internal.config.ConfigEntry
    # the last two are read, yet have no entries
    free = ("spark.executorEnv.", "spark.sql.", "spark.port.maxRetries", "spark.local.dir")
    rows = table(context.master, threads=1, driver_memory="1g", temporary=context.scratch)
    names = [row.name for row in rows if not row.name.startswith(free)]
    unknown = [name for name in names if registry.findEntry(name) is None]
    assert unknown == []
    assert all(context.spark.conf.get(row.name) for row in rows if row.name.startswith("spark.sql."))
    assert context.sc._jvm.org.apache.spark.util.Utils.portMaxRetries(context.sc._jsc.sc().conf()) == 100


def test_workers_are_the_driver_s_python_with_their_share_of_threads(context: NNContext) -> None:
    found = context.sc.parallelize(range(2), 2).mapPartitions(worker_environment).first()
    assert found["executable"] == sys.executable
    assert found["TF_NUM_INTRAOP_THREADS"] == str(context.threads_per_slot)
    assert found["TF_NUM_INTEROP_THREADS"] == "1"
    assert found["TMPDIR"] == str(context.scratch)
    assert found["SPARK_LOCAL_DIRS"].startswith(str(context.scratch))


def test_workers_talk_over_unix_domain_sockets(context: NNContext) -> None:
    found = context.sc.parallelize(range(2), 2).mapPartitions(worker_environment).first()
    assert found["PYTHON_UNIX_DOMAIN_ENABLED"].lower() == "true"


def test_the_spark_ui_listens_on_the_loopback_only(context: NNContext) -> None:
    url = urlparse(context.describe()["ui"])
    assert url.hostname == "127.0.0.1"
    socket.create_connection(("127.0.0.1", url.port), timeout=5).close()
    other = _address_of_this_machine()
    if other.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((other, url.port), timeout=5)


def _address_of_this_machine() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which address would be used
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]
