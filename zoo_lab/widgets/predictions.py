"""Rows with a model's predictions beside them: a table, or a grid of pictures, and the same as text.

Pure: what a row shows has been decided before.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_CELL = "text-align:left;padding:2px 10px 2px 0;vertical-align:top"
_BAD = "color:var(--jp-error-color1,#b3261e)"
_GRID = "display:flex;flex-wrap:wrap;gap:12px"
_FIGURE = "margin:0;width:136px"
_PICTURE = "width:128px;height:128px;object-fit:contain;image-rendering:auto;background:var(--jp-layout-color2,#eee)"
_LONGEST = 40
_SHARE = re.compile(r" \d+ %$")


@dataclass(frozen=True)
class PredictedRow:
    """One row.

    Attributes:
        inputs: what the model was given, as text, by column.
        prediction: what it gave, as text.
        truth: what was expected, as text; "" where that is not known.
        error: why there is no prediction; "" where there is one.
        picture: the input as a PNG; empty where it is no picture.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    prediction: str = ""
    truth: str = ""
    error: str = ""
    picture: bytes = b""


def bundle(title: str, rows: Sequence[PredictedRow]) -> dict[str, str]:
    """Return HTML and text that show the rows; pictures in a grid where every row has one."""
    pictures = bool(rows) and all(row.picture for row in rows)
    return {"text/html": _grid(title, rows) if pictures else _table(title, rows), "text/plain": as_text(title, rows)}


def as_text(title: str, rows: Sequence[PredictedRow]) -> str:
    """Return the rows as a table of text.

    Example:
        >>> print(as_text("2 rows", [PredictedRow({"x": "1, 2"}, "three"), PredictedRow({"x": "3, 4"}, "one")]))
        2 rows
          x     prediction
        0 1, 2  three
        1 3, 4  one
    """
    heads, lines = _cells(rows)
    cells = [["", *heads], *([str(number), *map(_short, line[:-1]), line[-1]] for number, line in enumerate(lines))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    told = [
        " ".join([line[0].rjust(widths[0]), "  ".join(map(str.ljust, line[1:], widths[1:]))]).rstrip() for line in cells
    ]
    return "\n".join([title, *told] if rows else [title])


def _cells(rows: Sequence[PredictedRow]) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the cells of a table that has only columns with something in them."""
    columns = list(dict.fromkeys(name for row in rows for name in row.inputs))
    truth = any(row.truth for row in rows)
    heads = [*columns, *(["expected"] if truth else []), "prediction"]
    lines = [
        [
            *(row.inputs.get(name, "") for name in columns),
            *([row.truth] if truth else []),
            row.prediction if not row.error else f"none: {row.error}",
        ]
        for row in rows
    ]
    return heads, lines


def _table(title: str, rows: Sequence[PredictedRow]) -> str:
    heads, lines = _cells(rows)
    head = "".join(f'<th scope="col" style="{_CELL}">{html.escape(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row" style="{_CELL}">{number}</th>{_row(line, bool(row.error), row)}</tr>'
        for number, (line, row) in enumerate(zip(lines, rows, strict=True))
    )
    caption = f'<caption style="text-align:left">{html.escape(title)}</caption>'
    return f'<table>{caption}<thead><tr><td style="{_CELL}"></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(line: Sequence[str], failed: bool, row: PredictedRow) -> str:
    cells = [html.escape(_short(text)) for text in line[:-1]] + [html.escape(line[-1])]
    if row.picture:
        cells[0] = _image(row, "height:48px")
    styles = [_CELL] * (len(cells) - 1) + [f"{_CELL};{_BAD}" if failed else f"{_CELL};font-weight:bold"]
    return "".join(f'<td style="{style}">{cell}</td>' for style, cell in zip(styles, cells, strict=True))


def _grid(title: str, rows: Sequence[PredictedRow]) -> str:
    figures = "".join(
        f'<figure style="{_FIGURE}">{_image(row, _PICTURE)}<figcaption>{number}: {_caption(row)}</figcaption></figure>'
        for number, row in enumerate(rows)
    )
    return f'<div><p>{html.escape(title)}</p><div style="{_GRID}">{figures}</div></div>'


def _caption(row: PredictedRow) -> str:
    if row.error:
        return f'<span style="{_BAD}">{html.escape(_short(row.error))}</span>'
    wrong = f' <span style="{_BAD}">(expected {html.escape(row.truth)})</span>' if _differs(row) else ""
    return f"<strong>{html.escape(row.prediction)}</strong>{wrong}"


def _differs(row: PredictedRow) -> bool:
    return bool(row.truth) and _SHARE.sub("", row.prediction) != row.truth


def _image(row: PredictedRow, style: str) -> str:
    data = base64.b64encode(row.picture).decode("ascii")
    told = html.escape(row.error or f"predicted {row.prediction}", quote=True)
    return f'<img style="{style}" alt="{told}" src="data:image/png;base64,{data}">'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
