"""What a word of a magic's line can be: how it is read, and what completes it."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.names import evaluate, expanded, own_names

Namespace = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of value.

    Attributes:
        metavar: what the help calls it, "" for a flag, which takes no value.
        read: turns the word into its value, given the user's namespace; raises `ArgumentError`.
        suggest: the values to offer, given the user's namespace.
    """

    metavar: str
    read: Callable[[str, Namespace], Any]
    suggest: Callable[[Namespace], Iterable[str]] = lambda namespace: ()


def text(metavar: str, *suggestions: str) -> Kind:
    """Return the kind of a plain text, read as `names.expanded` says."""
    return Kind(metavar, expanded, lambda namespace: suggestions)


def choice(*choices: str) -> Kind:
    """Return the kind of one of these words."""
    # the function that takes the value says what is wrong with another word
    return text("|".join(choices), *choices)


def value(metavar: str, fits: Callable[[Any], bool]) -> Kind:
    """Return the kind of a name or expression of the user's; names whose value `fits` are offered first."""

    def suggest(namespace: Namespace) -> list[str]:
        names = list(own_names(namespace))
        return [name for name in names if fits(namespace[name])] or names

    return Kind(metavar, evaluate, suggest)


def is_a(module: str, *names: str) -> Callable[[Any], bool]:
    """Return a test for values of these classes of `module` or of their children; it imports nothing.

    Example:
        >>> is_a("collections", "OrderedDict")({})
        False
    """

    def fits(thing: Any) -> bool:
        return any(kind.__name__ in names and kind.__module__.startswith(module) for kind in type(thing).__mro__)

    return fits


def _whole_number(word: str, namespace: Namespace) -> int:
    plain = expanded(word, namespace)
    try:
        return int(plain.replace(",", "").replace("_", ""))
    except ValueError:
        found = evaluate(plain, namespace)
    if isinstance(found, bool) or not hasattr(found, "__index__"):
        msg = f"Expected a whole number; received {word!r}, which is {found!r}."
        raise ArgumentError(msg)
    return int(found)


def _number(word: str, namespace: Namespace) -> float:
    plain = expanded(word, namespace)
    try:
        return float(plain)
    except ValueError:
        found = evaluate(plain, namespace)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        msg = f"Expected a number; received {word!r}, which is {found!r}."
        raise ArgumentError(msg)
    return float(found)


def _number_or_auto(word: str, namespace: Namespace) -> int | str:
    return "auto" if expanded(word, namespace) == "auto" else _whole_number(word, namespace)


def _place(word: str, namespace: Namespace) -> Any:
    """Return an expression's value where the word is one of the user's names or stands in brackets, else the text."""
    return evaluate(word, namespace) if word in namespace or word[0] == "(" else expanded(word, namespace)


def _columns(word: str, namespace: Namespace) -> Any:
    if word[0] in "[({":
        return evaluate(word, namespace)
    names = [name.strip() for name in expanded(word, namespace).split(",")]
    return names if len(names) > 1 else names[0]


def _pair(word: str, namespace: Namespace) -> tuple[str, str]:
    name, found, setting = expanded(word, namespace).partition("=")
    if not found or not name:
        msg = f"Expected key=value; received {word!r}."
        raise ArgumentError(msg)
    return name, setting


def _new_name(word: str, namespace: Namespace) -> str:
    if not word.isidentifier() or keyword.iskeyword(word):
        msg = f"Expected a name to keep the result under; received {word!r}."
        raise ArgumentError(msg)
    return word


FLAG = Kind("", lambda word, namespace: True)
WHOLE_NUMBER = Kind("N", _whole_number)
NUMBER = Kind("X", _number)
NUMBER_OR_AUTO = Kind("N|auto", _number_or_auto, lambda namespace: ("auto",))
PLACE = Kind("PLACE", _place)
COLUMNS = Kind("A,B", _columns)
PAIR = Kind("KEY=VALUE", _pair)
NEW_NAME = Kind("NAME", _new_name)
