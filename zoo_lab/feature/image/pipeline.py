"""What a set does to each of its images, in order: read, apply the policy, transform. Runs inside Spark executors.

A pipeline is one small frozen object that goes to the workers as it is; a set is a source of images and a pipeline.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from zoo_lab.feature.image.draws import pixel_key
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.loading import Loader, loaded
from zoo_lab.feature.image.policy import by_policy
from zoo_lab.feature.image.reading import ImageReader
from zoo_lab.feature.preprocessing import Preprocessing

_BITS = 64


@dataclass(frozen=True)
class Share:
    """A share of a random split: the images whose number, from their uri and the seed, lies in a range.

    Args:
        start, stop: the range, parts of 1.
        seeds: the seed of the split, and of how many shares this is one.
    """

    start: float
    stop: float
    seeds: tuple[int, int]

    def __contains__(self, feature: ImageFeature) -> bool:
        return self.start <= _number(f"{self.seeds}\x1f{_key(feature)}") < self.stop


@dataclass(frozen=True)
class Pipeline:
    """What a set does to each image.

    Args:
        reader: makes a picture of bytes, and notes the problem where it cannot.
        steps: applied to each good image, in order.
        policy: "raise", "skip" or "mark".
        seeding: (seed, epoch) for the random steps; None leaves the images as they are.
        shares: the splits that an image must be in.
    """

    reader: ImageReader = ImageReader()
    steps: tuple[Preprocessing, ...] = ()
    policy: str = "raise"
    seeding: tuple[int, int] | None = None
    shares: tuple[Share, ...] = ()

    @property
    def by_chance(self) -> bool:
        """Whether one of its steps depends on chance."""
        return any(step.by_chance for step in self.steps)

    def then(self, step: Preprocessing) -> Pipeline:
        """Return this pipeline with one more step."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def replace(self, **changes: Any) -> Pipeline:
        """Return this pipeline with other values for some fields."""
        return dataclasses.replace(self, **changes)

    def chosen(self, sources: Iterable[ImageFeature]) -> Iterator[ImageFeature]:
        """Yield the images of these shares as they are, without reading them."""
        return (source for source in sources if all(source in share for share in self.shares))

    def read(self, sources: Iterable[ImageFeature]) -> Iterator[ImageFeature]:
        """Yield the images of these shares as they were read, the bad ones with their problem."""
        return (self.reader(loaded(source)) for source in self.chosen(sources))

    def run(self, sources: Iterable[ImageFeature]) -> Iterator[Any]:
        """Yield what the set has for each image.

        Raises `DataError` naming the file with policy "raise", and what a step raises.
        """
        for feature in by_policy(self.read(sources), self.policy):
            yield feature if feature.problem else self.transformed(feature)

    def transformed(self, feature: ImageFeature) -> Any:
        """Return what the steps make of an image that was read."""
        value: Any = feature if self.seeding is None else feature.seeded(*self.seeding)
        for step in self.steps:
            value = step(value)
        return value

    def keeping_bytes(self) -> tuple[Pipeline, bool]:
        """Return this pipeline with images that keep the bytes of their files, and whether these are still theirs."""
        same = not self.steps and self.reader.image_codec == -1 and self.reader.resize_height < 1
        return self.replace(reader=dataclasses.replace(self.reader, keep_bytes=same)), same

    def told(self) -> str:
        """Return what the representation of a set says of its pipeline."""
        policy = "" if self.policy == "raise" else f', bad ones: "{self.policy}"'
        seeding = "" if self.seeding is None else f", seed {self.seeding[0]}, epoch {self.seeding[1]}"
        return policy + seeding + "".join(f" → {step!r}" for step in self.steps)


@dataclass(frozen=True)
class MadeAgain(Loader):
    """An image that a set has made before, and what a model said of it.

    Args:
        source: the image as it was before.
        pipeline: what the set does to it.
        predict: what the model said.
        problem: why it said nothing; empty if it is fine.
    """

    source: ImageFeature
    pipeline: Pipeline
    predict: Any
    problem: str = ""

    def load(self, source: ImageFeature) -> ImageFeature:
        """Return the image as the set makes it, with the prediction."""
        [feature] = self.pipeline.run([self.source])
        return feature.replace(predict=self.predict, problem=feature.problem or self.problem)


def _key(feature: ImageFeature) -> str:
    if feature.uri:
        return feature.uri
    if feature.image is not None:
        return pixel_key(feature.image)
    return hashlib.blake2b(feature.bytes or b"").hexdigest()


def _number(text: str) -> float:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BITS // 8).digest()
    return int.from_bytes(digest, "big") / (1 << _BITS)
