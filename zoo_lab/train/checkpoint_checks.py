"""What can be saved, and under which names: told before anything is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import numpy as np

from zoo_lab.core.checks import Checks

# What some file system refuses, or some tool takes for a pattern.
_NOT_IN_NAMES = "/ \\ : * ? [ ]"
_NAME = re.compile(r"(?!\.)[^\x00-\x1f/\\:*?\[\]]+")


def expect_savable(arrays: Mapping[str, Any], facts: Mapping[str, Any], name: Any, keep: Any) -> None:
    """Raise one `ArgumentError` with all that is wrong with the arguments of `checkpoint.save`, or return."""
    checks = Checks("save")
    fine = isinstance(name, str) and _NAME.fullmatch(name) is not None
    told = f"Expected name to be a folder's, without {_NOT_IN_NAMES} or a dot in front; received {name!r}."
    checks.require(fine, told)
    if keep is not None:
        checks.positive_int("keep", keep)
    for problem in problems_of_names(arrays):
        checks.fail(problem)
    for key, array in arrays.items():
        checks.require((problem := _problem_of_array(key, array)) is None, problem or "")
    iteration = facts.get("iteration")
    whole = isinstance(iteration, int) and not isinstance(iteration, bool)
    checks.require(whole, f"Expected facts['iteration'] to be an integer; received {iteration!r}.")
    checks.require((problem := _problem_of_facts(dict(facts), "facts")) is None, problem or "")
    checks.done()


def part_file(name: str) -> str:
    """Return the path of an array's file inside its checkpoint; whatever is not plain in the name is %-encoded.

    Example:
        >>> part_file("optimizer/1"), part_file("größe: m²")
        ('optimizer/1.npy', 'gr%C3%B6%C3%9Fe%3A%20m%C2%B2.npy')
    """
    return quote(name) + ".npy"


def problems_of_names(names: Iterable[Any]) -> list[str]:
    """Return why some names of arrays cannot be files side by side on every file system, as messages."""
    names = list(names)
    bad = [name for name in names if not isinstance(name, str) or {"", ".", ".."} & set(name.split("/"))]
    if bad:
        return [f"Expected names of arrays to be words, joined by '/' if need be; received {bad[0]!r}."]
    files: dict[str, str] = {}
    for name in names:
        other = files.setdefault(part_file(name).lower(), name)  # some disks take A for a
        if other != name:
            return [f"Expected names of arrays that differ in more than capitals; received {other!r} and {name!r}."]
    above = [name for file, name in files.items() for folder in PurePosixPath(file).parents if str(folder) in files]
    return [f"Expected no name of an array to lead into another's file; received {name!r}." for name in above]


def _problem_of_array(name: str, array: Any) -> str | None:
    """Return why a value cannot be a part, as a message, or None."""
    if not isinstance(array, np.ndarray):
        return f"Expected {name!r} to be a numpy array; received {type(array).__name__}. Convert it with numpy.asarray."
    dtype = array.dtype
    if dtype.hasobject or dtype.kind in "SUT":
        return f"Expected {name!r} to hold numbers; received dtype {dtype}. Put texts and objects into the facts."
    if np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(dtype)) != dtype:
        return f"Expected {name!r} to have a dtype of numpy's own; received {dtype}. Save a view of its bytes."
    return None


def _problem_of_facts(value: Any, where: str) -> str | None:
    """Return what in `value` would not come back from JSON as it is, as a message, or None."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return None  # NaN and infinities too: Python's own JSON writes and reads them
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                return f"Expected texts as keys of {where}; received {key!r}."
        found = (_problem_of_facts(item, f"{where}[{key!r}]") for key, item in value.items())
    elif isinstance(value, list):
        found = (_problem_of_facts(item, f"{where}[{index}]") for index, item in enumerate(value))
    else:
        return f"Expected plain JSON values; received {where} of type {type(value).__name__}."
    return next((problem for problem in found if problem), None)
