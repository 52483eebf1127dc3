"""Completes options, their values and the user's names behind the magics, through IPython's own completer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from zoo_lab.magics.command import HELP, Command
from zoo_lab.magics.kinds import FLAG
from zoo_lab.magics.words import words_so_far

_LINE = re.compile(r"\s*(?:[\w\s,.]+=\s*)?%(\w+)\s(.*)", re.DOTALL)


def suggestions(command: Command, text: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the part of `text` to be completed, and what can stand in its place.

    Args:
        command: the magic.
        text: what is written behind its name, up to the cursor.
        namespace: the user's.
    """
    *before, word = words_so_far(text)
    option = command.find(before[-1]) if before and "=" not in before[-1] else None
    if option is not None and option.kind is not FLAG:
        return word, _starting(word, option.kind.suggest(namespace))
    joined = command.find(word) if "=" in word else None
    if joined is not None:
        value = word.partition("=")[2]
        return value, _starting(value, joined.kind.suggest(namespace))
    if word.startswith("-"):
        return word, _starting(word, _unused(command, before))
    place = _given(command, before)
    if place < len(command.arguments):
        return word, _starting(word, command.arguments[place].kind.suggest(namespace))
    return word, _starting(word, _unused(command, before))


def matcher(commands: Mapping[str, Command], shell: Any) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """Return the function to put into IPython's `custom_matchers`."""

    @context_matcher(identifier="zoo_lab")
    def complete(context: CompletionContext) -> SimpleMatcherResult:
        found = _LINE.fullmatch(_whole_line(context))
        command = commands.get(found[1]) if found else None
        if command is None:
            return {"completions": []}
        fragment, offered = suggestions(command, found[2], shell.user_ns)
        completions = [SimpleCompletion(text, type="zoo_lab") for text in offered]
        return {"completions": completions, "matched_fragment": fragment, "suppress": bool(offered), "ordered": True}

    return complete


def _whole_line(context: CompletionContext) -> str:
    r"""Return the line up to the cursor, with those before it that end in a \."""
    lines = context.full_text.split("\n")[: context.cursor_line]
    text = context.text_until_cursor
    while lines and lines[-1].endswith("\\"):
        text = f"{lines.pop()[:-1]} {text}"
    return text


def _unused(command: Command, words: list[str]) -> list[str]:
    given = {option.name for word in words if (option := command.find(word))}
    return [option.name for option in command.options if option.many or option.name not in given] + [HELP[0]]


def _given(command: Command, words: list[str]) -> int:
    """Return how many arguments by position the words hold."""
    count, skip = 0, False
    for word in words:
        option = command.find(word)
        if not skip and option is None and not word.startswith("-"):
            count += 1
        skip = not skip and option is not None and option.kind is not FLAG and "=" not in word
    return count


def _starting(word: str, texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.startswith(word)]
