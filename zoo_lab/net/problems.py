"""Collects what is wrong with the layers of a foreign file, over the whole file, then raises one error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from zoo_lab.core.errors import DataError, ModelError


class UnsupportedError(Exception):
    """A parameter that cannot be computed here; the text says expected, received."""


class WeightsError(Exception):
    """Weights that are missing or do not fit; the text says expected, received."""


def refuse(problem: str) -> NoReturn:
    """Raise `UnsupportedError`."""
    raise UnsupportedError(problem)


class Problems:
    """What is wrong with the layers of one file.

    Args:
        source: the file, for messages.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.unsupported: list[str] = []
        self.unfitting: list[str] = []

    def attempt(self, layer: str, build: Callable[[], Any]) -> Any:
        """Return what `build` returns; None, noting why, where the layer cannot be built."""
        try:
            return build()
        except UnsupportedError as problem:
            self.unsupported.append(f"{layer}: {problem}")
        except WeightsError as problem:
            self.unfitting.append(f"{layer}: {problem}")
        except (ValueError, TypeError) as problem:  # Keras' own words on shapes that do not go together
            self.unsupported.append(f"{layer}: {str(problem).strip().splitlines()[0]}")
        return None

    def done(self) -> None:
        """Raise `ModelError` for layers that cannot be computed, else `DataError` for weights that do not fit."""
        if self.unsupported:
            msg = (
                f"{self.source}: expected parameters of layers that can be computed here; {len(self.unsupported)} "
                f"cannot.{_lines(self.unsupported)}\nChange them, and train the weights anew where that matters."
            )
            raise ModelError(msg)
        if self.unfitting:
            msg = f"{self.source}: the weights do not fit the network. Are they of another one?{_lines(self.unfitting)}"
            raise DataError(msg)


def expect_types(source: str, unknown: Sequence[str], known: Sequence[str]) -> None:
    """Raise `ModelError` listing the layers of unknown types, if there are any, and the known types."""
    if unknown:
        msg = (
            f"{source}: expected layers that can be computed here; received {', '.join(unknown)}. Supported are "
            f"{', '.join(sorted(known))}. Save a model that ends before the first of them, or replace them."
        )
        raise ModelError(msg)


def unique_name(name: str, taken: list[str]) -> str:
    """Return a layer's name as Keras takes it, with a number where it is taken; note it as taken."""
    from zoo_lab.net.layout import keras_name

    wanted = keras_name(name)
    number = 1
    while wanted in taken:
        number += 1
        wanted = f"{keras_name(name)}_{number}"
    taken.append(wanted)
    return wanted


def _lines(problems: Sequence[str]) -> str:
    return "".join(f"\n  - {problem}" for problem in problems)
