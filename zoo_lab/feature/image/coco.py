"""COCO: one JSON file with the boxes of all images."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.access import FileAccess
from zoo_lab.feature.image.annotated import Annotated, Annotations
from zoo_lab.feature.image.boxes import Boxes


class Coco(Annotated):
    """A data set in the format of COCO.

    Args:
        images: the folder with the images.
        annotations: the JSON file.
    """

    def __init__(self, images: str | os.PathLike[str], annotations: str | os.PathLike[str]) -> None:
        self.images = os.fspath(images)
        self.annotations = os.fspath(annotations)

    def read(self, access: FileAccess) -> Annotations:
        """Return the boxes of all images that the file lists; one without an object has none."""
        [content] = access.read([access.root(self.annotations)]).values()
        names, found, label_map = parse_annotations(content, self.annotations)
        root = access.root(self.images)
        return Annotations({f"{root}/{name}": found[image] for image, name in names.items()}, label_map)


def parse_annotations(content: bytes, file: str) -> tuple[dict[int, str], dict[int, Boxes], dict[str, int]]:
    """Return id → file name and id → boxes of the images, and category → label, counted from 0 in the order of ids.

    Args:
        content: the JSON.
        file: what messages call it.

    Boxes are in pixels, from x, y, width, height to corners; those of crowds are marked as difficult.

    Raises `DataError` naming the file that is no COCO annotation.

    Source: the COCO data format, cocodataset.org.
    """
    try:
        told = json.loads(content)
        categories = sorted(told["categories"], key=lambda category: category["id"])
        labels = {category["id"]: label for label, category in enumerate(categories)}
        names = {image["id"]: str(image["file_name"]) for image in told["images"]}
        objects: dict[int, list[Any]] = {image: [] for image in names}
        for item in told["annotations"]:
            x, y, width, height = map(float, item["bbox"])
            box = (x, y, x + width, y + height)
            objects[item["image_id"]].append((box, labels[item["category_id"]], bool(item.get("iscrowd", 0))))
    except (ValueError, KeyError, TypeError) as error:
        told_error = f"{type(error).__name__}: {error}"
        msg = f"{file}: expected COCO annotations (images, annotations with bbox, categories); received {told_error}."
        raise DataError(msg) from error
    boxes = {image: _boxes(found) for image, found in objects.items()}
    return names, boxes, {category["name"]: labels[category["id"]] for category in categories}


def _boxes(objects: list[Any]) -> Boxes:
    coordinates = np.array([box for box, _, _ in objects], np.float32).reshape(-1, 4)
    return Boxes(coordinates, labels=[label for _, label, _ in objects], difficult=[crowd for _, _, crowd in objects])
