"""BigDL's modules that scale: batch normalization, LRN, and learned factors and terms."""

from __future__ import annotations

import keras

from zoo_lab.net.bigdl.node import Node
from zoo_lab.net.layers.elementwise import Scale
from zoo_lab.net.layers.normalization import LocalResponseNormalization
from zoo_lab.net.layout import Blob
from zoo_lab.net.problems import refuse


def add(node: Node) -> Blob:
    """A learned term for each number of a row."""
    return _learned(node, (node.get("inputSize"),), bias=True)


def batch_normalization(node: Node) -> Blob:
    """Over the rows, for each number of a row."""
    if len(node.blob.shape) != 2:
        refuse(f"expected rows of numbers; received shape {node.blob.shape}")
    return _normalized(node, node.blob)


def cadd(node: Node) -> Blob:
    """Learned terms, as many as its size says."""
    return _learned(node, node.get("size"), bias=True)


def cmul(node: Node) -> Blob:
    """Learned factors, as many as its size says."""
    return _learned(node, node.get("size"), bias=False)


def cross_map_lrn(node: Node) -> Blob:
    """Local response normalization across channels."""
    numbers = [node.get(name, default) for name, default in _LRN.items()]
    layer = LocalResponseNormalization(*numbers, name=node.name)
    return node.on_image(lambda blob: node.apply(layer, blob))


def spatial_batch_normalization(node: Node) -> Blob:
    """Over rows and places, for each channel."""
    return node.on_image(lambda blob: _normalized(node, blob), "dataFormat")


def within_channel_lrn(node: Node) -> Blob:
    """Local response normalization within each channel."""
    numbers = [node.get(name, default) for name, default in _LRN.items() if name != "k"]
    layer = LocalResponseNormalization(*numbers, within_channel=True, name=node.name)
    return node.on_image(lambda blob: node.apply(layer, blob))


_LRN = {"size": 5, "alpha": 1.0, "beta": 0.75, "k": 1.0}


def _normalized(node: Node, blob: Blob) -> Blob:
    count, affine = node.get("nOutput"), node.get("affine", True)
    layer = keras.layers.BatchNormalization(
        -1,
        momentum=1 - node.get("momentum", 0.1),  # BigDL tells the weight of what is new, Keras that of what is old
        epsilon=node.get("eps", 1e-5),
        center=affine,
        scale=affine,
        name=node.name,
    )
    weights = [node.array(index, (count,)) for index in (0, 1)] if affine else []
    weights += [node.tensor(name, (count,)) for name in ("runningMean", "runningVar")]
    return node.apply(layer, blob, weights)


def _learned(node: Node, size: tuple[int, ...], *, bias: bool) -> Blob:
    blob, size = node.blob, tuple(size)
    rank = len(blob.shape)
    if len(size) == rank - 1:
        size = (1, *size)
    fits = len(size) == rank and size[0] == 1
    if not fits or any(one not in (1, length) for one, length in zip(size[1:], blob.shape[1:], strict=True)):
        refuse(f"expected a size that goes with shape {blob.shape}, 1 for the rows; received {size}")
    numbers = node.array(0, size[1:])
    numbers = numbers.transpose(1, 2, 0) if blob.channels_last else numbers
    return node.apply(Scale(blob.by_axis(size[1:]), scale=not bias, bias=bias, name=node.name), blob, [numbers])
