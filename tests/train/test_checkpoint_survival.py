"""What large arrays, full disks, killed and rival writers leave: whole checkpoints and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.train.checkpoint_places import OPEN_KINDS, Place, hidden, make_place
from zoo_lab.core.errors import DataError, TrainingError
from zoo_lab.train.checkpoint import Checkpoint, load, save


@pytest.fixture(params=OPEN_KINDS)
def open_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place whose files can be changed behind its back."""
    return make_place(request.param, tmp_path, request)


# Large arrays.


def test_fifty_megabytes_are_neither_doubled_in_saving_nor_in_loading(tmp_path):
    array = np.random.default_rng(0).random(50 * 2**17)
    tracemalloc.start()
    save(Checkpoint({"weights": array}, {"iteration": 1}), tmp_path, name="a", keep=1)
    saving = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    found = load(tmp_path).checkpoint.arrays["weights"]
    loading = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.array_equal(found, array)
    assert saving < 0.8 * array.nbytes
    assert loading < 1.3 * array.nbytes


@pytest.mark.parametrize("kind", ["hadoop", "memory"])
def test_fifty_megabytes_go_to_remote_places_too(kind, tmp_path, request):
    place = make_place(kind, tmp_path, request)
    array = np.random.default_rng(0).random(50 * 2**17)
    place.save(1, weights=array)
    assert np.array_equal(place.load().checkpoint.arrays["weights"], array)


# Full disks, kills, other writers.

_SAVE_WITH_A_LIMIT = """
import resource, sys
import numpy as np
from zoo_lab.core.errors import TrainingError
from zoo_lab.train.checkpoint import Checkpoint, save
save(Checkpoint({"weights": np.ones(10)}, {"iteration": 1}), sys.argv[1], name="first", keep=1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    save(Checkpoint({"a": np.ones(10), "b": np.ones(1_000_000)}, {"iteration": 2}), sys.argv[1], name="next", keep=1)
except TrainingError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_file_that_may_not_grow_leaves_the_older_checkpoint(tmp_path):
    told = run_python(_SAVE_WITH_A_LIMIT, tmp_path)
    assert "Expected room for the checkpoint 'next' (8.0 MB) in " in told
    assert str(tmp_path) in told
    assert "File too large" in told
    assert "MB free now" in told
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    assert load(tmp_path).checkpoint.facts == {"iteration": 1}


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 2 MB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a disk; the test above limits the size of files instead")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kind", ["path", "hadoop"])
def test_a_full_disk_leaves_the_older_checkpoint_and_room_for_smaller_ones(kind, tiny_disk, request):
    context = request.getfixturevalue("context") if kind == "hadoop" else None
    place = Place(f"hadoop+file://{tiny_disk}" if context else str(tiny_disk), f"local://{tiny_disk}", context)
    place.save(1)
    with pytest.raises(TrainingError, match=r"'iteration-2' \(4\.0 MB\) in .*No space left on device.*, 2\.\d MB free"):
        place.save(2, keep=1, weights=np.ones(500_000))
    assert place.names() == {"iteration-1"}
    assert place.load().skipped == []
    place.save(3, keep=1)
    assert place.names() == {"iteration-3"}


_SAVE_SLOWLY = """
import sys
import numpy as np
from zoo_lab.train.checkpoint import Checkpoint, save
save(Checkpoint({"weights": np.zeros(4 * 10**7)}, {"iteration": 2}), sys.argv[1], name="second", keep=None)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills")
def test_what_a_killed_process_left_is_not_seen_and_goes_with_the_next_checkpoint(tmp_path):
    save(Checkpoint({}, {"iteration": 1}), tmp_path, name="first", keep=None)
    with subprocess.Popen([sys.executable, "-c", _SAVE_SLOWLY, str(tmp_path)]) as writer:
        while not hidden(tmp_path):
            assert writer.poll() is None
            time.sleep(0.001)
        writer.send_signal(signal.SIGSTOP)  # alive, if slow: another one leaves its folder alone
        try:
            save(Checkpoint({}, {"iteration": 1}), tmp_path, name="first", keep=None)
            [left] = hidden(tmp_path)
        finally:
            writer.kill()
    found = load(tmp_path)
    assert (found.checkpoint.facts["iteration"], found.skipped) == (1, [])
    assert hidden(tmp_path) == [left]
    save(Checkpoint({}, {"iteration": 3}), tmp_path, name="third", keep=None)
    assert {path.name for path in tmp_path.iterdir()} == {"first", "third"}


