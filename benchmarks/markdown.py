"""Tables as Markdown, and their place in a page: between `<!-- name -->` and `<!-- /name -->`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def replaced(page: str, name: str, text: str) -> str:
    """Return a page with `text` in the place `name`; raise `ValueError` where it has no such place."""
    place = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    if not place.search(page):
        msg = f"Expected the lines <!-- {name} --> and <!-- /{name} --> in the page; found none."
        raise ValueError(msg)
    return place.sub(lambda found: f"{found[1]}{text.strip()}\n{found[2]}", page)


def rewrite(path: Path, name: str, text: str) -> None:
    """Put `text` into the place `name` of the page at `path`."""
    path.write_text(replaced(path.read_text(encoding="utf-8"), name, text), encoding="utf-8")
