"""The layers of Caffe's SSD branch that make and find boxes."""

from __future__ import annotations

from typing import Any

from zoo_lab.net.caffe.node import Node
from zoo_lab.net.layers.detection import DetectionOutput, PriorBox
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse

_CODES = {1: "CORNER", 2: "CENTER_SIZE", 3: "CORNER_SIZE"}


def prior_box(node: Node) -> Blob:
    """Boxes around the cells of a feature map; the second input is the image."""
    param = node.layer.prior_box_param
    if len(node.bottoms) != 2 or any(len(blob.shape) != 4 for blob in node.bottoms):
        refuse(f"expected a feature map and an image; received {[blob.shape for blob in node.bottoms]}")
    cells, image = (blob.shape[2:] for blob in node.bottoms)
    image = _either(param, "img_size", "img_h", "img_w") or image
    steps = _either(param, "step", "step_h", "step_w")
    steps = steps or tuple(length / count for length, count in zip(image, cells, strict=True))
    variances = list(param.variance) or [0.1]
    variances = variances * 4 if len(variances) == 1 else variances
    if not param.min_size or len(param.max_size) not in (0, len(param.min_size)) or len(variances) != 4:
        refuse("expected min_size, as many max_size or none, and one or four variance; received others")
    layer = PriorBox(
        cells,
        image,
        steps,
        min_sizes=list(param.min_size),
        max_sizes=list(param.max_size),
        aspect_ratios=_ratios(param),
        offset=param.offset,
        clip=param.clip,
        variances=variances,
        name=node.name,
    )
    return Blob(node.layer.name, layer([blob.tensor for blob in node.bottoms]))


def detection_output(node: Node) -> Blob:
    """The boxes found; see the layer for how they lie."""
    param = node.layer.detection_output_param
    if len(node.bottoms) != 3 or not param.num_classes:
        refuse(f"expected boxes, scores and priors, and num_classes; received {len(node.bottoms)} inputs")
    suppression = param.nms_param
    if suppression.eta != 1:
        refuse(f"expected non-maximum suppression with eta 1; received {suppression.eta}")
    if suppression.nms_threshold < 0:
        refuse(f"expected an nms_threshold of at least 0; received {suppression.nms_threshold}")
    layer = DetectionOutput(
        param.num_classes,
        share_location=param.share_location,
        background_label_id=param.background_label_id,
        code_type=_CODES[param.code_type],
        variance_encoded_in_target=param.variance_encoded_in_target,
        confidence_threshold=param.confidence_threshold if param.HasField("confidence_threshold") else None,
        nms_threshold=suppression.nms_threshold,
        top_k=suppression.top_k if suppression.HasField("top_k") else -1,
        keep_top_k=param.keep_top_k,
        name=node.name,
    )
    boxes, scores, priors = (blob.plain().tensor for blob in node.bottoms)
    return Blob(node.layer.name, layer([boxes, scores, priors]))


def _either(param: Any, both: str, height: str, width: str) -> tuple[Any, Any] | None:
    if param.HasField(both):
        return getattr(param, both), getattr(param, both)
    if param.HasField(height) and param.HasField(width):
        return getattr(param, height), getattr(param, width)
    return None


def _ratios(param: Any) -> list[float]:
    """Return the aspect ratios in Caffe's order: 1, each of the file, and what it is flipped; each once."""
    ratios = [1.0]
    for ratio in param.aspect_ratio:
        if all(abs(ratio - known) > 1e-6 for known in ratios):
            ratios += [ratio, 1 / ratio] if param.flip else [ratio]
    return ratios
