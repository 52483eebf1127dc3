"""Packs images for the page: a small JSON part, and the pictures as binary buffers that it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo_lab.widgets.viewer.items import Box, Item, Picture, Side, Volume

_DIGITS = 5


def packed(items: Sequence[Item]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Return images as JSON values and buffers; a picture says which buffer is its own."""
    buffers: list[bytes] = []
    return [_item(item, buffers) for item in items], buffers


def packed_stages(stages: Sequence[tuple[str, Side]]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Return steps and what they left as JSON values and buffers."""
    buffers: list[bytes] = []
    return [{"step": step, "side": _side(side, buffers)} for step, side in stages], buffers


def packed_volume(volume: Volume) -> tuple[dict[str, Any], list[bytes]]:
    """Return a volume as JSON values and one buffer: uint16, little-endian, depth first, width last."""
    told = {"low": volume.low, "high": volume.high, "size": list(volume.levels.shape), "shape": list(volume.shape)}
    return told, [volume.levels.astype("<u2").tobytes()]


def _item(item: Item, buffers: list[bytes]) -> dict[str, Any]:
    return {
        "name": item.name,
        "label": item.label,
        "prediction": item.prediction,
        "agrees": item.agrees,
        "draws": [list(draw) for draw in item.draws],
        "sides": [_side(side, buffers) for side in item.sides],
    }


def _side(side: Side, buffers: list[bytes]) -> dict[str, Any]:
    return {
        "picture": None if side.picture is None else _picture(side.picture, buffers),
        "boxes": [_box(box) for box in side.boxes],
        "volume": None if side.volume is None else list(side.volume),
        "problem": side.problem,
    }


def _picture(picture: Picture, buffers: list[bytes]) -> dict[str, Any]:
    buffers.append(picture.data)
    told = {"mime": picture.mime, "width": picture.width, "height": picture.height, "note": picture.note}
    return {**told, "buffer": len(buffers) - 1}


def _box(box: Box) -> dict[str, Any]:
    return {
        "corners": [round(float(corner), _DIGITS) for corner in box.corners],
        "name": box.name,
        "score": None if box.score is None else round(float(box.score), _DIGITS),
        "kind": box.kind,
        "difficult": box.difficult,
    }
