"""The boxes of one image: where they are, what they show, and in which units. Runs inside Spark executors."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of one image, float32, from the left upper to the right lower corner.

    Args:
        coordinates: (n, 4) of x1, y1, x2, y2: pixels from the left upper corner of the image, or parts of its width
            and height if `normalized`.
        labels: (n,) whole numbers, zero-based; all 0 if left out.
        scores: (n,) from 0 to 1, of predicted boxes.
        difficult: (n,) booleans, as in VOC.
        normalized: whether the coordinates are parts of the width and height instead of pixels.
        centers: (n, 2) centres of the whole objects, where crops have cut the boxes; None = the middle of each box.

    Raises `ArgumentError` listing every array of another length.

    Example:
        >>> boxes = Boxes([[2, 84, 59, 248]], labels=[7])
        >>> boxes.to_normalized(height=375, width=500).coordinates.round(3).tolist()
        [[0.004000000189989805, 0.2240000069141388, 0.11800000071525574, 0.6610000133514404]]
    """

    coordinates: np.ndarray
    labels: np.ndarray | None = None
    scores: np.ndarray | None = None
    difficult: np.ndarray | None = None
    normalized: bool = False
    centers: np.ndarray | None = None

    def __post_init__(self) -> None:
        coordinates = np.asarray(self.coordinates, np.float32)
        coordinates = coordinates.reshape(0, 4) if coordinates.size == 0 else coordinates
        checks = Checks("Boxes")
        right = coordinates.ndim == 2 and coordinates.shape[1] == 4
        checks.require(right, f"Expected coordinates of shape (n, 4); received {coordinates.shape}.")
        labels = np.zeros(len(coordinates), np.int64) if self.labels is None else self.labels
        self._set("coordinates", coordinates, np.float32)
        self._set("labels", labels, np.int64)
        self._set("scores", self.scores, np.float32)
        self._set("difficult", self.difficult, np.bool_)
        self._set("centers", self.centers, np.float32)
        for name, values in self._columns():
            problem = f"Expected {name} of {len(coordinates)} boxes; received {len(values)}."
            checks.require(len(values) == len(coordinates), problem)
        checks.done()

    def __len__(self) -> int:
        return len(self.coordinates)

    def replace(self, **changes: Any) -> Boxes:
        """Return these boxes with other values for some fields."""
        return dataclasses.replace(self, **changes)

    def select(self, chosen: Any) -> Boxes:
        """Return only the boxes that a mask or a list of positions chooses."""
        return self.replace(**{name: values[chosen] for name, values in self._columns()})

    def to_pixels(self, height: int, width: int) -> Boxes:
        """Return the boxes in pixels of an image of that size."""
        return self._scaled(width, height, False) if self.normalized else self

    def to_normalized(self, height: int, width: int) -> Boxes:
        """Return the boxes as parts of the width and height of an image of that size."""
        return self if self.normalized else self._scaled(1 / width, 1 / height, True)

    def in_units_of(self, normalized: bool, height: int, width: int) -> Boxes:
        """Return the boxes normalized or in pixels, as asked, for an image of that size."""
        return self.to_normalized(height, width) if normalized else self.to_pixels(height, width)

    def middles(self) -> np.ndarray:
        """Return the centres of the whole objects, (n, 2) of x, y in the units of the boxes."""
        if self.centers is not None:
            return self.centers
        return (self.coordinates[:, :2] + self.coordinates[:, 2:]) / np.float32(2)

    def _scaled(self, x: float, y: float, normalized: bool) -> Boxes:
        factors = np.array([x, y, x, y])
        centers = None if self.centers is None else self.centers * factors[:2]
        return self.replace(coordinates=self.coordinates * factors, centers=centers, normalized=normalized)

    def _columns(self) -> Iterable[tuple[str, np.ndarray]]:
        names = ("coordinates", "labels", "scores", "difficult", "centers")
        return [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]

    def _set(self, name: str, value: Any, dtype: type) -> None:
        object.__setattr__(self, name, None if value is None else np.asarray(value, dtype))
