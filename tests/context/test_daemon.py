"""The process that Python workers are forked from: what they have of it, and what it never does to them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.context.outside import run_outside
from zoo_lab.context.nncontext import NNContext


def test_the_workers_of_an_executor_are_forked_from_one_process_that_has_loaded_tensorflow(context: NNContext) -> None:
    context._doubt()
    context.warm_up()
    [daemon] = {psutil.Process(report.pid).ppid() for report in context.workers}
    assert "zoo_lab.context.daemon" in psutil.Process(daemon).cmdline()
    assert any("tensorflow" in mapped.path for mapped in psutil.Process(daemon).memory_maps())


def test_workers_share_the_memory_of_what_is_loaded(context: NNContext) -> None:
    def own_share(_rows):
        memory = psutil.Process().memory_full_info()
        yield memory.uss / memory.rss

    context.sc.environment["ZOO_LAB_TEST"] = "workers that have trained nothing"
    try:
        shares = context.sc.parallelize([0], 1).mapPartitions(own_share).collect()
    finally:
        del context.sc.environment["ZOO_LAB_TEST"]
    assert shares[0] < 0.5


_FORKS = """
    import os, random
    from zoo_lab.context.daemon import load

    load(("numpy",))
    import numpy

    for _ in range(3):
        if not os.fork():
            print(numpy.random.rand(), random.random(), flush=True)
            os._exit(0)
        os.wait()
"""


def test_workers_draw_random_numbers_of_their_own() -> None:
    drawn = run_outside(_FORKS).split()
    assert len(set(drawn)) == 6


def test_modules_that_are_missing_or_broken_are_left_to_the_workers(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise OSError('no such library')")
    script = f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from zoo_lab.context.daemon import load
        load(("not_there", "broken", "colorsys"))
        print("colorsys" in sys.modules, "broken" in sys.modules)
    """
    assert run_outside(script).split() == ["True", "False"]


@pytest.mark.parametrize("text", ["print('hello')", "import os; os.write(1, b'hello')"], ids=["python", "c"])
def test_what_a_package_prints_when_it_is_loaded_does_not_reach_spark(tmp_path: Path, text: str) -> None:
    (tmp_path / "tensorflow.py").write_text(text)
    (tmp_path / "keras.py").write_text("")
    daemon = subprocess.run(
        [sys.executable, "-m", "zoo_lab.context.daemon", "pyspark.worker"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHON_WORKER_FACTORY_SECRET": "secret"},
        input=b"",  # its end is Spark's sign to stop
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert len(daemon.stdout) == 4  # the port
    assert b"hello" in daemon.stderr
