"""Where a distributed set has its images from: files that Spark reads, or an RDD. Used on the driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.files import local_path
from zoo_lab.feature.image.hadoop import listed_files
from zoo_lab.feature.image.labels import Labelled
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.threads import keep_to_slot
from zoo_lab.feature.image.viewable import Place

if TYPE_CHECKING:
    from pyspark import RDD, Broadcast
    from pyspark.sql import DataFrame

Made = Callable[[str, bytes], Iterable[ImageFeature]]


class DistributedSource(ABC):
    """Images of a cluster that are known but not read."""

    @abstractmethod
    def images(self) -> RDD:
        """Return an RDD of the images, not decoded."""

    @abstractmethod
    def first(self, count: int) -> RDD:
        """Return an RDD of the first images only, of which Spark reads few more."""

    @abstractmethod
    def names(self) -> RDD:
        """Return an RDD with an image for each, of which only what tells it from others is sure to be there."""

    def at(self, places: Sequence[Place]) -> tuple[RDD, list[int] | None]:
        """Return an RDD of (place, image) for some of `names`, and in which partitions they are; None for all."""
        return self.images().mapPartitionsWithIndex(_At(places)), sorted({place.partition for place in places})

    @property
    def cheap_names(self) -> bool:
        """Whether `names` takes no reading; then their order means nothing: Spark finds large files first."""
        return False


@dataclass(frozen=True, eq=False)
class FileSource(DistributedSource):
    """Files on any path that Spark reads, whose bytes it hands to the workers.

    Args:
        frame: a DataFrame of the data source binaryFile.
        make: gives the images that the bytes of a file hold.
        empty: paths of the files without a byte, which the frame leaves out.
        one_each: whether each file holds exactly one image.
    """

    frame: DataFrame
    make: Made
    empty: Sequence[str] = ()
    one_each: bool = True

    def images(self) -> RDD:
        """Return an RDD of the images, with their bytes."""
        return self._with_empty(self._made(self.frame))

    def first(self, count: int) -> RDD:
        """Return an RDD of the images in the first files, which Spark counts: tasks read all that they are given."""
        return self._with_empty(self._made(self.frame.limit(count)))

    def names(self) -> RDD:
        """Return an RDD of images with their uri only; the files are not read where each holds one image."""
        if not self.one_each:
            return self.images()
        return self._with_empty(self.frame.select("path").rdd.map(_named))

    def at(self, places: Sequence[Place]) -> tuple[RDD, list[int] | None]:
        """Return an RDD of (place, image) for some files, which alone are read where each holds one image."""
        if not self.one_each:
            return super().at(places)
        from zoo_lab.context.nncontext import as_context

        known = {place.uri: place for place in places}
        frame = listed_files(as_context(self.frame.sparkSession), list(known))
        images = replace(self, frame=frame, empty=sorted(known.keys() & set(self.empty))).images()
        return images.map(Placed(known)), None

    @property
    def cheap_names(self) -> bool:
        """Whether each file holds one image."""
        return self.one_each

    def _made(self, frame: DataFrame) -> RDD:
        return frame.select("path", "content").rdd.mapPartitions(_Made(self.make))

    def _with_empty(self, images: RDD) -> RDD:
        if not self.empty:
            return images
        made = [feature for path in self.empty for feature in self.make(path, b"")]
        return images.union(images.context.parallelize(made, 1))


@dataclass(frozen=True, eq=False)
class RddSource(DistributedSource):
    """An RDD of images.

    Args:
        rdd: of `ImageFeature`.
    """

    rdd: RDD

    def images(self) -> RDD:
        """Return the RDD."""
        return self.rdd

    def first(self, count: int) -> RDD:
        """Return the RDD with as many of the first images of each partition; they are read to their end."""
        return self.rdd.mapPartitions(_First(count))

    def names(self) -> RDD:
        """Return the RDD."""
        return self.rdd


@dataclass(frozen=True, eq=False)
class MappedSource(DistributedSource):
    """The images that a set makes, given on through a function that takes many of them in turn.

    Args:
        source: of the set.
        pipeline: of the set.
        run: takes images and gives as many, in the same order.
    """

    source: DistributedSource
    pipeline: Pipeline
    run: Callable[[Iterable[Any]], Iterator[ImageFeature]]

    def images(self) -> RDD:
        """Return an RDD of what the function gives."""
        return self._mapped(self.source.images())

    def first(self, count: int) -> RDD:
        """Return an RDD of what the function gives for the first images."""
        return self._mapped(self.source.first(count))

    def names(self) -> RDD:
        """Return an RDD of the images as the source has them: the function changes nothing in their names."""
        return self.source.names().mapPartitions(self.pipeline.chosen)

    def at(self, places: Sequence[Place]) -> tuple[RDD, list[int] | None]:
        """Return an RDD of (place, what the function gives) for some images; no others are made."""
        found, partitions = self.source.at(places)
        if self.pipeline.shares:  # places count only those that are in the set
            chosen = self.source.images().mapPartitions(self.pipeline.chosen)
            found = chosen.mapPartitionsWithIndex(_At(places))
            partitions = sorted({place.partition for place in places})
        return found.mapValues(_Alone(self.pipeline.replace(policy="mark"), self.run)), partitions

    @property
    def cheap_names(self) -> bool:
        """Whether the source's are."""
        return self.source.cheap_names

    def _mapped(self, images: RDD) -> RDD:
        return images.mapPartitions(Drained(self.pipeline.run)).mapPartitions(self.run)


