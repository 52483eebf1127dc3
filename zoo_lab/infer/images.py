"""Predicts on sets of images: the same set comes back, with what the model says as the `predict` of each image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.taking import expect_feature, record_of
from zoo_lab.feature.place import Place
from zoo_lab.feature.recordform import RecordForm
from zoo_lab.feature.structure import Structure, leaves, map_leaves
from zoo_lab.infer.modelcopy import ModelParcel, copy_of

if TYPE_CHECKING:
    import numpy as np

    from zoo_lab.feature.image.imageset import ImageSet


def predict_images(model: Any, images: ImageSet, batch_size: int) -> ImageSet:
    """Return the set with the model's outputs as each image's `predict`, a list where the model has several.

    Args:
        model: a Keras model that has its weights.
        images: a local set is predicted now, on this machine; a distributed one when it is used, on its workers.
            Images that are marked as bad stay without a prediction.
        batch_size: images computed at once.
    """
    if images.is_local():
        return images.predicted(ImagePredictor(_Here(model), batch_size))
    from zoo_lab.infer.results import expect_weights

    expect_weights(model)
    context = images.context
    parcel = context.sc.broadcast(ModelParcel.of(model, context.threads_per_slot))
    return images.predicted(ImagePredictor(_OnWorker(parcel), batch_size))


class ImagePredictor:
    """Takes images one after the other and gives them on with what the model says of them.

    Args:
        model: gives outputs batch by batch.
        batch_size: images computed at once.
    """

    def __init__(self, model: _Here | _OnWorker, batch_size: int) -> None:
        self.model = model
        self.batch_size = batch_size

    def __call__(self, images: Iterable[Any]) -> Iterator[ImageFeature]:
        images, form = map(expect_feature, images), None
        while batch := list(islice(images, self.batch_size)):
            good = [image for image in batch if image.is_valid]
            records, place = [record_of(image) for image in good], _place(good)
            if records and form is None:
                form = RecordForm.of(records[0], place)
            rows = self._rows(form, form.arrays(records, place)) if records else iter(())
            for image in batch:
                yield image.replace(predict=next(rows)) if image.is_valid else image

    def _rows(self, form: RecordForm, arrays: dict[str, np.ndarray]) -> Iterator[Any]:
        for outputs in self.model.outputs(form.structure, arrays, self.batch_size):
            several = leaves(outputs)
            for row in range(len(several[0])):
                said = [values[row] for values in several]
                yield said if len(said) > 1 else said[0]


class _Here:
    """The user's own model, in this process."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], _batch_size: int) -> Iterator[Any]:
        """Yield the outputs for the fields of one batch."""
        yield self._model.predict_on_batch(map_leaves(data.__getitem__, structure.x))


class _OnWorker:
    """The copy of a broadcast model in a worker's process."""

    def __init__(self, parcel: Any) -> None:
        self._parcel = parcel

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the outputs for the fields of one batch."""
        return copy_of(self._parcel).outputs(structure, data, batch_size)


def _place(images: list[ImageFeature]) -> Place:
    return Place("record", 0, names=[image.name for image in images])