@pytest.mark.parametrize(("hours", "stays"), [(1, True), (25, False)])
def test_what_another_machine_left_goes_after_a_day(open_place, hours, stays):
    other = f".zoo_lab-00000000-1-{int(time.time()) - hours * 3600}-abcd0123.part"
    open_place.files.makedirs(open_place.path(other))
    open_place.files.pipe_file(open_place.path(f"{other}/weights.npy"), b"half")
    open_place.save(1, keep=1)
    assert open_place.load().skipped == []
    assert (other in open_place.names()) == stays


class DyingStore(MemoryFileSystem):
    """An object store that stops answering after some changes: files are written whole, and renamed one by one."""

    protocol = "dying"
    cachable = False
    changes_left = 0

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("dying://", "memory://"))

    def put_file(self, *args: Any, **kwargs: Any) -> None:
        self._spend()
        super().put_file(*args, **kwargs)

    def cp_file(self, *args: Any, **kwargs: Any) -> None:
        self._spend()
        super().cp_file(*args, **kwargs)

    def rm_file(self, path: str) -> None:
        self._spend()
        super().rm_file(path)

    def _spend(self) -> None:
        DyingStore.changes_left -= 1
        if DyingStore.changes_left < 0:
            msg = "the store does not answer"
            raise RuntimeError(msg)  # many stores' errors are no OSErrors


@pytest.mark.parametrize("name", ["iteration-3", "iteration-1"], ids=["a new name", "a name to replace"])
def test_wherever_an_object_store_stops_answering_no_half_checkpoint_is_trusted(name):
    fsspec.register_implementation("dying", DyingStore, clobber=True)
    place = f"dying://{uuid.uuid4()}"
    failures, done = 0, False
    while not done:
        DyingStore.changes_left = 1000
        for iteration in (1, 2):
            save(numbered(iteration), place, name=f"iteration-{iteration}", keep=2)
        DyingStore.changes_left = failures
        try:
            save(numbered(3), place, name=name, keep=2)
            done = True
        except TrainingError as error:
            assert "RuntimeError: the store does not answer" in str(error)
            failures += 1
        DyingStore.changes_left = 1000
        found = load(place).checkpoint
        iteration = found.facts["iteration"]
        assert iteration in (2, 3)
        assert {value for array in found.arrays.values() for value in array} == {float(iteration)}
    assert failures > 10
    assert iteration == 3


def numbered(iteration: int) -> Checkpoint:
    return Checkpoint({name: np.full(10, float(iteration)) for name in "abc"}, {"iteration": iteration})


_SAVE_MANY = """
import sys
import numpy as np
from zoo_lab.train.checkpoint import Checkpoint, save
place, first = sys.argv[1], int(sys.argv[2])
for iteration in range(first, first + 80, 2):
    arrays = {name: np.full(20_000, float(iteration)) for name in "abcd"}
    save(Checkpoint(arrays, {"iteration": iteration}), place, name=f"iteration-{iteration}", keep=3)
"""


def test_two_writers_at_once_leave_whole_checkpoints_and_a_reader_sees_no_other(tmp_path):
    place = tmp_path / "place"
    commands = [[sys.executable, "-c", _SAVE_MANY, str(place), first] for first in ("1", "2")]
    writers = [subprocess.Popen(command) for command in commands]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        try:
            found = load(place).checkpoint
        except DataError:
            continue  # nothing yet, or all that were listed have been removed since
        assert {value for array in found.arrays.values() for value in array} == {float(found.facts["iteration"])}
        seen.add(found.facts["iteration"])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen
    assert load(place).checkpoint.facts["iteration"] == 80
    assert load(place).skipped == []
    assert hidden(place) == []
    assert 3 <= len(list(place.iterdir())) <= 4  # each may miss the other's last


def test_two_writers_of_one_name_leave_one_of_both(tmp_path):
    errors = []

    def write(number: int) -> None:
        try:
            for _ in range(60):
                arrays = {name: np.full(1000, float(number)) for name in "ab"}
                save(Checkpoint(arrays, {"iteration": number}), tmp_path, name="best", keep=None)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    found = load(tmp_path).checkpoint
    assert {value for array in found.arrays.values() for value in array} == {float(found.facts["iteration"])}
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def run_python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
