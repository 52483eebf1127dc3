from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo_lab.core.errors import DataError
from zoo_lab.widgets.viewer.items import PREDICTION, Box, Item, Picture, Side, Volume
from zoo_lab.widgets.viewer.source import PictureSource


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(kept, "PNG")
    return kept.getvalue()


class Squares(PictureSource):
    """Coloured rectangles, made when they are asked for; it notes what was asked."""

    title = "Squares"
    classes = ("red", "green")

    def __init__(self, count: int = 40, steps: Sequence[dict] = ()) -> None:
        self.asked: list[list[int]] = []
        self.wanted: list[Mapping[str, Any]] = []
        self._count = count
        self._steps = list(steps)

    complete = True

    def find(self, least: int) -> int:
        return self._count

    def fetch(self, indices: Sequence[int], edge: int) -> list[Item]:
        if 13 in indices and edge > 1000:
            msg = "number 13: it is cut off"
            raise DataError(msg)
        self.asked.append(list(indices))
        return [self.item(index) for index in indices]

    def item(self, index: int) -> Item:
        boxes = (
            Box((0.1, 0.2, 0.5, 0.6), "green"),
            Box((0.1, 0.2, 0.6, 0.6), "green", 0.8, PREDICTION),
            Box((0, 0, 1, 1), "red", 0.3, PREDICTION),
        )
        side = Side(Picture(png(64, 48, (index, 0, 200)), "image/png", 640, 480), boxes)
        return Item(f"folder/{index}.png", (side,) * (2 if self._steps else 1), label="red", draws=(("Flip", "on 1"),))

    def stages(self, index: int, edge: int) -> list[tuple[str, Side]]:
        return [(step["name"], self.item(index).sides[0]) for step in self._steps]

    def volume(self, index: int, side: int, channel: int) -> Volume:
        return Volume(np.arange(24, dtype=np.uint16).reshape(2, 3, 4), -1.0, 1.0, (2, 3, 4))

    def play(self) -> dict[str, Any]:
        return {"seed": 3, "epoch": 1, "steps": self._steps, "code": "…"}

    def change(self, wanted: Mapping[str, Any]) -> None:
        self.wanted.append(wanted)


@pytest.fixture
def squares() -> Squares:
    return Squares()


@pytest.fixture
def flipped() -> Squares:
    return Squares(steps=[{"name": "Flip", "on": True, "params": [], "problem": ""}])
