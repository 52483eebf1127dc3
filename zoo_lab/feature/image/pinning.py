"""Pins a set of images for training with chance: what can be done once is done once, the rest in each epoch.

Used on the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.decode import ImageBytesToMat
from zoo_lab.feature.image.imagerows import ImageBlocks, ImageRows
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.preprocessing import Preprocessing, steps_of

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.feature.featureset import FeatureSet

KEPT = ("auto", "files", "pictures")


def pin_images(
    context: NNContext, images: RDD, pipeline: Pipeline, augment: Preprocessing | None, keep: str
) -> FeatureSet:
    """Return the FeatureSet of images whose chain runs whenever they are read.

    Args:
        context: where they are pinned.
        images: as their source has them.
        pipeline: what the set does to each.
        augment: what is done to them besides, whenever they are read; None for nothing.
        keep: "files", "pictures" or "auto", as in `FeatureSet.from_image_set`.
    """
    from zoo_lab.context.shards import pin_partitions
    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.feature.rowchain import Chain
    from zoo_lab.feature.structure import Structure

    _check(augment, keep)
    once, always = split(pipeline.steps)
    as_files = keep == "files" or (keep == "auto" and pipeline.reader.resize_height < 1 and _only_decoded(once))
    if as_files:
        once, always = (), (*once, *always)
    blocks = ImageBlocks(pipeline.replace(steps=once), as_files)
    rows = ImageRows(pipeline.reader, always if augment is None else (*always, augment))
    seed, epoch = pipeline.seeding or (None, 0)
    store = pin_partitions(context, images, blocks)
    return FeatureSet(store, Structure("image"), Chain(rows, seed, epoch))


def split(steps: Sequence[Preprocessing]) -> tuple[tuple[Preprocessing, ...], tuple[Preprocessing, ...]]:
    """Return the steps before the first that depends on chance, and the others."""
    flat = [one for step in steps for one in steps_of(step)]
    first = next((place for place, step in enumerate(flat) if step.by_chance), len(flat))
    return tuple(flat[:first]), tuple(flat[first:])


def _only_decoded(steps: Sequence[Preprocessing]) -> bool:
    return all(isinstance(step, ImageBytesToMat) for step in steps)


def _check(augment: Any, keep: Any) -> None:
    checks = Checks("FeatureSet.from_image_set")
    checks.one_of("keep", keep, KEPT)
    is_step = augment is None or isinstance(augment, Preprocessing)
    checks.require(is_step, f"Expected augment to be a step or a chain; received {type(augment).__name__}.")
    checks.done()
