"""Puts the magics into an IPython shell, and takes everything back again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from IPython.core.magic import no_var_expand

from zoo_lab.core.errors import ZooLabError
from zoo_lab.magics import config, context, fit, predict, runs, show, status, stop
from zoo_lab.magics.command import Command
from zoo_lab.magics.completion import matcher
from zoo_lab.magics.errors import shorten
from zoo_lab.magics.usage import usage

Work = Callable[[dict[str, Any], Any], Any]

MAGICS: dict[str, tuple[Command, Work]] = {
    module.COMMAND.name: (module.COMMAND, module.work) for module in (context, fit, predict, show, stop, runs, config)
}
_undo: weakref.WeakKeyDictionary[Any, list[Callable[[], None]]] = weakref.WeakKeyDictionary()


def load(shell: Any) -> None:
    """Register the magics and their completion in `shell`; at once when that is done."""
    if shell in _undo:
        return
    for name, (command, work) in MAGICS.items():
        shell.register_magic_function(_magic(command, work, shell), "line", name)
    complete = matcher({name: command for name, (command, _) in MAGICS.items()}, shell)
    shell.Completer.custom_matchers.append(complete)
    _undo[shell] = [lambda: shell.Completer.custom_matchers.remove(complete), status.follow_contexts()]


def unload(shell: Any) -> None:
    """Take the magics and their completion out of `shell`."""
    for undo in _undo.pop(shell, ()):
        undo()
    for name in MAGICS:
        shell.magics_manager.magics["line"].pop(name, None)


def _magic(command: Command, work: Work, shell: Any) -> Callable[[str], Any]:
    """Return the function that IPython calls with the line behind the magic's name."""

    @no_var_expand  # dicts are written with braces; plain values are expanded by their kinds
    def magic(line: str) -> Any:
        try:
            values = command.parse(line, shell.user_ns)
            if values is not None:
                return work(values, shell)
        except ZooLabError as error:
            shorten(error)
            raise
        print(usage(command))
        return None

    magic.__name__ = command.name
    magic.__doc__ = usage(command)
    return magic
