"""Where a viewer has its pictures from: an interface of plain values, so that the viewer knows no Spark."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from zoo_lab.widgets.viewer.items import Item, Side, Volume

_IN_A_ROW = 6
_PAIRS_IN_A_ROW = 3


class PictureSource(ABC):
    """Many images, of which some are fetched when they are to be shown."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the images are called."""

    @property
    @abstractmethod
    def classes(self) -> list[str]:
        """The names of the classes, in the order of their labels; empty if there are none."""

    @abstractmethod
    def find(self, least: int) -> int:
        """Look for images until at least so many are known, or all; return how many are known. None is read for it."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether all images are known, so that there are no more."""

    @abstractmethod
    def fetch(self, indices: Sequence[int], edge: int) -> list[Item]:
        """Return these images and no others.

        Args:
            indices: which, counted from 0.
            edge: pictures are made smaller until no side is longer.
        """

    @abstractmethod
    def stages(self, index: int, edge: int) -> list[tuple[str, Side]]:
        """Return (step, what it left) for each step of the chain that is on, in order, up to one that fails."""

    @abstractmethod
    def volume(self, index: int, side: int, channel: int) -> Volume:
        """Return one channel of the volume of an image, `side` 0 as it was read, 1 as the chain made it."""

    @abstractmethod
    def play(self) -> dict[str, Any]:
        """Return the chain as JSON values: seed, epoch, steps with their switches and parameters, code.

        It has no steps where there is no chain.
        """

    @abstractmethod
    def change(self, wanted: Mapping[str, Any]) -> None:
        """Change seed, epoch, switches or parameters; what is wrong with a step is then told by `play`.

        Args:
            wanted: any of "seed", "epoch", "on" (position → whether), "values" (path of a parameter → its value),
                "reset" (True: as it was given).
        """


def page_of(rows: int, source: PictureSource) -> int:
    """Return how many images fill so many rows at first; with a chain each takes the room of two."""
    wanted = rows * (_PAIRS_IN_A_ROW if source.play()["steps"] else _IN_A_ROW)
    return min(wanted, source.find(wanted))
