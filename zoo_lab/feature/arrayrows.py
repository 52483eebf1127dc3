"""Rows of any pinned arrays whose input goes through a chain whenever it is read (E)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.feature.image.base import ImagePreprocessing
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.taking import record_of
from zoo_lab.feature.preprocessing import Preprocessing, steps_of
from zoo_lab.feature.rowchain import Moment, RowMaker, Stored
from zoo_lab.feature.structure import Structure, map_leaves


@dataclass(frozen=True)
class ArrayRows(RowMaker):
    """Makes records of arrays: steps over images see each input as an image without a name, other steps as it is.

    Args:
        structure: the stored fields; x is one of them.
        steps: applied to x in order.
    """

    structure: Structure
    steps: tuple[Preprocessing, ...] = ()

    def then(self, step: Preprocessing) -> ArrayRows:
        """Return this maker with one more step."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def record(self, stored: Stored, item: int, moment: Moment) -> Any:
        """Return (x, y, sample_weight) of one row; the last two are as they were stored."""

        def take(name: str) -> Any:
            return stored[name][item]

        value = self._input(take(self.structure.x), moment)
        for step in self.steps:
            value = step(value)
        x = record_of(value)
        if self.structure.weight is not None:
            return x, map_leaves(take, self.structure.y), map_leaves(take, self.structure.weight)
        return x if self.structure.y is None else (x, map_leaves(take, self.structure.y))

    def name(self, stored: Stored, item: int, number: int) -> str:
        """Return the number of a row."""
        return f"row {number}"

    def _input(self, value: Any, moment: Moment) -> Any:
        first = next((one for step in self.steps for one in steps_of(step)), None)
        if not isinstance(first, ImagePreprocessing):
            return value
        is_file = isinstance(value, (bytes, str))
        if not is_file and (np.ndim(value) == 4 or _takes_volumes(first)):
            return ImageFeature(tensor=_volume(value)).seeded(moment.seed, moment.epoch, moment.strength)
        feature = ImageFeature(bytes=value) if is_file else ImageFeature().with_image(value)
        return feature.seeded(moment.seed, moment.epoch, moment.strength)


def _takes_volumes(step: Preprocessing) -> bool:
    from zoo_lab.feature.image3d.base import ImagePreprocessing3D, RandomImagePreprocessing3D

    return isinstance(step, (ImagePreprocessing3D, RandomImagePreprocessing3D))


def _volume(value: np.ndarray) -> np.ndarray:
    return value[..., np.newaxis] if value.ndim == 3 else value
