"""%zoo_config: defaults of %zoo_context and %zoo_fit, set once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics import context, defaults, fit
from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.kinds import FLAG, Kind
from zoo_lab.magics.names import expanded
from zoo_lab.widgets.wording import UNKNOWN

_NAMES = {
    defaults.setting_of(command, option): option
    for command in (context.COMMAND, fit.COMMAND)
    for option in defaults.settable(command)
}
_SETTING = Kind("NAME", expanded, lambda namespace: list(_NAMES))

COMMAND = Command(
    "zoo_config",
    "Show or change the defaults of %zoo_context and %zoo_fit: what holds where a line does not say otherwise.",
    (
        Option("name", _SETTING, "such as fit.batch_size or context.memory.", "all"),
        Option("value", Kind("VALUE", lambda word, namespace: word), "what the option takes.", "show it"),
        Option("--unset", FLAG, "forget the default"),
        Option("--everywhere", FLAG, "for all notebooks of yours, not only those of this folder"),
    ),
    "%zoo_config fit.batch_size 256",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Show the settings, or change one and show it."""
    name = values.get("name")
    if name is not None and name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else "%zoo_config lists them when Tab is pressed."
        msg = f"%zoo_config: Expected one of its settings; received {name!r}. {hint}"
        raise ArgumentError(msg)
    if "value" in values or "unset" in values:
        _change(name, values, shell.user_ns)
    print(_listed(name))


def _change(name: str | None, values: Mapping[str, Any], namespace: Mapping[str, Any]) -> None:
    path = defaults.place("everywhere" in values)
    held = defaults.read(path)
    if name is None or ("unset" in values) == ("value" in values):
        msg = "%zoo_config: Expected a setting with either a value or --unset."
        raise ArgumentError(msg)
    if "unset" in values:
        held.pop(name, None)
    else:
        _NAMES[name].kind.read(values["value"], namespace)  # it raises what is wrong with it
        held[name] = values["value"]
    defaults.write(path, held)


def _listed(only: str | None) -> str:
    everywhere, here = defaults.read(defaults.place(True)), defaults.read(defaults.place(False))
    held = everywhere | here
    shown = [only] if only else [name for name in _NAMES if name in held]
    if not shown:
        return f"No defaults are set; zoo_lab's own hold. Example: {COMMAND.example}"
    own = "zoo_lab's own"
    rows = [(name, held.get(name, _NAMES[name].default or UNKNOWN), _origin(name, here, held) or own) for name in shown]
    left, middle = (max(len(row[at]) for row in rows) for at in (0, 1))
    return "\n".join(f"{name:<{left}}  {word:<{middle}}  ({origin})" for name, word, origin in rows)


def _origin(name: str, here: Mapping[str, str], held: Mapping[str, str]) -> str:
    if name in here:
        return "this folder"
    return "everywhere" if name in held else ""
