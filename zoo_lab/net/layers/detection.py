"""Boxes of single-shot detectors: the fixed ones that a net starts from, and those that it found.

Coordinates are parts of the image's width and height, 0 to 1, as xmin, ymin, xmax, ymax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="zoo_lab")
class PriorBox(keras.layers.Layer):
    """Return the same boxes around the cells of a feature map for each row: shape (rows, 2, 4 · boxes).

    The first line are the boxes, the second their variances.

    Args:
        cells: (height, width) of the feature map.
        image: (height, width) of the image.
        steps: (height, width) of a cell in the image.
        min_sizes, max_sizes, aspect_ratios: of the boxes, sizes in pixels of the image.
        offset: where in its cell a box lies, 0.5 for the middle.
        clip: cut the boxes to the image.
        variances: four.

    Source: `PriorBoxLayer` of Caffe's SSD branch; Liu et al., SSD (2016), section 2.2.
    """

    def __init__(
        self,
        cells: Sequence[int],
        image: Sequence[int],
        steps: Sequence[float],
        *,
        min_sizes: Sequence[float],
        max_sizes: Sequence[float] = (),
        aspect_ratios: Sequence[float] = (1.0,),
        offset: float = 0.5,
        clip: bool = False,
        variances: Sequence[float] = (0.1, 0.1, 0.1, 0.1),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cells, self.image, self.steps = tuple(cells), tuple(image), tuple(steps)
        self.min_sizes, self.max_sizes, self.aspect_ratios = tuple(min_sizes), tuple(max_sizes), tuple(aspect_ratios)
        self.offset, self.clip, self.variances = offset, clip, tuple(variances)

    def call(self, inputs: Any) -> Any:
        features = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        boxes = self.boxes()
        return ops.broadcast_to(boxes, (ops.shape(features)[0], *boxes.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        first = input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape
        return (first[0], *self.boxes().shape)

    def boxes(self) -> np.ndarray:
        """Return what every row gets, shape (2, 4 · boxes), float32."""
        sizes = np.array(self._sizes(), np.float32)
        rows, columns = np.meshgrid(*map(np.arange, self.cells), indexing="ij")
        x = (columns.reshape(-1, 1) + self.offset) * self.steps[1]
        y = (rows.reshape(-1, 1) + self.offset) * self.steps[0]
        width, height = sizes[:, 0] / 2, sizes[:, 1] / 2
        found = np.stack([x - width, y - height, x + width, y + height], -1)
        found = found / np.array([*self.image[::-1]] * 2)
        found = np.clip(found, 0, 1) if self.clip else found
        variances = np.broadcast_to(self.variances, found.shape)
        return np.stack([found.reshape(-1), variances.reshape(-1)]).astype(np.float32)

    def get_config(self) -> dict[str, Any]:
        names = ("cells", "image", "steps", "min_sizes", "max_sizes", "aspect_ratios", "offset", "clip", "variances")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _sizes(self) -> list[tuple[float, float]]:
        """Return (width, height) of the boxes of one cell, in Caffe's order."""
        sizes = []
        for index, small in enumerate(self.min_sizes):
            sizes.append((small, small))
            if self.max_sizes:
                sizes.append(((small * self.max_sizes[index]) ** 0.5,) * 2)
            others = [ratio**0.5 for ratio in self.aspect_ratios if abs(ratio - 1) > 1e-6]
            sizes.extend((small * root, small / root) for root in others)
        return sizes


