"""Makes TensorFlow's errors readable (E): the sentence that says what is wrong, the user's own lines, and no others."""

from __future__ import annotations

import re

from zoo_lab.core.frames import is_library

_NODE = re.compile(r"Detected at node (\S+) defined at \(most recent call last\):")
_FRAME = re.compile(r'\s+File "([^"]+)", line \d+, in .+')
_LONGEST = 1000
_TAIL = re.compile(r"\s*\[\[\{\{node .+\}\}\]\](?: \[Op:.+\])?|\s*\[Op:[^\]]+\](?: name: .*)?")


def readable(message: str, *, frames: bool = True) -> str:
    """Return an error's message without the hundred lines that TensorFlow puts around those of its compiled graphs.

    Kept are the sentences, the operation's name, and the frames that are not those of libraries.

    Args:
        message: what the error says.
        frames: False leaves the user's frames out too, where there is little room.

    Example:
        >>> readable("Graph execution error:\\n\\nWrong label 7.\\n\\t [[{{node loss/xent}}]] [Op:__inference_1]")
        'Wrong label 7.'
    """
    node = _NODE.search(message)
    kept = [_TAIL.sub("", line) for line in message.splitlines() if not _is_noise(line, frames)]
    text = "\n".join(line for line in kept if line.strip())
    return f"{text}\n(in {node[1]})" if node else text


def reason(error: Exception) -> str:
    """Return why a row failed, short enough for a column."""
    lines = [line.strip() for line in readable(str(error), frames=False).splitlines() if line.strip()]
    text = f"{type(error).__name__}: {' '.join(lines)}" if lines else type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_noise(line: str, frames: bool) -> bool:
    frame = _FRAME.fullmatch(line)
    left_out = frame is not None and (not frames or is_library(frame[1]))
    return left_out or line == "Graph execution error:" or _NODE.match(line) is not None
