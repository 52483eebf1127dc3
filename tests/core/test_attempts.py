"""Which rows fail: what fails on many is tried on halves."""

from __future__ import annotations

import pytest

from zoo_lab.core.attempts import attempts
from zoo_lab.core.errors import ModelError


def test_halves_are_tried_until_the_failing_rows_stand_alone():
    calls = []

    def attempt(start: int, stop: int) -> list[int]:
        calls.append((start, stop))
        if any(row in (3, 4, 90) for row in range(start, stop)):
            raise ValueError("bad")
        return list(range(start, stop))

    found = list(attempts(100, attempt))
    assert [row for start, stop, _ in found for row in range(start, stop)] == list(range(100))
    assert [start for start, _, result in found if isinstance(result, Exception)] == [3, 4, 90]
    assert all(list(range(start, stop)) == result for start, stop, result in found if isinstance(result, list))
    assert len(calls) < 40
    assert list(attempts(0, attempt)) == []


def test_a_model_that_cannot_be_built_is_no_row_s_fault():
    def attempt(start: int, stop: int) -> None:
        raise ModelError("no such layer")

    with pytest.raises(ModelError):
        list(attempts(5, attempt))


def test_errors_that_are_no_row_s_fault_pass_through():
    def attempt(start: int, stop: int) -> None:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        list(attempts(5, attempt, beyond=(FileNotFoundError,)))