@keras.saving.register_keras_serializable(package="zoo_lab")
class DetectionOutput(keras.layers.Layer):
    """Return the boxes found: shape (rows, 1, keep_top_k, 7), each a picture's own as Caffe gives it.

    Seven numbers for a box: 0, label, score, xmin, ymin, xmax, ymax, by label and then by score; -1 and zeros, so score
    0, where no box is left. Caffe and OpenCV give only the boxes found, in one list for all pictures, with the
    picture's number instead of the 0. A box turned inside out (xmax < xmin) overlaps others as if turned right; in
    Caffe it overlaps none.

    Args:
        num_classes: how many, background included.
        share_location: one box for all classes, else one for each.
        background_label_id: which class is none, or -1.
        code_type: how boxes are told: "CORNER", "CENTER_SIZE" or "CORNER_SIZE".
        variance_encoded_in_target: the variances are in the boxes already.
        confidence_threshold: scores that count are greater; None counts all.
        nms_threshold: overlap (intersection over union) above which the box of lower score goes.
        top_k: boxes of a class that are looked at, those of highest score; -1 for all.
        keep_top_k: boxes of a picture that are kept; -1 for all.

    Inputs: boxes (rows, 4 · priors [· classes]), scores (rows, priors · classes), priors (rows, 2, 4 · priors).

    Source: `DetectionOutputLayer` of Caffe's SSD branch; Liu et al., SSD (2016).
    """

    def __init__(
        self,
        num_classes: int,
        *,
        share_location: bool = True,
        background_label_id: int = 0,
        code_type: str = "CORNER",
        variance_encoded_in_target: bool = False,
        confidence_threshold: float | None = None,
        nms_threshold: float = 0.3,
        top_k: int = -1,
        keep_top_k: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_classes, self.share_location, self.background_label_id = (
            num_classes,
            share_location,
            background_label_id,
        )
        self.code_type, self.variance_encoded_in_target = code_type, variance_encoded_in_target
        self.confidence_threshold, self.nms_threshold = confidence_threshold, nms_threshold
        self.top_k, self.keep_top_k = top_k, keep_top_k

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf

        locations, scores, priors = inputs
        count = priors.shape[2] // 4
        labels = [label for label in range(self.num_classes) if label != self.background_label_id]
        scores = ops.reshape(scores, (-1, count, self.num_classes))
        by_class = ops.take(ops.transpose(scores, (0, 2, 1)), labels, axis=1)
        best, places = ops.top_k(by_class, self._candidates(count))
        boxes = self._decoded(locations, priors[0], count, labels)
        candidates = tf.gather(boxes, places, axis=2, batch_dims=2)  # keras.ops has no gather by row
        threshold = self.confidence_threshold
        kept, kept_scores, kept_classes, valid = tf.image.combined_non_max_suppression(
            ops.transpose(candidates, (0, 2, 1, 3)),
            ops.transpose(best, (0, 2, 1)),
            max_output_size_per_class=self._candidates(count),
            max_total_size=self._kept(count),
            iou_threshold=self.nms_threshold,
            score_threshold=float("-inf") if threshold is None else threshold,
            clip_boxes=False,
        )
        return self._rows(kept, kept_scores, kept_classes, valid, labels)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0][0], 1, self._kept(input_shape[2][2] // 4), 7)

    def get_config(self) -> dict[str, Any]:
        names = (
            *("num_classes", "share_location", "background_label_id", "code_type", "variance_encoded_in_target"),
            *("confidence_threshold", "nms_threshold", "top_k", "keep_top_k"),
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _candidates(self, priors: int) -> int:
        return priors if self.top_k < 0 else min(self.top_k, priors)

    def _kept(self, priors: int) -> int:
        classes = self.num_classes - (0 <= self.background_label_id < self.num_classes)
        return self._candidates(priors) * classes if self.keep_top_k < 0 else self.keep_top_k

    def _decoded(self, locations: Any, priors: Any, count: int, labels: list[int]) -> Any:
        """Return the boxes of each class, shape (rows, classes, priors, 4)."""
        boxes, variances = (ops.reshape(part, (1, count, 1, 4)) for part in ops.split(priors, 2, axis=0))
        told = ops.reshape(locations, (-1, count, 1 if self.share_location else self.num_classes, 4))
        told = told if self.variance_encoded_in_target else told * variances
        first, last = boxes[..., :2], boxes[..., 2:]
        size = last - first
        if self.code_type == "CENTER_SIZE":
            middle = (first + last) / 2 + told[..., :2] * size
            half = ops.exp(told[..., 2:]) * size / 2
            found = ops.concatenate([middle - half, middle + half], -1)
        else:
            unit = ops.concatenate([size, size], -1) if self.code_type == "CORNER_SIZE" else 1.0
            found = boxes + told * unit
        found = ops.transpose(found, (0, 2, 1, 3))
        return ops.repeat(found, len(labels), axis=1) if self.share_location else ops.take(found, labels, axis=1)

    def _rows(self, boxes: Any, scores: Any, classes: Any, valid: Any, labels: list[int]) -> Any:
        kept = scores.shape[1]
        found = ops.arange(kept)[None] < valid[:, None]
        label = ops.take(np.array(labels, np.float32), ops.cast(classes, "int32"))
        # A sort by label keeps the order of scores within one: places break ties, there being less than 2^31 in all.
        place = ops.where(found, ops.cast(label, "int32"), self.num_classes) * kept + ops.arange(kept)[None]
        order = ops.argsort(place, axis=1)
        nothing = ops.where(found, 0.0, -1.0)[..., None]
        rows = ops.concatenate([nothing, label[..., None], scores[..., None], boxes], -1)
        rows = ops.where(found[..., None], rows, nothing * np.array([1, 0, 0, 0, 0, 0, 0], np.float32))
        return ops.take_along_axis(rows, order[..., None], axis=1)[:, None]
