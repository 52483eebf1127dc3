"""Predicts on sets of images: the same set comes back, with what the model says as the `predict` of each image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from zoo_lab.core.attempts import attempts
from zoo_lab.core.messages import reason
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.taking import expect_feature, record_of
from zoo_lab.feature.place import Place
from zoo_lab.feature.recordform import RecordForm
from zoo_lab.feature.structure import Structure, leaves, map_leaves
from zoo_lab.infer.modelcopy import ModelParcel, copy_of

if TYPE_CHECKING:
    import numpy as np

    from zoo_lab.feature.image.imageset import ImageSet


def predict_images(model: Any, images: ImageSet, batch_size: int, on_error: str = "raise") -> ImageSet:
    """Return the set with the model's outputs as each image's `predict`, a list where the model has several.

    Args:
        model: a Keras model that has its weights.
        images: a local set is predicted now, on this machine; a distributed one when it is used, on its workers.
            Images that are marked as bad stay without a prediction.
        batch_size: images computed at once.
        on_error: "null" marks an image that fails as bad, with the reason as its `problem`; "raise" ends with it.
    """
    policy = "mark" if on_error == "null" else None
    if images.is_local():
        return images.predicted(ImagePredictor(_Here(model), batch_size, on_error), policy)
    from zoo_lab.infer.results import expect_weights

    expect_weights(model)
    context = images.context
    parcel = context.sc.broadcast(ModelParcel.of(model, context.threads_per_slot))
    return images.predicted(ImagePredictor(_OnWorker(parcel), batch_size, on_error), policy)


class ImagePredictor:
    """Takes images one after the other and gives them on with what the model says of them.

    Args:
        model: gives outputs batch by batch.
        batch_size: images computed at once.
        on_error: "null" marks an image that fails, "raise" raises its error.
    """

    def __init__(self, model: _Here | _OnWorker, batch_size: int, on_error: str = "raise") -> None:
        self.model = model
        self.batch_size = batch_size
        self.on_error = on_error

    def __call__(self, images: Iterable[Any]) -> Iterator[ImageFeature]:
        images, outputs = map(expect_feature, images), _Outputs(self.model, self.batch_size)
        while batch := list(islice(images, self.batch_size)):
            good = [image for image in batch if image.is_valid]
            said = iter(self._said(good, outputs))
            for image in batch:
                yield next(said) if image.is_valid else image

    def _said(self, images: list[ImageFeature], outputs: _Outputs) -> Iterator[ImageFeature]:
        """Yield the images with their outputs or, where they fail and may, with the reason."""
        if self.on_error == "raise":
            yield from map(_with_output, images, outputs(images))
            return
        for start, stop, found in attempts(len(images), lambda start, stop: outputs(images[start:stop])):
            if isinstance(found, Exception):
                yield images[start].replace(problem=reason(found))
            else:
                yield from map(_with_output, images[start:stop], found)


class _Outputs:
    """What the model says of some images; each has the form of the first that it has seen."""

    def __init__(self, model: _Here | _OnWorker, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self._form: RecordForm | None = None

    def __call__(self, images: list[ImageFeature]) -> list[Any]:
        if not images:
            return []
        records, place = [record_of(image) for image in images], Place("record", 0, names=[one.name for one in images])
        form = self._form or RecordForm.of(records[0], place)
        rows = list(self._rows(form, form.arrays(records, place)))
        self._form = form
        return rows

    def _rows(self, form: RecordForm, arrays: dict[str, np.ndarray]) -> Iterator[Any]:
        for outputs in self._model.outputs(form.structure, arrays, self._batch_size):
            several = leaves(outputs)
            for row in range(len(several[0])):
                said = [values[row] for values in several]
                yield said if len(said) > 1 else said[0]


def _with_output(image: ImageFeature, said: Any) -> ImageFeature:
    return image.replace(predict=said)


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
