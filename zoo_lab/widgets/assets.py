"""Joins the front end's small ES modules into the one file that anywidget loads, without a build."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
MONITOR_STYLES = ("training_monitor", "monitor_charts", "monitor_actions", "boxes")
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[a-z_./]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const|class) )", re.MULTILINE)


def module(name: str, folder: Path = FOLDER) -> str:
    """Return `<folder>/<name>.js` with everything it imports put before it, each file once.

    The modules are written so that this is all it takes: named imports of neighbours only, one default
    export at the top file, and no name declared twice (a test holds them to it).
    """
    sources: dict[Path, str] = {}
    _collect((folder / f"{name}.js").resolve(), sources)
    return "\n".join(sources.values())


def style(*names: str, folder: Path = FOLDER) -> str:
    """Return the text of `<folder>/<name>.css` for each name, in order."""
    return "\n".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in names)


def _collect(path: Path, sources: dict[Path, str]) -> None:
    if path in sources:
        return
    text = path.read_text(encoding="utf-8")
    for neighbour in _IMPORT.findall(text):
        _collect((path.parent / neighbour).resolve(), sources)
    sources[path] = _EXPORT.sub("", _IMPORT.sub("", text))
