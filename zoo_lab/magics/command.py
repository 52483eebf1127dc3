"""A magic's line, declared once: the parser, the help and the completion all read this one table."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.kinds import FLAG, Kind
from zoo_lab.magics.words import split_words

HELP = ("--help", "-h")


@dataclass(frozen=True)
class Option:
    """One option such as "--epochs" or "-o", or, without a dash, one argument by position.

    Attributes:
        name: as it is written.
        kind: what its value can be.
        help: one sentence for the help.
        default: what holds without it, as the help shows it; an argument without default must be given.
        many: whether it can be given several times; its value is then a list.
    """

    name: str
    kind: Kind
    help: str
    default: str = ""
    many: bool = False

    @property
    def key(self) -> str:
        """The name of its value: "batch_size" for --batch-size."""
        return self.name.lstrip("-").replace("-", "_")

    @property
    def positional(self) -> bool:
        """Whether it is an argument by position."""
        return not self.name.startswith("-")


class Given(dict[str, Any]):
    """The values that a line gives, by key, and in `words` how each was written."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, str] = {}


@dataclass(frozen=True)
class Command:
    """One magic: its name, what it does in a sentence, its arguments and options, one example."""

    name: str
    summary: str
    table: tuple[Option, ...]
    example: str

    @property
    def arguments(self) -> list[Option]:
        """What is given by position."""
        return [option for option in self.table if option.positional]

    @property
    def options(self) -> list[Option]:
        """What is given by name."""
        return [option for option in self.table if not option.positional]

    def find(self, word: str) -> Option | None:
        """Return the option written as `word`, also as --name=value, or None."""
        name = word.partition("=")[0]
        return next((option for option in self.options if option.name == name), None)

    def parse(self, line: str, namespace: Mapping[str, Any]) -> Given | None:
        """Return the values of what the line gives, by key; None if it asks for help.

        Raises `ArgumentError` that lists everything that is wrong with the line.

        Example:
            >>> FIT.parse("model train --epochs 5", {"model": 1, "train": 2})  # doctest: +SKIP
            {'model': 1, 'data': 2, 'epochs': 5}
        """
        words = split_words(line)
        if any(word in HELP for word in words):
            return None
        checks = Checks(f"%{self.name}")
        values = Given()
        for option, word in self._assign(words, checks):
            try:
                value = option.kind.read(word, namespace)
            except ArgumentError as error:
                checks.fail(f"{option.name}: {error}")
                continue
            values.words[option.key] = word
            if option.many:
                values.setdefault(option.key, []).append(value)
            else:
                values[option.key] = value
        checks.done()
        return values

    def _assign(self, words: list[str], checks: Checks) -> Iterator[tuple[Option, str]]:
        """Yield each option with its word, and note what cannot be assigned."""
        waiting = self.arguments
        rest = deque(words)
        while rest:
            word = rest.popleft()
            option = self.find(word)
            if option is not None and option.kind is FLAG and "=" in word:
                checks.fail(f"Expected {option.name} without a value; received {word}. For no, leave it out.")
            elif option is not None:
                text = self._value_of(option, word, rest)
                checks.require(bool(text), f"Expected a value after {option.name}: {option.kind.metavar}.")
                if text:
                    yield option, text
            elif word.startswith("-"):
                near = self._nearest(word)
                hint = f"Did you mean {near.name}?" if near else f"See %{self.name} --help."
                checks.fail(f"Expected one of its options; received {word}. {hint}")
                if near is not None:
                    self._value_of(near, word, rest)  # what follows belongs to it
            elif waiting:
                yield waiting.pop(0), word
            else:
                checks.fail(f"Expected no more arguments; received {word!r}. See %{self.name} --help.")
        for option in waiting:
            checks.require(bool(option.default), f"Expected {option.name}: {option.help} See %{self.name} --help.")

    def _value_of(self, option: Option, word: str, rest: deque[str]) -> str | None:
        _, joined, text = word.partition("=")
        if option.kind is FLAG:
            return word
        if joined:
            return text
        return rest.popleft() if rest and self.find(rest[0]) is None else None

    def _nearest(self, word: str) -> Option | None:
        names = [option.name for option in self.options]
        near = difflib.get_close_matches(word.partition("=")[0], names, n=1)
        return self.find(near[0]) if near else None
