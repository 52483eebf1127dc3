"""Whatever an image carries survives being packed into bytes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.feature.image.photographs import feature, part
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import Boxes, Draw, ImageColorJitter, ImageFeature, ImageRandomCrop
from zoo_lab.feature.image.packing import packed, unpacked

CROPPED = ImageRandomCrop(20, 10)(ImageColorJitter()(feature())).replace(seeding=Draw())
FEATURES = {
    "a file": ImageFeature(uri="häuser/\udcff.jpg", bytes=b"\x00\xff" * 7, label=3),
    "drawn": CROPPED,
    "floats": ImageFeature(floats=part(3, 5).astype(np.float32), label=np.float32(0.5), original_size=(9, 9, 3)),
    "a volume": ImageFeature(tensor=np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1), label=[1, 0]),
    "no boxes": feature(boxes=Boxes([])),
    "all of boxes": feature(boxes=Boxes([[0, 0, 0.5, 1]], [2], [0.5], [True], True, [[0.2, 0.3]])),
    "marked": ImageFeature(uri="x", problem="it is empty"),
    "keys": feature(extra={"roi": np.array([1.5, 2]), "who": {"name": "Ann", "of": (1, None, [True])}}, predict=[1.0]),
}


def same(one, other) -> bool:
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(same(value, getattr(other, name)) for name, value in vars(one).items())
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("image", FEATURES.values(), ids=FEATURES)
def test_an_image_comes_back_as_it_was(image):
    assert same(image, unpacked(packed(image)))


def test_its_key_for_chance_stays_but_its_seed_does_not():
    image = ImageFeature(mat=part(2, 2), seeding=Draw(seed=4, epoch=2, key="abc"))
    assert unpacked(packed(image)).seeding == Draw(key="abc")


def test_what_cannot_be_packed_is_named():
    image = ImageFeature(uri="a.jpg").with_key("model", {"it": object()})
    with pytest.raises(
        DataError, match=r"a\.jpg: expected numbers, .* under \"extra\['model'\]\['it'\]\".* builtins\.object"
    ):
        packed(image)
