"""Temporary folders: where they go, and that they go away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import pytest

from tests.context.outside import run_outside
from zoo_lab.context import scratch as scratch_module
from zoo_lab.context.scratch import Scratch, remove_abandoned

_LEAVE = """
import os, sys, pathlib
from zoo_lab.context.scratch import Scratch
scratch = Scratch(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1]))
print(scratch.folder)
sys.stdout.flush()
os._exit(0)  # as a killed kernel ends: nothing is cleaned up
"""


def test_all_of_it_goes_away(tmp_path: Path) -> None:
    memory = tmp_path / "shm"
    memory.mkdir()
    scratch = Scratch(tmp_path, memory)
    (scratch.folder / "file").write_text("x")
    shared = scratch.shared_memory_folder(1000)
    assert shared.parent == memory
    assert scratch.shared_memory_folder(1000) == shared
    scratch.remove()
    scratch.remove()
    assert list(tmp_path.iterdir()) == [memory]
    assert list(memory.iterdir()) == []


def test_a_small_shm_falls_back_to_a_temporary_folder(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, tmp_path)
    assert scratch.shared_memory_folder(1 << 60).parent == scratch.folder
    scratch.remove()


def test_no_shm_falls_back_to_a_temporary_folder(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, tmp_path / "absent")
    assert scratch.shared_memory_folder(1).parent == scratch.folder
    scratch.remove()


@pytest.mark.skipif(os.name != "posix", reason="file locks tell the living from the dead")
def test_the_next_context_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    left = Path(run_outside(_LEAVE, str(tmp_path)).strip())
    assert left.is_dir()
    scratch = Scratch(tmp_path, tmp_path)
    assert not left.exists()
    assert remove_abandoned(tmp_path) == []
    assert scratch.folder.is_dir()
    scratch.remove()


@pytest.mark.skipif(os.name != "posix", reason="file locks tell the living from the dead")
@pytest.mark.parametrize("when", ["before its lock is there", "before it is locked"])
def test_a_folder_that_another_process_took_for_abandoned_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    taken: list[Path] = []
    make, is_ours = scratch_module.tempfile.mkdtemp, scratch_module._is_ours

    def make_and_lose(**options: object) -> str:
        folder = make(**options)
        if not taken and when == "before its lock is there":
            taken.append(Path(folder))
            taken[0].rmdir()
        return folder

    def lose_and_look(file: IO[str]) -> bool:
        if not taken:
            taken.append(Path(file.name).parent)
            assert remove_abandoned(tmp_path) == taken
        return is_ours(file)

    monkeypatch.setattr(scratch_module.tempfile, "mkdtemp", make_and_lose)
    monkeypatch.setattr(scratch_module, "_is_ours", lose_and_look)
    scratch = Scratch(tmp_path, tmp_path / "absent")
    assert taken
    assert scratch.folder not in taken
    assert scratch.folder.is_dir()
    assert remove_abandoned(tmp_path) == []
    scratch.remove()
