"""What the user has set once instead of writing it in each line: read from two small files, kept as words.

`.zoo_lab/config.json` in the notebook's folder goes before the one in the home folder. A word is read when it is
used, exactly as if it stood in the line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.command import Command, Option

_FILE = Path(".zoo_lab") / "config.json"


def place(everywhere: bool) -> Path:
    """Return the file of the home folder, or of the notebook's."""
    return Path.home() / _FILE if everywhere else Path.cwd() / _FILE


def read(path: Path) -> dict[str, str]:
    """Return setting → word as `path` holds them, nothing where it is not there.

    Errors:
        ArgumentError: the file is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        msg = f"Expected the settings in {path} as JSON; received: {error}. Mend or delete the file."
        raise ArgumentError(msg) from error
    return {str(name): str(word) for name, word in found.items()} if isinstance(found, dict) else {}


def write(path: Path, settings: Mapping[str, str]) -> None:
    """Replace the settings in `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(dict(sorted(settings.items())), indent=1), encoding="utf-8")
    temporary.replace(path)


def settings() -> dict[str, str]:
    """Return what holds here: the notebook's folder before the home folder."""
    return read(place(True)) | read(place(False))


def settable(command: Command) -> list[Option]:
    """Return the options of `command` that can have a default: not where a result is kept, nothing repeated."""
    return [option for option in command.options if option.name.startswith("--") and not option.many]


def setting_of(command: Command, option: Option) -> str:
    """Return the name of a setting, such as "fit.batch_size"."""
    return f"{command.name.removeprefix('zoo_')}.{option.key}"


def defaults_of(command: Command, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the settings give the options of `command`, by key.

    Errors:
        ArgumentError: a word does not fit; the message names the setting.
    """
    held, values = settings(), {}
    for option in settable(command):
        name = setting_of(command, option)
        if name in held:
            try:
                values[option.key] = option.kind.read(held[name], namespace)
            except ArgumentError as error:
                msg = f"The default {name} = {held[name]!r}: {error} Change it with %zoo_config {name} VALUE."
                raise ArgumentError(msg) from error
    return values