@dataclass(frozen=True)
class _Alone:
    pipeline: Pipeline
    run: Callable[[Iterable[Any]], Iterator[ImageFeature]]

    def __call__(self, image: ImageFeature) -> ImageFeature:
        [made] = self.run(self.pipeline.run([image]))
        return made


class Drained:
    """Does what a set does to the images of a partition, with the threads of its slot.

    Reads the partition to its end where an image of it raises: an input left unread would kill the Python worker.
    """

    def __init__(self, run: Callable[[Iterable[Any]], Iterator[Any]]) -> None:
        self.run = run

    def __call__(self, sources: Iterator[Any]) -> Iterator[Any]:
        keep_to_slot()
        try:
            yield from self.run(sources)
        except DataError:
            for _ in sources:
                pass
            raise


@dataclass(frozen=True)
class OneImage:
    """Makes the one image that a file holds.

    Args:
        labelled: gives it its label; None for none.
    """

    labelled: Labelled | None = None

    def __call__(self, uri: str, data: bytes) -> Iterator[ImageFeature]:
        feature = ImageFeature(uri=uri, bytes=data)
        yield feature if self.labelled is None else self.labelled(feature)


@dataclass(frozen=True)
class Boxed:
    """Makes the one image that a file holds, with its boxes.

    Args:
        boxes: a broadcast uri → boxes.
    """

    boxes: Broadcast

    def __call__(self, uri: str, data: bytes) -> Iterator[ImageFeature]:
        yield ImageFeature(uri=uri, bytes=data, boxes=self.boxes.value[uri])


class _Made:
    def __init__(self, make: Made) -> None:
        self.make = make

    def __call__(self, rows: Iterable[Any]) -> Iterator[ImageFeature]:
        for row in rows:
            yield from self.make(local_path(row["path"]), bytes(row["content"]))


class _At:
    def __init__(self, places: Sequence[Place]) -> None:
        self.places = {(place.partition, place.position): place for place in places}

    def __call__(self, partition: int, images: Iterable[ImageFeature]) -> Iterator[tuple[Place, ImageFeature]]:
        for position, image in enumerate(images):  # to the end: an input left unread would kill the Python worker
            if (partition, position) in self.places:
                yield self.places[partition, position], image


class Placed:
    """Gives the place of an image with it, by its uri."""

    def __init__(self, places: dict[str, Place]) -> None:
        self.places = places

    def __call__(self, image: ImageFeature) -> tuple[Place, ImageFeature]:
        return self.places[image.uri], image


class _First:
    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, features: Iterable[ImageFeature]) -> Iterator[ImageFeature]:
        for number, feature in enumerate(features):
            if number < self.count:  # the rest is read too: an input left unread would kill the Python worker
                yield feature


def _named(row: Any) -> ImageFeature:
    return ImageFeature(uri=local_path(row["path"]))
