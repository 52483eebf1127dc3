"""The images of a set as the viewer of widgets takes them: found, fetched, and the chain that is played with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.playground import Playground
from zoo_lab.feature.image.showing import Shown, Sliced, Stages
from zoo_lab.feature.image.viewable import Place, Viewable
from zoo_lab.feature.preprocessing import Preprocessing
from zoo_lab.widgets.viewer.items import Item, Side, Volume
from zoo_lab.widgets.viewer.source import PictureSource

_VOLUMES_KEPT = 3


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
