"""What is read of the system, and the model of a given size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.alone import run_alone
from benchmarks.measure import files_below, kind_of_file, machine, resident_megabytes
from benchmarks.models import dense, dense_data


def test_files_are_told_apart_by_what_spark_made_them_for(tmp_path: Path):
    names = ["blockmgr-1/0c/shuffle_3_1_0.data", "spark-1/pyspark-2/tmpabc", "blockmgr-1/0d/broadcast_7", "zoo/x.npy"]
    assert [kind_of_file(Path(name)) for name in names] == ["shuffle", "broadcast", "broadcast", "temporary"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files_below([tmp_path, tmp_path / "zoo"]) == {"shuffle": 1, "broadcast": 2, "temporary": 2}


def test_memory_is_that_of_the_largest_process_that_lives():
    assert resident_megabytes([os.getpid(), 2**22 + 1]) > 10
    assert resident_megabytes([]) == 0
    assert "cores" in machine()


@pytest.mark.parametrize("megabytes", [0.3, 3, 24])
def test_the_dense_model_has_the_size_asked_for(megabytes):
    model = dense(megabytes)
    assert 4 * model.count_params() == pytest.approx(megabytes * 1e6, rel=0.02)
    x, _y = dense_data(2)
    assert model(x).shape == (2, 10)


def test_a_function_runs_in_a_process_and_a_temporary_folder_of_its_own():
    assert run_alone("os:getenv", key="TMPDIR").split("/")[-1].startswith("zb-")
    assert run_alone("benchmarks.measure:resident_megabytes", pids=[]) == 0
