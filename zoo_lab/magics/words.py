"""Cuts a magic's line into words: at blanks, but not inside brackets or quotes, so that `(x, y)` is one word."""

from __future__ import annotations

import re

from zoo_lab.core.errors import ArgumentError

_PIECE = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<blank>\s+)|."""
)
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def split_words(line: str) -> list[str]:
    """Return the words of `line`; what follows a word that starts with # is a comment.

    Raises `ArgumentError` for a bracket or a quote that is not closed.

    Example:
        >>> split_words("model (x, y) --epochs 5  # slow")
        ['model', '(x, y)', '--epochs', '5']
    """
    words, open_brackets = _cut(line)
    if open_brackets:
        msg = f"Expected every bracket and quote to be closed; {open_brackets[-1]} is open in {line.strip()!r}."
        raise ArgumentError(msg)
    return words


def words_so_far(text: str) -> list[str]:
    """Return the words of a line that is still being written; the last one is "" after a blank.

    Example:
        >>> words_so_far("model (x, "), words_so_far("model ")
        (['model', '(x, '], ['model', ''])
    """
    words, open_brackets = _cut(text)
    return words if words and (open_brackets or not text[-1:].isspace()) else [*words, ""]


def _cut(line: str) -> tuple[list[str], list[str]]:
    """Return the words, and the brackets and quotes that are open at the end."""
    words: list[str] = []
    opened: list[str] = []
    word = ""
    for piece in _PIECE.finditer(line):
        text = piece[0]
        if piece["blank"] and not opened:
            words, word = (words + [word] if word else words), ""
            continue
        if text == "#" and not word and not opened:
            return words, []
        if piece["open"]:
            opened.append(text)
        elif piece["close"] and opened and opened[-1] == _BRACKETS[text]:
            opened.pop()
        elif text in "'\"" and (not opened or opened[-1] not in "'\""):
            opened.append(text)
        word += text
    return (words + [word] if word else words), opened
