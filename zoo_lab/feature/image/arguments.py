"""What the constructors of image steps expect of their arguments."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.pictures import MODES


def number(checks: Checks, name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> bool:
    """Expect a number from `least` to `most`; return whether it is one."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    fits = is_number and least <= value <= most
    if not fits:
        bounds = {(False, False): "", (True, False): f" of at least {least:g}", (False, True): f" of at most {most:g}"}
        bound = bounds.get((least > -math.inf, most < math.inf), f" from {least:g} to {most:g}")
        checks.fail(f"Expected {name} to be a number{bound}; received {value!r}.")
    return fits


def span(
    checks: Checks, names: Sequence[str], low: Any, high: Any, least: float = -math.inf, most: float = math.inf
) -> None:
    """Expect two numbers, the first not above the second."""
    both = [number(checks, name, value, least, most) for name, value in zip(names, (low, high), strict=True)]
    if all(both) and low > high:
        checks.fail(f"Expected {names[0]} not to be above {names[1]}; received {low!r} and {high!r}. Exchange them.")


def mode(checks: Checks, name: str, value: Any, *, by_chance: bool = False) -> None:
    """Expect the number of an interpolation, or -1 for one by chance where that is offered."""
    choices = {**MODES, -1: "one of them by chance"} if by_chance else MODES
    known = ", ".join(f"{key} ({word})" for key, word in sorted(choices.items()))
    is_known = not isinstance(value, bool) and value in choices
    checks.require(is_known, f"Expected {name} to be one of {known}; received {value!r}.")
