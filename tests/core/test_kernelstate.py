import stat
import sys

import pytest

from zoo_lab.core.kernelstate import (
    is_kernel_id,
    leave_request,
    list_kernels,
    read_state,
    remove_state,
    take_requests,
    write_state,
)


def test_a_state_is_read_back_and_replaced(tmp_path):
    write_state(tmp_path, "k-1", {"context": None})
    write_state(tmp_path, "k-1", {"context": {"slots": 2}})
    assert read_state(tmp_path, "k-1") == {"context": {"slots": 2}}
    assert list_kernels(tmp_path) == ["k-1"]


def test_no_state_and_half_a_state_are_none(tmp_path):
    (tmp_path / "k-2.json").write_text('{"context"')
    assert read_state(tmp_path, "k-1") is None
    assert read_state(tmp_path, "k-2") is None


@pytest.mark.parametrize("text", ["", "../secrets", "a/b", "a.b", "x" * 65, "a b"])
def test_what_could_be_a_path_is_no_kernel_id(text):
    assert not is_kernel_id(text)


def test_a_uuid_is_a_kernel_id():
    assert is_kernel_id("7d5f0f3e-9e60-4c5e-8b44-1c2b9d8f0a11")


def test_requests_are_taken_once_and_oldest_first(tmp_path):
    for run in ("a", "b", "c"):
        leave_request(tmp_path, "k-1", {"action": "stop", "run": run})
    assert [request["run"] for request in take_requests(tmp_path, "k-1")] == ["a", "b", "c"]
    assert take_requests(tmp_path, "k-1") == []


def test_unreadable_and_oversized_requests_are_dropped(tmp_path):
    leave_request(tmp_path, "k-1", {"action": "stop"})
    folder = tmp_path / "k-1.requests"
    (folder / "1.json").write_text("{")
    (folder / "2.json").write_text('"' + "x" * 70_000 + '"')
    (folder / "3.json").write_text("[1]")
    assert take_requests(tmp_path, "k-1") == [{"action": "stop"}]
    assert list(folder.iterdir()) == []


def test_removing_a_state_leaves_nothing(tmp_path):
    write_state(tmp_path, "k-1", {})
    leave_request(tmp_path, "k-1", {"action": "stop"})
    remove_state(tmp_path, "k-1")
    remove_state(tmp_path, "k-1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_other_users_cannot_read_a_state(tmp_path):
    write_state(tmp_path / "zoo_lab", "k-1", {})
    assert stat.S_IMODE((tmp_path / "zoo_lab").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "zoo_lab" / "k-1.json").stat().st_mode) == 0o600
