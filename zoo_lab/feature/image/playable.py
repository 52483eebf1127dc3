"""The parameters of a step as values that a page can show and change; a change makes a new step."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing

_STEPS_OF_A_SLIDER = 100
_MOST_IN_A_ROW = 6


def steps_of(steps: Sequence[Preprocessing]) -> list[Preprocessing]:
    """Return the single steps of steps and chains, in order.

    Example:
        >>> from zoo_lab.feature.image import ImageHFlip
        >>> steps_of([ChainedPreprocessing([ImageHFlip(), ChainedPreprocessing([ImageHFlip()])])])
        [ImageHFlip(), ImageHFlip()]
    """
    found: list[Preprocessing] = []
    for step in steps:
        found += steps_of(step.transformers) if isinstance(step, ChainedPreprocessing) else [step]
    return found


def parameters(step: Preprocessing, first: Preprocessing, path: str = "", depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the parameters of a step, and of the steps within it, as JSON values.

    Args:
        step: as it is now.
        first: as it was given; the ranges of the sliders come from it, so that they stay while one is moved.
        path: where the step is, for its parameters' own paths.
        depth: how many steps it is within.
    """
    given = arguments(first)
    for name, value in arguments(step).items():
        place = f"{path}/{name}" if path else name
        if isinstance(value, Preprocessing):
            yield {"path": place, "kind": "step", "label": type(value).__name__, "depth": depth + 1}
            yield from parameters(value, given[name], place, depth + 1)
        elif _is_row(value) and _is_row(given[name]) and len(value) == len(given[name]):
            whole = {"step": 1} if all(isinstance(number, int) for number in given[name]) else {}
            for position, number in enumerate(value):
                control = {"kind": "number", "value": number, **_range_in_row(given[name]), **whole}
                yield {"path": f"{place}/{position}", "label": f"{name}[{position}]", "depth": depth, **control}
        else:
            yield {
                "path": place,
                "label": name,
                "depth": depth,
                **_control(name, value, given[name], _is_float(step, name)),
            }


def arguments(step: Preprocessing) -> dict[str, Any]:
    """Return what a step was made with, by name; empty where the step does not tell all of it."""
    if isinstance(step, ChainedPreprocessing):
        return {str(position): inner for position, inner in enumerate(step.transformers)}
    if dataclasses.is_dataclass(step):
        return {field.name: getattr(step, field.name) for field in dataclasses.fields(step) if field.init}
    names = list(inspect.signature(type(step)).parameters)
    told = vars(step)
    return {name: told[name] for name in names} if all(name in told for name in names) else {}


def changed(step: Preprocessing, path: Sequence[str], value: Any) -> Preprocessing:
    """Return a step like this one with another value for one parameter.

    Args:
        step: it stays as it is.
        path: names of parameters, from the outer step to the inner one; then the position in a row of numbers.
        value: a number, a word or a boolean; a literal as text where the parameter is of another kind.

    Raises `ArgumentError` for an unknown parameter, and what the step says of the value.
    """
    name, *rest = path
    known = arguments(step)
    if len(rest) == 1 and _is_row(known.get(name)) and rest[0] in map(str, range(len(known[name]))):
        known[name] = tuple(_in_row(known[name], int(rest[0]), value))
        return type(step)(**known)
    if name not in known or bool(rest) is not isinstance(known[name], Preprocessing):
        msg = f"{type(step).__name__}: expected one of its parameters; received {name!r}."
        raise ArgumentError(msg)
    known[name] = changed(known[name], rest, value) if rest else _converted(known[name], value, _is_float(step, name))
    if isinstance(step, ChainedPreprocessing):
        return ChainedPreprocessing(list(known.values()))
    return type(step)(**known)


def _control(name: str, value: Any, first: Any, is_float: bool) -> dict[str, Any]:
    """Return how a value is changed on the page: its kind, itself, and for numbers the range of the slider."""
    if isinstance(value, bool):
        return {"kind": "switch", "value": value}
    if isinstance(value, (int, float)) and math.isfinite(value):
        return {"kind": "number", "value": value, **_range(name, first, is_float)}
    if isinstance(value, str):
        return {"kind": "text", "value": value}
    return {"kind": "literal", "value": _text_of(value)}


def _is_row(value: Any) -> bool:
    """Tell whether a value is a few numbers in a row, such as three angles; each has a slider of its own."""
    numbers = isinstance(value, (tuple, list)) and 0 < len(value) <= _MOST_IN_A_ROW
    return numbers and all(isinstance(n, (int, float)) and not isinstance(n, bool) and math.isfinite(n) for n in value)


def _range_in_row(first: Sequence[float]) -> dict[str, float]:
    """Return one range for all numbers of a row; fractions may turn negative, counts may not."""
    whole = all(isinstance(number, int) for number in first)
    high = max(2.0 * max(map(abs, first)), 2.0 if whole else math.pi)
    low = -high if not whole or min(first) < 0 else 0.0
    return {"low": low, "high": high, "step": high / _STEPS_OF_A_SLIDER}


def _in_row(row: Sequence[float], position: int, value: Any) -> list[float]:
    """Return the row with another number at a position."""
    numbers = list(row)
    whole = all(isinstance(number, int) for number in row) and float(value).is_integer()
    numbers[position] = int(value) if whole else float(value)
    return numbers


def _range(name: str, first: Any, is_float: bool) -> dict[str, float]:
    number = float(first) if isinstance(first, (int, float)) and math.isfinite(first) else 1.0
    is_part = is_float and (0 <= number < 1 or (number == 1 and "prob" in name))
    high = 1.0 if is_part else max(2 * abs(number), 2.0)
    low = 0.0 if number >= 0 else -high
    step = 10.0 ** math.floor(math.log10((high - low) / _STEPS_OF_A_SLIDER) + 1e-9)
    return {"low": low, "high": high, "step": step if is_float else max(round(step), 1)}


def _converted(current: Any, value: Any, is_float: bool) -> Any:
    if isinstance(current, bool):
        return bool(value)
    if isinstance(current, (int, float)):
        number = float(value)
        return int(number) if number.is_integer() and (not is_float or isinstance(current, int)) else number
    if isinstance(current, str):
        return str(value)
    try:
        return ast.literal_eval(str(value))
    except (ValueError, SyntaxError) as error:
        msg = f"Expected a literal such as (1, 2) or None; received {value!r}."
        raise ArgumentError(msg) from error


def _is_float(step: Preprocessing, name: str) -> bool:
    if not dataclasses.is_dataclass(step):
        return isinstance(arguments(step).get(name), float)
    [told] = [field.type for field in dataclasses.fields(step) if field.name == name]
    return "float" in str(told)


def _text_of(value: Any) -> str:
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 200 else f"{text[:199]}…"
