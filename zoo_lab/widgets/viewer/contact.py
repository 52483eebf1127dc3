"""The sheet of a viewer as one PNG, for what shows neither HTML nor SVG: pictures, boxes and names, in a grid."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from zoo_lab.widgets.viewer.items import PREDICTION, Item, Side
from zoo_lab.widgets.viewer.sheet import Sheet, caption_of

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_COLUMNS = {1: 6, 2: 3}
_TILE, _GAP, _LINE, _TOP = 128, 12, 15, 24
_INK, _QUIET, _PAPER = (31, 41, 55), (107, 114, 128), (255, 255, 255)
_COLORS = ((37, 99, 235), (217, 119, 6), (5, 150, 105), (220, 38, 38), (124, 58, 237), (8, 145, 178))
_DASH = 4
_LETTER = 6.2


def contact_sheet(sheet: Sheet) -> bytes:
    """Return the sheet as a PNG file; boxes of ground truth are dashed, and a class has one colour throughout."""
    from PIL import Image, ImageDraw

    sides = max((len(item.sides) for item in sheet.items), default=1)
    columns = _COLUMNS.get(sides, 1)
    wide, high = sides * (_TILE + _GAP), _TILE + 2 * _LINE + _GAP
    rows = -(-len(sheet.items) // columns)
    page = Image.new("RGB", (columns * wide + _GAP, _TOP + rows * high), _PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_GAP, _GAP // 2), _cut(f"{sheet.title}: {sheet.head}", page.width - 2 * _GAP), _INK)
    for number, item in enumerate(sheet.items):
        _draw_item(page, draw, sheet, item, (_GAP + number % columns * wide, _TOP + number // columns * high))
    kept = io.BytesIO()
    page.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _draw_item(page: Image.Image, draw: ImageDraw.ImageDraw, sheet: Sheet, item: Item, corner: tuple[int, int]) -> None:
    left, top = corner
    for at, side in enumerate(item.sides):
        _draw_side(page, draw, sheet, side, (left + at * (_TILE + _GAP), top))
    room = len(item.sides) * (_TILE + _GAP) - _GAP
    for line, (content, color) in enumerate(zip(caption_of(item), (_INK, _QUIET), strict=True)):
        draw.text((left, top + _TILE + 2 + line * _LINE), _cut(content, room), color)


def _draw_side(page: Image.Image, draw: ImageDraw.ImageDraw, sheet: Sheet, side: Side, corner: tuple[int, int]) -> None:
    from PIL import Image

    if side.picture is None:
        draw.rectangle([*corner, corner[0] + _TILE - 1, corner[1] + _TILE - 1], outline=_QUIET)
        draw.text((corner[0] + 4, corner[1] + 4), _cut(side.problem, _TILE - 8), _QUIET)
        return
    small = Image.open(io.BytesIO(side.picture.data)).convert("RGB")
    scale = _TILE / max(side.picture.width, side.picture.height)
    size = (max(round(side.picture.width * scale), 1), max(round(side.picture.height * scale), 1))
    left, top = corner[0] + (_TILE - size[0]) // 2, corner[1] + (_TILE - size[1]) // 2
    page.paste(small.resize(size), (left, top))
    for box in sheet.boxes(side):
        x1, y1, x2, y2 = (part * length for part, length in zip(box.corners, size * 2, strict=True))
        color = _COLORS[sheet.names.index(box.name) % len(_COLORS)]
        _draw_box(draw, (left + x1, top + y1, left + x2, top + y2), color, dashed=box.kind != PREDICTION)


def _draw_box(
    draw: ImageDraw.ImageDraw, corners: tuple[float, ...], color: tuple[int, int, int], *, dashed: bool
) -> None:
    x1, y1, x2, y2 = map(round, corners)
    if not dashed:
        draw.rectangle([x1, y1, max(x2, x1), max(y2, y1)], outline=color, width=2)
        return
    for start in range(x1, x2, 2 * _DASH):
        for y in (y1, y2):
            draw.line([start, y, min(start + _DASH, x2), y], color, 2)
    for start in range(y1, y2, 2 * _DASH):
        for x in (x1, x2):
            draw.line([x, start, x, min(start + _DASH, y2)], color, 2)


def _cut(content: str, width: float) -> str:
    """Return what fits, in letters that Pillow's own font has."""
    content = content.replace("→", "->").replace("·", "-").encode("latin-1", "replace").decode("latin-1")
    room = int(width / _LETTER)
    return content if len(content) <= room else f"{content[: max(room - 2, 1)]}.."
