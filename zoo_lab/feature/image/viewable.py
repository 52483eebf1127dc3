"""What a viewer asks of a set: where its images are, and some of them; and how a notebook shows the set."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from zoo_lab.feature.image.base import ImageCollection
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pipeline import Pipeline

if TYPE_CHECKING:
    from zoo_lab.feature.image.viewing import ImageSetViewer


class Place(NamedTuple):
    """Where an image of a set is: its uri, and its number within its partition, before any is left out."""

    uri: str
    partition: int
    position: int


class Viewable(ImageCollection):
    """Many images, of which a few can be had without the others; a notebook shows them."""

    @property
    @abstractmethod
    def pipeline(self) -> Pipeline:
        """What happens to each image, in order."""

    @abstractmethod
    def places(self, start: int = 0) -> tuple[list[Place], int | None]:
        """Return where images are from a partition on, in the order of the set, and the partition to go on from.

        That is None at the end. All are found at once where no file has to be read for it; else those of a few
        partitions, twice as many each time.
        """

    @abstractmethod
    def at(self, places: Sequence[Place], work: Callable[[ImageFeature], Any]) -> list[Any]:
        """Return what `work` makes of the images at these places as they are known, neither decoded nor transformed.

        It runs where the images are; of the others, none is decoded.
        """

    def show(self, **settings: Any) -> ImageSetViewer:
        """Return a viewer of these images: the last value of a cell is shown; it has `chain`, as it is played with.

        Args:
            settings: `chain`, `rows`, `threshold`, `classes`, `seed`, `epoch`, `playing` as in `ImageSetViewer`.
        """
        from zoo_lab.feature.image.viewing import ImageSetViewer

        return ImageSetViewer(self, **settings)

    def _ipython_display_(self) -> None:
        """Show the images in a notebook, their representation elsewhere or where they cannot be shown."""
        from zoo_lab.feature.image.viewing import display_set

        display_set(self)

    def _repr_mimebundle_(self, include: Collection[str] = (), exclude: Collection[str] = ()) -> dict[str, Any]:
        """Return the first images by MIME type: HTML, PNG and plain text, and in a kernel the live widget too."""
        from zoo_lab.feature.image.viewing import bundle_of

        return bundle_of(self, include or (), exclude or ())


class Numbered:
    """Gives the place of each image of a partition that is chosen.

    Args:
        chosen: leaves out what the set does not have.
    """

    def __init__(self, chosen: Callable[[Iterable[ImageFeature]], Iterable[ImageFeature]]) -> None:
        self.chosen = chosen

    def __call__(self, partition: int, images: Iterable[ImageFeature]) -> Iterator[Place]:
        for position, image in enumerate(images):
            for kept in self.chosen([image]):
                yield Place(kept.uri, partition, position)
