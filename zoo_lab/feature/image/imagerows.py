"""Rows of a pinned set of images: what shards hold of an image, and the record that a chain makes of it (E)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.packing import packed, unpacked
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.policy import bad_file, by_policy
from zoo_lab.feature.image.reading import ImageReader
from zoo_lab.feature.image.taking import expect_feature, record_of
from zoo_lab.feature.preprocessing import Preprocessing
from zoo_lab.feature.rowchain import Moment, RowMaker, Stored

FIELD = "image"
_BLOCK_BYTES = 16 << 20


@dataclass(frozen=True)
class ImageRows(RowMaker):
    """Makes the record that a model trains on of a pinned image.

    Args:
        reader: decodes the images that were pinned as files.
        steps: applied in order.
    """

    reader: ImageReader
    steps: tuple[Preprocessing, ...] = ()

    def then(self, step: Preprocessing) -> ImageRows:
        """Return this maker with one more step."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def record(self, stored: Stored, item: int, moment: Moment) -> Any:
        """Return the record of one image, its random steps drawn for this moment."""
        feature = self.reader(unpacked(stored[FIELD][item]))
        value: Any = feature.seeded(moment.seed, moment.epoch, moment.strength)
        for step in self.steps:
            value = step(value)
        return record_of(value)

    def name(self, stored: Stored, item: int, number: int) -> str:
        """Return where an image came from."""
        return unpacked(stored[FIELD][item]).name


@dataclass(frozen=True)
class ImageBlocks:
    """Turns the images of a partition, as their source has them, into blocks of packed ones.

    Args:
        pipeline: what is done to an image once, before it is pinned.
        as_files: whether images that came as files stay files; every one is decoded once to see that it can be.
    """

    pipeline: Pipeline
    as_files: bool

    def __call__(self, _partition: int, sources: Iterable[ImageFeature]) -> Iterator[dict[str, np.ndarray]]:
        block: list[bytes] = []
        size = 0
        for feature in self._features(sources):
            block.append(packed(feature))
            size += len(block[-1])
            if size > _BLOCK_BYTES:
                yield _as_block(block)
                block, size = [], 0
        if block:
            yield _as_block(block)

    def _features(self, sources: Iterable[ImageFeature]) -> Iterator[ImageFeature]:
        if not self.as_files:
            features = map(expect_feature, self.pipeline.run(sources))
        else:
            reading = self.pipeline.replace(reader=dataclasses.replace(self.pipeline.reader, keep_bytes=True))
            features = map(_as_file, by_policy(reading.read(sources), self.pipeline.policy))
        for feature in features:
            if feature.problem:
                raise bad_file(feature)
            yield feature


def _as_file(feature: ImageFeature) -> ImageFeature:
    return feature if feature.bytes is None else feature.replace(mat=None, floats=None)


def _as_block(images: list[bytes]) -> dict[str, np.ndarray]:
    values = np.empty(len(images), object)
    values[:] = images
    return {FIELD: values}
