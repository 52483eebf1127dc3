"""Collects every wrong argument of a call, then raises one error that lists them all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from zoo_lab.core.errors import ArgumentError


class Checks:
    """Gather what is wrong with the arguments of one call.

    Example:
        >>> checks = Checks("fit")
        >>> checks.positive_int("batch_size", 32)
        >>> checks.one_of("sync", "auto", ["auto", "collect", "shared"])
        >>> checks.done()
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []

    def fail(self, problem: str) -> None:
        """Note one problem, in the form "Expected …; received …. What to do."."""
        self.problems.append(problem)

    def require(self, condition: bool, problem: str) -> None:
        """Note `problem` unless `condition` holds."""
        if not condition:
            self.fail(problem)

    def positive_int(self, name: str, value: Any) -> None:
        """Expect an integer of at least 1 (numpy integers too, booleans not)."""
        self._int(name, value, 1)

    def natural_int(self, name: str, value: Any) -> None:
        """Expect an integer of at least 0 (numpy integers too, booleans not)."""
        self._int(name, value, 0)

    def one_of(self, name: str, value: Any, choices: Iterable[str]) -> None:
        """Expect one of `choices`; a near miss is named."""
        known = list(choices)
        if value in known:
            return
        near = difflib.get_close_matches(str(value), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        self.fail(f"Expected {name} to be one of {', '.join(map(repr, known))}; received {value!r}.{hint}")

    def done(self) -> None:
        """Raise one `ArgumentError` with all problems, or return."""
        if self.problems:
            raise ArgumentError.listing(self.where, self.problems)

    def _int(self, name: str, value: Any, least: int) -> None:
        whole = hasattr(value, "__index__") and not isinstance(value, bool)
        if not whole or value < least:
            self.fail(f"Expected {name} to be an integer of at least {least}; received {value!r}.")
