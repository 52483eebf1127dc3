"""One place in the cell's output that says what goes on, and in the end shows what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo_lab.widgets.kernel import in_kernel


class Note:
    """Replaces its text in a notebook, prints line after line elsewhere; what an error leaves unsaid is removed.

    Args:
        shown: shows each MIME bundle instead, default None.

    Example:
        >>> with Note() as note:
        ...     note.say("Counting …")
        ...     note.show({"text/plain": "3 rows", "text/html": "<b>3 rows</b>"})
        Counting …
        3 rows
    """

    def __init__(self, shown: Callable[[Mapping[str, str]], None] | None = None) -> None:
        self._shown = shown
        self._handle: Any = None
        self._live = in_kernel()

    def say(self, text: str) -> None:
        """Show a line of text for now."""
        self.show({"text/plain": text})

    def show(self, bundle: Mapping[str, str]) -> None:
        """Show a MIME bundle in place of what was there; its "text/plain" where there is no notebook."""
        if self._shown is not None:
            self._shown(bundle)
        elif not self._live:
            print(bundle["text/plain"])
        elif self._handle is None:
            from IPython.display import display

            self._handle = display(dict(bundle), raw=True, display_id=True)
        else:
            self._handle.update(dict(bundle), raw=True)

    def __enter__(self) -> Note:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is not None and self._live and self._handle is not None:
            self.show({"text/plain": ""})
