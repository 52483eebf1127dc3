"""Files on disks that the workers see: they get the names and open them, several times faster than Spark's own scan.

Used on the driver, which finds the names; what runs in the workers opens the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.imageset_sources import DistributedSource, Made, Placed
from zoo_lab.feature.image.viewable import Place

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext

_TURNS = 2
"""Partitions for each worker slot: one that has the larger files does not hold up the others for long."""
_MOST_FILES = 1000


@dataclass(frozen=True, eq=False)
class NamedFiles(DistributedSource):
    """Files that the workers open by their names.

    The names are dealt out one by one, so that each partition has files of every folder.

    Args:
        context: where the workers are.
        paths: of this machine, as the workers see them too, in the order of the set.
        make: gives the images that the bytes of a file hold.
        min_partitions: that there shall be, where there are as many files; None for two for each worker slot.
        one_each: whether each file holds exactly one image.
    """

    context: NNContext
    paths: Sequence[str]
    make: Made
    min_partitions: int | None = None
    one_each: bool = True

    def images(self) -> RDD:
        """Return an RDD of the images, with their bytes."""
        return self._dealt(self.paths, _Opened(self.make))

    def first(self, count: int) -> RDD:
        """Return an RDD of the images in the first files; no other files are opened."""
        groups = [[path] for path in self.paths[:count]]
        return self.context.sc.parallelize(groups, min(len(groups), self.context.slots)).mapPartitions(
            _Opened(self.make)
        )

    def names(self) -> RDD:
        """Return an RDD of images with their uri only; the files are not read where each holds one image."""
        return self._dealt(self.paths, _named) if self.one_each else self.images()

    def at(self, places: Sequence[Place]) -> tuple[RDD, list[int] | None]:
        """Return an RDD of (place, image) for some files, which alone are read where each holds one image."""
        if not self.one_each:
            return super().at(places)
        known = {place.uri: place for place in places}
        return self._dealt(list(known), _Opened(self.make)).map(Placed(known)), None

    @property
    def cheap_names(self) -> bool:
        """Whether each file holds one image."""
        return self.one_each

    def _dealt(self, paths: Sequence[str], work: Callable[[Iterable[list[str]]], Iterator[ImageFeature]]) -> RDD:
        wanted = self.min_partitions or _TURNS * self.context.slots
        count = min(len(paths), max(wanted, -(-len(paths) // _MOST_FILES)))
        return self.context.sc.parallelize([paths[start::count] for start in range(count)], count).mapPartitions(work)


class _Opened:
    def __init__(self, make: Made) -> None:
        self.make = make

    def __call__(self, groups: Iterable[list[str]]) -> Iterator[ImageFeature]:
        for path in [path for group in groups for path in group]:
            try:
                data = Path(path).read_bytes()
            except OSError as error:
                yield ImageFeature(uri=path, problem=f"it cannot be opened: {error.strerror or error}")
            else:
                yield from self.make(path, data)


def _named(groups: Iterable[list[str]]) -> Iterator[ImageFeature]:
    return (ImageFeature(uri=path) for path in [path for group in groups for path in group])
