"""The static twin of the viewer: one SVG with small pictures, boxes and names, and the same in words.

It is what stays in a saved notebook. The style is that of the runs' twin: its own background, dark where the page is.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.widgets.svg import Box as Area
from zoo_lab.widgets.svg import outline, text
from zoo_lab.widgets.svg_style import style_sheet
from zoo_lab.widgets.viewer.items import PREDICTION, Box, Item, Picture, Side
from zoo_lab.widgets.viewer.source import PictureSource

_WIDTH, _MARGIN, _TOP, _KEYS = 820, 20, 62, 24
_TILE_HEIGHT, _CAPTION = 96, 40
_GAP, _ARROW = 14, 16
_EDGE, _QUALITY = 240, 78
_PALETTE = 6
_LETTER = 6.8
_MOST_ROWS = 60


@dataclass(frozen=True)
class Sheet:
    """The images of a viewer as they are shown.

    Args:
        title: what they are.
        count: how many there are in all, as far as is known.
        complete: whether more is not to come.
        items: the first ones.
        names: of all classes that have boxes here, in the order of their colours.
        threshold: least score of the boxes that are drawn.
        classes: names of the classes whose boxes are drawn; empty for all.
        play: the chain as JSON values.
    """

    title: str
    count: int
    complete: bool
    items: Sequence[Item]
    names: Sequence[str]
    threshold: float
    classes: Collection[str]
    play: dict[str, Any]

    @classmethod
    def of(cls, source: PictureSource, items: Sequence[Item], threshold: float, classes: Collection[str]) -> Sheet:
        """Return the sheet of these images of a source."""
        names = sorted({box.name for item in items for side in item.sides for box in side.boxes})
        names = [*(name for name in source.classes if name in names), *(n for n in names if n not in source.classes)]
        known = source.find(len(items)), source.complete
        return cls(source.title, *known, items, names, threshold, classes, source.play())

    def boxes(self, side: Side) -> list[Box]:
        """Return the boxes that are drawn on one side of an image."""
        classed = (box for box in side.boxes if not self.classes or box.name in self.classes)
        return [box for box in classed if box.score is None or box.score >= self.threshold]

    @property
    def head(self) -> str:
        """How many images there are, and what they went through."""
        counted = f"{self.count:,} image" + "s" * (self.count != 1) + " or more" * (not self.complete)
        first = f", the first {len(self.items)}" if len(self.items) < self.count or not self.complete else ""
        chain = " → ".join(step["name"] for step in self.play["steps"] if step["on"])
        drawn = f" · seed {self.play['seed']}, epoch {self.play['epoch']}" if chain else ""
        return f"{counted}{first}{f' → {chain}' if chain else ''}{drawn}"


def picture(sheet: Sheet) -> str:
    """Return the sheet as one SVG document."""
    sides = max((len(item.sides) for item in sheet.items), default=1)
    columns = 6 if sides == 1 else 3
    width = (_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) / columns
    rows = -(-len(sheet.items) // columns)
    top = _TOP + _KEYS * bool(sheet.names)
    height = top + rows * (_TILE_HEIGHT + _CAPTION) + 12
    places = [
        (_MARGIN + at % columns * (width + _GAP), top + at // columns * (_TILE_HEIGHT + _CAPTION))
        for at in range(len(sheet.items))
    ]
    tiles = [_tile(sheet, item, x, y, width) for item, (x, y) in zip(sheet.items, places, strict=True)]
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    card = f'<rect class="card" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>'
    head = text(_MARGIN, 28, sheet.title, "name") + text(_MARGIN, 48, _cut(sheet.head, _WIDTH - 2 * _MARGIN), "quiet")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="zoo-run" role="img" {size}><style>{style_sheet()}</style>'
        f"<title>{escape(f'{sheet.title}: {sheet.head}')}</title>{card}{head}{_keys(sheet)}{''.join(tiles)}</svg>"
    )


def words(sheet: Sheet) -> str:
    """Return the sheet as a table in plain text."""
    lines = [f"{sheet.title}: {sheet.head}"]
    items = sheet.items[:_MOST_ROWS]
    rows = [_row(sheet, number, item) for number, item in enumerate(items)]
    columns = ["", "name", "label", "size", "boxes"]
    if any(item.prediction for item in items):
        columns.insert(3, "predicted")
        rows = [[*row[:3], item.prediction, *row[3:]] for row, item in zip(rows, items, strict=True)]
    widths = [max(len(row[at]) for row in [columns, *rows]) for at in range(len(columns))]
    keep = [at for at in range(len(columns)) if at < 2 or any(row[at] for row in rows)]
    lines += ["  ".join(row[at].ljust(widths[at]) for at in keep).rstrip() for row in [columns, *rows]]
    return "\n".join(lines)


def caption_of(item: Item) -> tuple[str, str]:
    """Return the two lines below an image: what it shows, and its file; the second is empty where nothing is known."""
    caption = item.label or item.prediction
    if item.label and item.prediction:
        caption = f"{item.label}, predicted {item.prediction}"
    name = item.name.rpartition("/")[2]
    return (caption, name) if caption else (name, "")


def _row(sheet: Sheet, number: int, item: Item) -> list[str]:
    side = item.sides[-1]
    counted = str(len(sheet.boxes(side))) if side.boxes else ""
    return [str(number), _end(item.name or f"image {number}", 44), item.label, side.problem or _size(side), counted]


def _size(side: Side) -> str:
    if side.volume is not None:
        return " x ".join(map(str, side.volume))
    return "" if side.picture is None else f"{side.picture.height} x {side.picture.width}"


def _keys(sheet: Sheet) -> str:
    parts, left = [], float(_MARGIN)
    for number, name in enumerate(sheet.names):
        width = 15 + _LETTER * len(name) + 14
        if left + width > _WIDTH - _MARGIN:
            break  # the others are in the words
        key = f'<rect class="key s{number % _PALETTE}" x="{left:.1f}" y="{_TOP}" width="10" height="10" rx="3"/>'
        parts += [key, text(left + 15, _TOP + 9.5, name, "tick")]
        left += width
    return "".join(parts)


def _tile(sheet: Sheet, item: Item, left: float, top: float, width: float) -> str:
    each = (width - (len(item.sides) - 1) * _ARROW) / len(item.sides)
    parts = [_side(sheet, side, left + at * (each + _ARROW), top, each) for at, side in enumerate(item.sides)]
    if len(item.sides) > 1:
        parts.append(text(left + each + _ARROW / 2, top + _TILE_HEIGHT / 2 + 4, "→", "quiet", "middle"))
    first, second = caption_of(item)
    parts.append(text(left, top + _TILE_HEIGHT + 14, _cut(first, width)))
    parts.append(text(left, top + _TILE_HEIGHT + 28, _cut(second, width), "tick"))
    return "".join(parts)


def _side(sheet: Sheet, side: Side, left: float, top: float, width: float) -> str:
    if side.picture is None:
        frame = f'<rect class="grid" fill="none" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_TILE_HEIGHT}"/>'
        return frame + text(left + 6, top + 18, _cut(side.problem, width - 12), "tick")
    scale = min(width / side.picture.width, _TILE_HEIGHT / side.picture.height)
    wide, high = side.picture.width * scale, side.picture.height * scale
    x, y = left + (width - wide) / 2, top + (_TILE_HEIGHT - high) / 2
    mime, data = _smaller(side.picture)
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    drawn = "".join(_box(sheet, box, Area(x, y, wide, high)) for box in sheet.boxes(side))
    return f'<image {place} preserveAspectRatio="none" href="{source}"/>{drawn}'


def _box(sheet: Sheet, box: Box, area: Area) -> str:
    kind = "" if box.kind == PREDICTION else "true "
    score = "" if box.score is None else f" {box.score:.2f}"
    return outline(area, box.corners, f"{kind}s{sheet.names.index(box.name) % _PALETTE}", box.name + score)


def _smaller(whole: Picture) -> tuple[str, bytes]:
    """Return a picture no larger than the sheet needs it: a saved notebook should stay small."""
    from PIL import Image

    image = Image.open(io.BytesIO(whole.data))
    if max(image.size) <= _EDGE:
        return whole.mime, whole.data
    image.thumbnail((_EDGE, _EDGE))
    kind = "PNG" if image.mode == "RGBA" else "JPEG"
    kept = io.BytesIO()
    image.save(kept, kind, quality=_QUALITY)
    return f"image/{kind.lower()}", kept.getvalue()


def _cut(content: str, width: float) -> str:
    room = int(width / _LETTER)
    return content if len(content) <= room else f"{content[: max(room - 1, 1)]}…"


def _end(content: str, room: int) -> str:
    return content if len(content) <= room else f"…{content[1 - room :]}"
