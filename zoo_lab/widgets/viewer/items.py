"""What a viewer shows: pictures as encoded bytes, with boxes and words. Plain data, made wherever the pictures are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TRUTH = "truth"
PREDICTION = "prediction"


@dataclass(frozen=True)
class Picture:
    """One picture as a page draws it.

    Args:
        data: an image file.
        mime: its type, such as "image/jpeg".
        width, height: of the whole picture in pixels, which `data` may hold smaller.
        note: what was done to its values to show them; empty for nothing.
    """

    data: bytes
    mime: str
    width: int
    height: int
    note: str = ""


@dataclass(frozen=True)
class Box:
    """One box on a picture.

    Args:
        corners: x1, y1, x2, y2 as parts of the picture's width and height.
        name: of the class that it shows.
        score: from 0 to 1; None if there is none.
        kind: `TRUTH` or `PREDICTION`.
        difficult: whether it is marked so, as in VOC.
    """

    corners: tuple[float, float, float, float]
    name: str
    score: float | None = None
    kind: str = TRUTH
    difficult: bool = False


@dataclass(frozen=True)
class Side:
    """An image at one place of its chain: before it, or after it.

    Args:
        picture: None where there is none to show.
        boxes: on it.
        volume: (depth, height, width, channels) if it is a volume, whose middle slice the picture then is.
        problem: why it cannot be shown; empty if it can.
    """

    picture: Picture | None = None
    boxes: tuple[Box, ...] = ()
    volume: tuple[int, int, int, int] | None = None
    problem: str = ""


@dataclass(frozen=True)
class Item:
    """One image of a viewer.

    Args:
        name: where it came from.
        sides: as it was read; and, where there is a chain, what the chain made of it.
        label: what it is said to show.
        prediction: what a model said of it; empty for nothing.
        agrees: whether both say the same; None where one is missing.
        draws: (step, what it drew) of each random step.
    """

    name: str
    sides: tuple[Side, ...]
    label: str = ""
    prediction: str = ""
    agrees: bool | None = None
    draws: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Volume:
    """One channel of a volume, ready for the page.

    Args:
        levels: (depth, height, width) as uint16, 0 for `low` and 65535 for `high`.
        low, high: the least and the greatest value.
        shape: (depth, height, width) of the whole volume, of which `levels` may hold every second voxel or fewer.
    """

    levels: np.ndarray
    low: float
    high: float
    shape: tuple[int, int, int]
