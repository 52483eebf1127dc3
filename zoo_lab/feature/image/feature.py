"""One image on its way through a chain: its pixels, its boxes, and what was drawn for it. Runs inside Spark executors.

An `ImageFeature` is never changed: `replace` gives a new one that shares what stayed the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.boxes import Boxes
from zoo_lab.feature.image.draws import Draw, Drawn

KEYS = {"originalSize": "original_size", "boundingBox": "bounding_box", "imageTensor": "tensor"}
"""The predecessor's names of keys that have another name here; all other keys are the names of the attributes."""


_CHECKED = frozenset({"mat", "floats", "original_size"})  # what __post_init__ looks at


@dataclass(frozen=True, eq=False)
class ImageFeature:
    """One image with all that belongs to it; exactly one of `mat` and `floats` is its current picture.

    Args:
        uri: where the image came from; its random numbers depend on it.
        bytes: the encoded file, or the raw pixels for `ImagePixelBytesToMat`.
        mat: the picture, uint8 of (height, width, channels), channels B, G, R; one channel for gray.
        floats: the picture once a step has made it float32, of the same layout.
        original_size: (height, width, channels) of the picture as it was decoded.
        label: of the whole image.
        boxes: they follow every step that moves pixels.
        bounding_box: the last window cut or pasted, (x1, y1, x2, y2) in pixels of the picture before it.
        predict: what a model said of the image.
        tensor: float32, what the model takes; key "imageTensor" of the predecessor.
        problem: why the image is marked as bad; empty if it is fine. Steps hand on a bad image as it is.
        draws: (name of the step, what it drew) of every random step so far.
        seeding: what the random steps draw from.
        extra: values under further keys.

    Raises `DataError` for a picture of another type or layout.

    Source: `ImageFeature` of BigDL, there a map that steps change.

    Example:
        >>> feature = ImageFeature(uri="a.png", mat=np.zeros((2, 3, 3), np.uint8))
        >>> feature.size, feature.replace(label=1).label, feature.label
        ((2, 3, 3), 1, None)
    """

    uri: str = ""
    bytes: bytes | None = None
    mat: np.ndarray | None = None
    floats: np.ndarray | None = None
    original_size: tuple[int, int, int] | None = None
    label: Any = None
    boxes: Boxes | None = None
    bounding_box: tuple[float, float, float, float] | None = None
    predict: Any = None
    tensor: np.ndarray | None = None
    problem: str = ""
    draws: tuple[tuple[str, Drawn], ...] = ()
    seeding: Draw = Draw()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._expect("mat", self.mat, np.uint8)
        self._expect("floats", self.floats, np.float32)
        if self.original_size is None and self.image is not None:
            object.__setattr__(self, "original_size", self.image.shape)

    @property
    def image(self) -> np.ndarray | None:
        """The current picture, (height, width, channels): `floats` once there are any, else `mat`."""
        return self.mat if self.floats is None else self.floats

    @property
    def size(self) -> tuple[int, int, int]:
        """(height, width, channels) of the current picture."""
        return self.require_image().shape

    @property
    def is_valid(self) -> bool:
        """Whether the image is not marked as bad."""
        return not self.problem

    def require_image(self) -> np.ndarray:
        """Return the current picture, or raise `DataError` saying how to get one."""
        image = self.mat if self.floats is None else self.floats
        if image is None:
            msg = f"{self.name}: expected a picture; received none. Start the chain with ImageBytesToMat()."
            raise DataError(msg)
        return image

    def require(self, key: str, step: str, repair: str) -> Any:
        """Return the value under a key, or raise `DataError` that names the step and the repair."""
        value = self.get(key)
        if value is None:
            msg = f"{step}: {self.name}: expected a value under {key!r}; received none. {repair}"
            raise DataError(msg)
        return value

    def replace(self, **changes: Any) -> ImageFeature:
        """Return this image with other values for some attributes; the unchanged ones are shared."""
        if _CHECKED.isdisjoint(changes) and changes.keys() <= self.__dict__.keys():
            return self._changed(changes)
        return dataclasses.replace(self, **changes)

    def with_image(self, image: np.ndarray, **others: Any) -> ImageFeature:
        """Return this image with another current picture: uint8 becomes `mat`, float32 `floats`.

        `others` are new values for attributes that are no pictures, as in `replace`.
        """
        image = image[:, :, np.newaxis] if image.ndim == 2 else image
        is_bytes = image.dtype == np.uint8
        floats = None if is_bytes else image.astype(np.float32, copy=False)
        changes = {**others, "mat": image if is_bytes else None, "floats": floats}
        if image.ndim != 3:
            return dataclasses.replace(self, **changes)
        return self._changed(changes if self.original_size else {**changes, "original_size": image.shape})

    def with_draw(self, step: str, drawn: Drawn) -> ImageFeature:
        """Return this image with one more draw, that of the step of this name."""
        return self._changed({"draws": (*self.draws, (step, drawn))})

    def with_key(self, key: str, value: Any) -> ImageFeature:
        """Return this image with `value` under one of the predecessor's keys, or under a key of one's own."""
        name = KEYS.get(key, key)
        if name in self.__dataclass_fields__:
            return self.replace(**{name: value})
        return self.replace(extra={**self.extra, key: value})

    def get(self, key: str) -> Any:
        """Return the value under one of the predecessor's keys, such as "imageTensor", or a key of one's own.

        None if there is no value.
        """
        name = KEYS.get(key, key)
        known = name in self.__dataclass_fields__ or name == "size"
        return getattr(self, name) if known else self.extra.get(key)

    def seeded(self, seed: int, epoch: int = 0, strength: float = 1.0) -> ImageFeature:
        """Return this image with another seed, epoch and strength for the random steps to come."""
        return self.replace(seeding=dataclasses.replace(self.seeding, seed=seed, epoch=epoch, strength=strength))

    def replaying(self, draws: Iterable[tuple[str, Drawn]]) -> ImageFeature:
        """Return this image such that the random steps to come repeat `draws`, those of a finished image."""
        return self.replace(seeding=dataclasses.replace(self.seeding, script=tuple(draws)))

    @property
    def name(self) -> str:
        """What messages call this image."""
        return self.uri or "an image without a uri"

    def __repr__(self) -> str:
        size = "no picture" if self.image is None else "x".join(map(str, self.image.shape))
        count = f", {len(self.boxes)} boxes" if self.boxes is not None else ""
        return f"ImageFeature({self.uri!r}, {size}{count}{', bad: ' + self.problem if self.problem else ''})"

    def _changed(self, changes: Mapping[str, Any]) -> ImageFeature:
        """Return this image with changes that need no check: much faster, and every step of a chain does it."""
        made = object.__new__(ImageFeature)
        made.__dict__.update(self.__dict__)
        made.__dict__.update(changes)
        return made

    def _expect(self, name: str, image: np.ndarray | None, dtype: type) -> None:
        if image is not None and (image.dtype != dtype or image.ndim != 3):
            msg = (
                f"{self.name}: expected {name} as {np.dtype(dtype).name} of (height, width, channels); "
                f"received {image.dtype} of {image.shape}."
            )
            raise DataError(msg)
