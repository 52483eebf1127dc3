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
        def __init__(self, megabytes):
            self.itself, self.weights = self, b"x" * (megabytes << 20)

    def seen(megabytes):
        model = Model(megabytes)
        spare_collections()
        return weakref.ref(model)

    spare_collections()
    small = seen(1)
    spare_collections()
    print(small() is None)
    larger = [seen(200) for _ in range(3)]
    print(small() is None, *(model() is None for model in larger), gc.get_freeze_count() > 1000)
"""


def test_models_that_were_spared_are_freed_once_the_process_has_grown() -> None:
    assert run_outside(_MODELS).split() == ["False", "True", "True", "True", "False", "True"]
