"""Labels from folders: every folder is a class, and classes are numbered in the order of their names.

Runs inside Spark executors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zoo_lab.feature.image.feature import ImageFeature


def folder_of(uri: str) -> str:
    """Return the name of the folder that a file is in.

    Example:
        >>> folder_of("hdfs://host/animals/cats/1.jpg")
        'cats'
    """
    parts = uri.rsplit("/", 2)
    return parts[-2] if len(parts) > 1 else ""


def label_map_of(folders: Iterable[str], *, one_based: bool = False) -> dict[str, int]:
    """Return folder → label, counted from 0 (or 1) in the order of the names.

    Example:
        >>> label_map_of(["dogs", "cats", "dogs"])
        {'cats': 0, 'dogs': 1}
    """
    return {name: label for label, name in enumerate(sorted(set(folders)), start=int(one_based))}


@dataclass(frozen=True)
class Labelled:
    """Gives an image what is known of its file: the label of its folder.

    Args:
        label_map: folder → label.
    """

    label_map: Mapping[str, int]

    def __call__(self, feature: ImageFeature) -> ImageFeature:
        return dataclasses.replace(feature, label=self.label_map[folder_of(feature.uri)])
