"""PASCAL VOC: an XML file with boxes for each image, and lists of images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from defusedxml import DefusedXmlException, ElementTree

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.access import FileAccess
from zoo_lab.feature.image.annotated import Annotated, Annotations
from zoo_lab.feature.image.boxes import Boxes

CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
"""The classes of PASCAL VOC, in the order of their names."""
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_ABSENT = "-1"


class Voc(Annotated):
    """A data set in the layout of PASCAL VOC: JPEGImages, Annotations, and lists in ImageSets/Main.

    Args:
        path: the folder of these.
        split: name of a list; None for every annotated image.
        classes: their names, numbered from 0.
    """

    def __init__(self, path: str | os.PathLike[str], split: str | None, classes: Sequence[str]) -> None:
        checks = Checks("ImageSet.read_voc")
        names = list(classes)
        right = not isinstance(classes, str) and bool(names) and len(set(names)) == len(names)
        checks.require(right, f"Expected classes to be different names; received {classes!r}.")
        checks.done()
        self.path = os.fspath(path)
        self.split = split
        self.label_map = {name: label for label, name in enumerate(names)}

    def read(self, access: FileAccess) -> Annotations:
        """Return the boxes of the images of the split."""
        root = access.root(self.path)
        folder = f"{root}/Annotations"
        if self.split is None:
            files = access.names(folder, ".xml")
        else:
            [listed] = access.read([f"{root}/ImageSets/Main/{self.split}.txt"]).values()
            files = [f"{folder}/{name}.xml" for name in _names(listed)]
        boxes: dict[str, Boxes] = {}
        for file, content in access.read(files).items():
            name, found = parse_annotation(content, file, self.label_map)
            boxes[f"{root}/JPEGImages/{name}"] = found
        return Annotations(boxes, self.label_map)


def parse_annotation(content: bytes, file: str, label_map: Mapping[str, int]) -> tuple[str, Boxes]:
    """Return the name of the image, and its boxes in pixels just as the file has them, with `difficult`.

    Args:
        content: the XML; entities and document types in it are refused.
        file: what messages call it.
        label_map: name of a class → label.

    Raises `DataError` naming the file that is no annotation, or has an object of another class.

    Source: the PASCAL VOC development kit. Its pixels count from 1, as those of the predecessor do.
    """
    try:
        tree = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        msg = f"{file}: expected a VOC annotation in XML; it cannot be read ({error})."
        raise DataError(msg) from error
    objects = [_object(item, file, label_map) for item in tree.iter("object")]
    stem, _ = os.path.splitext(os.path.basename(file))
    _, ending = os.path.splitext((tree.findtext("filename") or "").strip())
    coordinates = np.array([sides for sides, _, _ in objects], np.float32).reshape(-1, 4)
    labels, difficult = [label for _, label, _ in objects], [hard for _, _, hard in objects]
    return stem + (ending or ".jpg"), Boxes(coordinates, labels=labels, difficult=difficult)


def _object(item: Any, file: str, label_map: Mapping[str, int]) -> tuple[list[float], int, bool]:
    name = (item.findtext("name") or "").strip()
    if name not in label_map:
        msg = f"{file}: expected objects of the classes {', '.join(label_map)}; received {name!r}. Pass classes=[…]."
        raise DataError(msg)
    try:
        sides = [float(item.findtext(f"bndbox/{side}")) for side in _SIDES]
    except (TypeError, ValueError) as error:
        msg = f"{file}: expected a bndbox with {', '.join(_SIDES)} in every object; that of a {name} has other values."
        raise DataError(msg) from error
    return sides, label_map[name], (item.findtext("difficult") or "0").strip() == "1"


def _names(content: bytes) -> list[str]:
    """Return the names of a list; in the list of one class, those that do not show it are marked with -1."""
    lines = [line.split() for line in content.decode("utf-8").splitlines() if line.strip()]
    return [words[0] for words in lines if words[1:] != [_ABSENT]]
