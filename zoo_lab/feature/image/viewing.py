"""Joins a set of images to the viewer of widgets: what is shown, and the chain that is played with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError, ZooLabError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.playground import Playground
from zoo_lab.feature.image.showing import Shown, Sliced, Stages
from zoo_lab.feature.image.viewable import Place, Viewable
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing
from zoo_lab.widgets.viewer.items import Item, Side, Volume
from zoo_lab.widgets.viewer.sheet import Sheet, words
from zoo_lab.widgets.viewer.source import PictureSource, page_of

if TYPE_CHECKING:
    from zoo_lab.widgets.viewer.image_viewer import ImageViewer

_VOLUMES_KEPT = 3
_SMALLEST = 32


class SetSource(PictureSource):
    """The images of a set, for the viewer.

    Args:
        images: the set.
        chain: a step or chain that comes after the set's own; None for none.
        seed, epoch: what the random steps draw from; None for the set's own.
    """

    def __init__(
        self, images: Viewable, chain: Preprocessing | None = None, seed: int | None = None, epoch: int | None = None
    ) -> None:
        self.images = images
        own_seed, own_epoch = images.pipeline.seeding or (0, 0)
        steps = [*images.pipeline.steps, *([] if chain is None else [chain])]
        seeding = (own_seed if seed is None else seed, own_epoch if epoch is None else epoch)
        self.playground = Playground(steps, seeding)
        self._places: list[Place] = []
        self._next: int | None = 0  # the partition whose images are looked for next; None when all are known
        self._volumes: dict[tuple[Any, ...], Volume] = {}

    @property
    def title(self) -> str:
        """What kind of set it is."""
        return type(self.images).__name__

    @property
    def classes(self) -> list[str]:
        """The names of the set's label map, by label."""
        return sorted(self.images.label_map, key=self.images.label_map.get)

    @property
    def complete(self) -> bool:
        """Whether all images are known."""
        return self._next is None

    def find(self, least: int) -> int:
        """Look for images until so many are known, or all; return how many are."""
        while self._next is not None and len(self._places) < least:
            found, self._next = self.images.places(self._next)
            self._places += found
        return len(self._places)

    def fetch(self, indices: Sequence[int], edge: int) -> list[Item]:
        """Return these images, rendered where they are."""
        return self._at(indices, self._shown(edge))

    def stages(self, index: int, edge: int) -> list[tuple[str, Side]]:
        """Return what each step that is on leaves of an image."""
        [stages] = self._at([index], Stages(self._shown(edge)))
        return stages

    def volume(self, index: int, side: int, channel: int) -> Volume:
        """Return one channel of a volume; the last few are kept."""
        pipeline = self._pipeline() if side else self._pipeline().replace(steps=())
        key = (index, channel, repr(pipeline))
        if key not in self._volumes:
            [found] = self._at([index], Sliced(pipeline, channel))
            if isinstance(found, DataError):
                raise found
            self._volumes[key] = found
            while len(self._volumes) > _VOLUMES_KEPT:
                del self._volumes[next(iter(self._volumes))]
        return self._volumes[key]

    def play(self) -> dict[str, Any]:
        """Return the chain as JSON values."""
        return self.playground.told()

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Change the chain."""
        self.playground.change(wanted)

    def _at(self, indices: Sequence[int], work: Callable[[ImageFeature], Any]) -> list[Any]:
        self.find(max(indices, default=-1) + 1)
        return self.images.at([self._places[index] for index in indices], work)

    def _shown(self, edge: int) -> Shown:
        names = {label: name for name, label in self.images.label_map.items()}
        return Shown(self._pipeline(), names, edge, bool(self.play()["steps"]))

    def _pipeline(self) -> Pipeline:
        play, own = self.playground, self.images.pipeline
        # an image of a set without a seed keeps its own seeding until another is asked for
        untouched = own.seeding is None and (play.seed, play.epoch) == (0, 0)
        return own.replace(steps=play.steps, policy="mark", seeding=None if untouched else (play.seed, play.epoch))


class ImageSetViewer:
    """Shows a set of images in a notebook: a grid, each in full, and its chain to play with.

    Args:
        images: the set.
        chain: a step or chain to look at, after the set's own.
        rows: of the grid, until more are asked for.
        threshold: least score of the boxes that are drawn, from 0 to 1.
        classes: names of the classes whose boxes are drawn; empty for all.
        seed, epoch: what random steps draw from; None for the set's own, or 0.
        playing: whether the chain's steps are open from the start.

    Raises `ArgumentError` listing the wrong arguments.

    Example:
        >>> viewer = ImageSetViewer(images, chain=chain, rows=2)  # doctest: +SKIP
        >>> model_input = images.transform(viewer.chain)  # the chain as it was played with  # doctest: +SKIP
    """

    def __init__(
        self,
        images: Viewable,
        *,
        chain: Preprocessing | None = None,
        rows: int = 3,
        threshold: float = 0.0,
        classes: Sequence[str] = (),
        seed: int | None = None,
        epoch: int | None = None,
        playing: bool = False,
    ) -> None:
        _check(images, chain, {"rows": rows, "threshold": threshold, "classes": classes, "seed": seed, "epoch": epoch})
        self.source = SetSource(images, chain, seed, epoch)
        self._settings = {"rows": rows, "threshold": threshold, "classes": list(classes), "playing": playing}
        self._widget: ImageViewer | None = None

    @property
    def widget(self) -> ImageViewer:
        """The live widget."""
        if self._widget is None:
            from zoo_lab.widgets.viewer.image_viewer import ImageViewer

            self._widget = ImageViewer(self.source, **self._settings)
        return self._widget

    @property
    def chain(self) -> ChainedPreprocessing | None:
        """The chain as it is played with: the steps that are on, with their parameters; None if there are none."""
        return self.source.playground.chain

    @property
    def seed(self) -> int:
        """The seed that its pictures are drawn with."""
        return self.source.playground.seed

    @property
    def epoch(self) -> int:
        """The epoch that its pictures are drawn with."""
        return self.source.playground.epoch

    def __repr__(self) -> str:
        return f"ImageSetViewer({self.source.images!r})"

    def __str__(self) -> str:
        settings = self._settings
        items = self.source.fetch(range(page_of(settings["rows"], self.source)), _SMALLEST)
        return words(Sheet.of(self.source, items, settings["threshold"], settings["classes"]))

    def display(self) -> None:
        """Show it in the running cell of a notebook; elsewhere print what is shown as a table."""
        from zoo_lab.widgets.kernel import in_kernel

        if not in_kernel():
            print(self)
            return
        from zoo_lab.widgets.viewer.output import show

        show(self.widget)

    def _ipython_display_(self) -> None:
        self.display()


def display_set(images: Viewable) -> None:
    """Show a set in the running cell; where there is no notebook, or it cannot be read, its representation."""
    from zoo_lab.widgets.kernel import in_kernel

    if not in_kernel():
        print(repr(images))
        return
    try:
        ImageSetViewer(images).display()
    except ZooLabError as error:  # the value of a cell is shown unasked: that must not fail the cell
        sys.stderr.write(f"{images!r}\nIts images cannot be shown: {error}\n")


def _check(images: Any, chain: Any, settings: Mapping[str, Any]) -> None:
    checks = Checks("ImageSetViewer")
    checks.require(isinstance(images, Viewable), f"Expected an ImageSet; received {type(images).__name__}.")
    is_chain = chain is None or isinstance(chain, Preprocessing)
    checks.require(is_chain, f"Expected chain to be a step or a chain; received {type(chain).__name__}.")
    checks.positive_int("rows", settings["rows"])
    threshold = settings["threshold"]
    is_part = isinstance(threshold, (int, float)) and 0 <= threshold <= 1
    checks.require(is_part, f"Expected threshold to be from 0 to 1; received {threshold!r}.")
    for name in ("seed", "epoch"):
        if settings[name] is not None:
            checks.natural_int(name, settings[name])
    if isinstance(images, Viewable) and images.label_map:
        for name in settings["classes"]:
            checks.one_of("classes", name, images.label_map)
    checks.done()
