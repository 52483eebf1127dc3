"""What a data set with annotations is: images, each with its boxes, and the names of the classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from zoo_lab.feature.image.access import FileAccess
from zoo_lab.feature.image.boxes import Boxes


@dataclass(frozen=True)
class Annotations:
    """What annotations say.

    Args:
        boxes: full path of each image → its boxes.
        label_map: name of each class → label.
    """

    boxes: Mapping[str, Boxes]
    label_map: Mapping[str, int]


class Annotated(ABC):
    """A data set whose annotations lie in files of their own."""

    @abstractmethod
    def read(self, access: FileAccess) -> Annotations:
        """Return what the annotations say; `DataError` naming the file where one cannot be read."""
