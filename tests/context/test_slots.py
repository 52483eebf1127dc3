"""How many executors are waited for, for how long, and with how many threads they compute."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zoo_lab.context.master import Master
from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.slots import (
    count_executors,
    count_slots,
    machine_cores,
    threads_per_slot,
    wait_for_slots,
    wanted_executors,
)
from zoo_lab.core.errors import EnvironmentProblem


def wanted(url: str, **conf: str) -> int:
    properties = {f"spark.{name.replace('_', '.')}": value for name, value in conf.items()}
    return wanted_executors(Master.parse(url), properties)


def test_as_many_executors_are_wanted_as_were_asked_for() -> None:
    assert wanted("local[4]") == 1
    assert wanted("local-cluster[3,1,512]") == 3
    assert wanted("yarn") == 2
    assert wanted("yarn", executor_instances="5") == 5
    assert wanted("spark://h:1") == 0
    assert wanted("spark://h:1", cores_max="8", executor_cores="2") == 4
    assert wanted("yarn", dynamicAllocation_enabled="true", dynamicAllocation_minExecutors="3") == 3


def test_waiting_ends_when_all_are_there() -> None:
    counts = iter([(0, 0), (1, 2), (2, 4)])
    assert wait_for_slots(lambda: next(counts), 2) == (4, "")


def test_too_few_executors_are_used_with_a_notice() -> None:
    slots, notice = wait_for_slots(lambda: (1, 2), 3, seconds=0.2)
    assert slots == 2
    assert "3 executors were asked for and 1 came" in notice


def test_no_executor_at_all_is_an_error() -> None:
    with pytest.raises(EnvironmentProblem, match="none came"):
        wait_for_slots(lambda: (0, 0), 3, seconds=0.2, where="spark://h:1")


@pytest.mark.parametrize(
    ("url", "slots", "cpus", "cores", "threads"),
    [
        ("local[2]", 2, 1, 8, 4),
        ("local[8]", 8, 1, 8, 1),
        ("local[16]", 16, 1, 8, 1),
        ("local[8]", 2, 4, 8, 4),
        ("local-cluster[2,4,1024]", 4, 2, 8, 2),
        ("yarn", 10, 1, 64, 1),
        ("yarn", 10, 4, 64, 4),
    ],
)
def test_slots_share_the_cores_of_their_executor(url: str, slots: int, cpus: int, cores: int, threads: int) -> None:
    assert threads_per_slot(Master.parse(url), slots, cpus, cores) == threads


def test_spark_itself_is_asked(context: NNContext) -> None:
    assert count_slots(context.sc) == context.slots == 2
    assert count_executors(context.sc) == 1


def quota(folder: Path, version: int, place: str, cores: str) -> None:
    """Write a limit as Linux shows it."""
    folder = folder / ("cpu,cpuacct" if version == 1 else "") / place
    folder.mkdir(parents=True, exist_ok=True)
    if version == 2:
        (folder / "cpu.max").write_text(f"{cores} 100000\n")
    else:
        (folder / "cpu.cfs_quota_us").write_text(f"{cores}\n")
        (folder / "cpu.cfs_period_us").write_text("100000\n")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("place", ["", "pod", "pod/container"])
def test_the_quota_of_a_container_limits_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, place: str
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)), raising=False)
    own = tmp_path / "own"
    own.write_text("4:cpu,cpuacct:/pod/container\n" if version == 1 else "0::/pod/container\n")
    cgroups = tmp_path / "cgroups"
    assert machine_cores(cgroups, own) == 8
    quota(cgroups, version, place, "-1" if version == 1 else "max")
    assert machine_cores(cgroups, own) == 8
    for microseconds, cores in {"250000": 3, "200000": 2, "50000": 1, "1600000": 8}.items():
        quota(cgroups, version, place, microseconds)
        assert machine_cores(cgroups, own) == cores
