"""What may be in a set of images, and what may be done with it: checks of what users hand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image.base import wrapped
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.pipeline import Pipeline, Share
from zoo_lab.feature.preprocessing import BatchPreprocessing, Preprocessing


def checked_step(step: Any) -> Preprocessing:
    """Return the step of a chain, or raise `ArgumentError`."""
    if isinstance(step, Preprocessing):
        return step
    mixes = isinstance(step, BatchPreprocessing)
    repair = f" It mixes batches: use FeatureSet.from_image_set(images).transform({step!r})." if mixes else ""
    msg = f"ImageSet.transform: expected a step or a chain (a Preprocessing); received {type(step).__name__}.{repair}"
    raise ArgumentError(msg)


def as_image(value: Any) -> ImageFeature:
    """Return a picture, an image file as bytes or an `ImageFeature` as the last."""
    if isinstance(value, ImageFeature):
        return value
    return wrapped(value if isinstance(value, (bytes, bytearray, np.ndarray)) else np.asarray(value))


def labelled_images(images: Iterable[Any], labels: Sequence[Any] | None) -> Iterator[ImageFeature]:
    """Yield images with a uri and, if there are any, their labels; `ArgumentError` for another number of labels."""
    images = list(images)
    labels = None if labels is None else list(labels)
    if labels is not None and len(labels) != len(images):
        msg = f"ImageSet: expected a label for each of {len(images)} images; received {len(labels)} labels."
        raise ArgumentError(msg)
    for number, image in enumerate(map(as_image, images)):
        named = image if image.uri else image.replace(uri=str(number))
        yield named if labels is None else named.replace(label=labels[number])


def shares_of(pipeline: Pipeline, weights: Sequence[float], seed: int) -> list[tuple[Share, ...]]:
    """Return the shares of each part of a split; `ArgumentError` for weights that are none."""
    checks = Checks("ImageSet.random_split")
    parts = np.asarray(weights, np.float64)
    right = parts.ndim == 1 and len(parts) > 0 and bool(np.isfinite(parts).all() and (parts > 0).all())
    checks.require(right, f"Expected weights to be positive numbers, such as [0.8, 0.2]; received {weights!r}.")
    checks.natural_int("seed", seed)
    checks.done()
    edges = np.concatenate([[0.0], np.cumsum(parts) / parts.sum()])
    edges[-1] = 1.0
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    seeds = (seed, len(pipeline.shares))  # a split of a split draws anew
    return [(*pipeline.shares, Share(start, stop, seeds)) for start, stop in pairs]
