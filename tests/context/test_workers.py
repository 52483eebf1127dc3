"""The function that runs in the workers, run here."""

from __future__ import annotations

import os
from pathlib import Path

from tests.context.outside import run_outside
from zoo_lab.context.workers import boot_id, report_after_preparing


def test_a_worker_drains_its_input_and_says_what_it_is(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("abc")
    rows = iter(range(5))
    report = next(report_after_preparing(rows, 0, (str(token), "abc"), 0.0))
    assert list(rows) == []
    assert report.pid == os.getpid()
    assert report.boot == boot_id()
    assert report.sees_scratch
    assert report.problem == ""


def test_a_worker_of_another_machine_sees_no_token(tmp_path: Path) -> None:
    absent = next(report_after_preparing([], 0, (str(tmp_path / "token"), "abc"), 0.0))
    (tmp_path / "token").write_text("of somebody else")
    other = next(report_after_preparing([], 0, (str(tmp_path / "token"), "abc"), 0.0))
    assert not absent.sees_scratch
    assert not other.sees_scratch


_MODELS = """
    import gc, weakref
    from zoo_lab.context.workers import spare_collections

    class Model:
        def __init__(self):
            self.itself = self

    def seen():
        model = Model()
        spare_collections()
        return weakref.ref(model)

    def alive():
        return sum(model() is not None for model in models)

    models = [seen() for _ in range(20)]
    print(alive())
    spare_collections([63 << 20])
    print(alive())
    spare_collections([1000])
    print(alive(), gc.get_freeze_count() > 1000)
    models = [seen() for _ in range(20)]
    for _ in range(16):
        spare_collections([0])
    print(alive())
"""


def test_models_that_were_spared_are_freed_once_64_megabytes_or_16_of_them_are_gone() -> None:
    assert run_outside(_MODELS).split() == ["20", "20", "0", "True", "0"]
