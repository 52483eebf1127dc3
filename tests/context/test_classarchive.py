"""The archive of Spark's classes: made once, started with, and never in anybody's way."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.context.outside import run_outside
from zoo_lab.context import classarchive
from zoo_lab.context.java import Java, choose, find_candidates

_PLENTY = 8 << 30


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache folder in which nothing is yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ZOO_LAB_CLASS_ARCHIVE")
    return tmp_path


@pytest.fixture
def broken(tmp_path: Path) -> Java:
    """A Java that does not run."""
    (tmp_path / "java" / "bin").mkdir(parents=True)
    program = tmp_path / "java" / "bin" / "java"
    program.write_text("#!/bin/sh\necho 'no space left'\nexit 1\n")
    program.chmod(0o755)
    return Java("JAVA_HOME", tmp_path / "java", 17)


_STARTS = """
    import psutil, zoo_lab

    context = zoo_lab.init_nncontext(master="local-cluster[1,1,1024]", memory="900m", warm=False)
    for process in psutil.Process().children(recursive=True):
        if "java" in process.name():
            mapped = " ".join(part.path for part in process.memory_maps())
            print("/zoo_lab/classes/spark-" in mapped and ".jsa" in mapped)
    context.stop()
"""


@pytest.mark.slow
def test_driver_and_executors_start_with_the_archive_that_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOO_LAB_CLASS_ARCHIVE")
    monkeypatch.delenv("JDK_JAVA_OPTIONS")
    java = choose(find_candidates())
    archive = classarchive.make(java)  # by the time that tests run it is there
    assert archive is not None and str(archive) in classarchive.options(java)
    assert run_outside(_STARTS).split() == ["True", "True"]


def test_without_an_archive_java_starts_as_ever(cache: Path) -> None:
    assert classarchive.options(choose(find_candidates())) == ""


def test_another_java_or_another_spark_has_another_archive(cache: Path, broken: Java) -> None:
    first = classarchive._path(broken)
    (broken.home / "lib").mkdir()
    (broken.home / "lib" / "modules").write_text("")
    assert first != classarchive._path(broken)
    assert first.parent == cache / "zoo_lab" / "classes"


def test_java_is_told_of_the_archive_below_where_there_is_one(cache: Path, broken: Java) -> None:
    archive = classarchive._path(broken)
    archive.parent.mkdir(parents=True)
    archive.touch()
    assert f"SharedArchiveFile={archive} " in classarchive.options(broken)
    archive.with_suffix(".base").touch()
    assert f"SharedArchiveFile={archive.with_suffix('.base')}:{archive} " in classarchive.options(broken)


def test_what_cannot_be_made_is_noted_and_not_tried_again(cache: Path, broken: Java) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        classarchive.make(broken)
    [note] = classarchive._path(broken).parent.glob("*.failed")
    assert "returned non-zero exit status 1" in note.read_text()
    classarchive.make_later(broken, _PLENTY)
    assert classarchive._makers == []
    assert [path for path in note.parent.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(("variable", "free"), [("off", _PLENTY), ("on", 1 << 30)], ids=["unwanted", "no memory"])
def test_nothing_is_made_where_it_is_not_wanted_or_memory_is_short(
    cache: Path, broken: Java, monkeypatch: pytest.MonkeyPatch, variable: str, free: int
) -> None:
    monkeypatch.setenv("ZOO_LAB_CLASS_ARCHIVE", variable)
    classarchive.make_later(broken, free)
    assert classarchive._makers == []


def test_a_folder_whose_name_has_a_blank_is_left_alone_since_spark_divides_options_there(
    cache: Path, broken: Java, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache / "my files"))
    archive = classarchive._path(broken)
    archive.parent.mkdir(parents=True)
    classarchive.make_later(broken, _PLENTY)
    assert classarchive._makers == []
    archive.touch()
    assert classarchive.options(broken) == ""


def test_what_a_killed_process_has_left_is_removed(cache: Path, broken: Java) -> None:
    archive = classarchive._path(broken)
    left = archive.with_name(f"{archive.stem}-abc")
    left.mkdir(parents=True)
    with pytest.raises(subprocess.CalledProcessError):
        classarchive.make(broken)
    assert not left.exists()


def test_one_process_makes_it_and_others_do_not_wait(cache: Path, broken: Java) -> None:
    archive = classarchive._path(broken)
    archive.parent.mkdir(parents=True)
    with archive.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert classarchive.make(broken) is None


def test_a_folder_of_somebody_else_is_left_alone(cache: Path, broken: Java, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(RuntimeError, match="to belong to the user who runs Spark"):
        classarchive.make(broken)


def test_archives_that_nobody_has_used_for_months_go(cache: Path) -> None:
    old, new = cache / "spark-4.0-java-17-a.jsa", cache / "spark-4.1-java-17-b.jsa"
    for file in (old, old.with_suffix(".base"), new):
        file.touch()
    os.utime(old, (0, time.time() - 100 * 86400))
    classarchive._remove_unused(cache)
    assert list(cache.iterdir()) == [new]
