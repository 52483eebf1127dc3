"""Convolutions, pooling, padding of pixels, and normalization across channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo_lab.net.torch7.translation import Translation, module
from zoo_lab.net.torch_file import Record

_AXES = {"Spatial": "HW", "Volumetric": "THW"}


def _each(part: Record, name: str, default: int) -> list[int]:
    """Return a module's number for each spatial axis, in the order of the axes: dH, dW."""
    axes = _AXES["Volumetric" if part.kind.rsplit(".", 1)[-1].startswith("Volumetric") else "Spatial"]
    same = part.get("padding", default) if name == "pad" else default
    # cudnn and some volumes write the letters small: kt, kh.
    return [int(part.get(name + axis, part.get(name + axis.lower(), same))) for axis in axes]


def _window(part: Record) -> dict[str, Any]:
    pads = _each(part, "pad", 0)
    return {"strides": _each(part, "d", 1), "pads": [*pads, *pads], "auto_pad": "NOTSET"}


def _convolve(to: Translation, part: Record, given: str, op: str, kernel: np.ndarray, **more: Any) -> str:
    bias = part.get("bias")
    given_too = [] if bias is None or not bias.size else [to.weight(bias)]
    details = {**_window(part), "group": int(part.get("groups", 1)), **more}
    return to.node(op, given, to.weight(kernel), *given_too, **details)


@module(
    "SpatialConvolution", "SpatialConvolutionMM", "SpatialDilatedConvolution", "VolumetricConvolution",
    "VolumetricDilatedConvolution",
)  # fmt: skip
def convolution(to: Translation, part: Record, given: str) -> str:
    """Convolve; SpatialConvolutionMM keeps its kernels flat."""
    groups, size = int(part.get("groups", 1)), _each(part, "k", 1)
    shape = [int(part.get("nOutputPlane")), int(part.get("nInputPlane")) // groups, *size]
    kernel = np.reshape(part.get("weight"), shape)
    return _convolve(to, part, given, "Conv", kernel, dilations=_each(part, "dilation", 1))


@module("SpatialFullConvolution", "VolumetricFullConvolution")
def full_convolution(to: Translation, part: Record, given: str) -> str:
    """Spread each element by the kernel."""
    groups, size = int(part.get("groups", 1)), _each(part, "k", 1)
    shape = [int(part.get("nInputPlane")), int(part.get("nOutputPlane")) // groups, *size]
    kernel = np.reshape(part.get("weight"), shape)
    return _convolve(to, part, given, "ConvTranspose", kernel, output_padding=_each(part, "adj", 0))


@module("SpatialMaxPooling", "VolumetricMaxPooling")
def max_pooling(to: Translation, part: Record, given: str) -> str:
    """Return the largest of each window."""
    details = {"kernel_shape": _each(part, "k", 1), "ceil_mode": int(bool(part.get("ceil_mode", False)))}
    return to.node("MaxPool", given, **_window(part), **details)


@module("SpatialAveragePooling", "VolumetricAveragePooling")
def average_pooling(to: Translation, part: Record, given: str) -> str:
    """Return the mean of each window; with divide=false the sum."""
    size, counted = _each(part, "k", 1), bool(part.get("count_include_pad", True))
    details = {"kernel_shape": size, "ceil_mode": int(bool(part.get("ceil_mode", False)))}
    divided = bool(part.get("divide", True))
    if not divided and details["ceil_mode"]:
        why = "divide=false together with ceil_mode"
        raise to.refuse(why)
    mean = to.node("AveragePool", given, **_window(part), **details, count_include_pad=int(counted or not divided))
    return mean if divided else to.node("Mul", mean, to.number(np.prod(size)))


@module("SpatialCrossMapLRN")
def cross_map(to: Translation, part: Record, given: str) -> str:
    """Divide by what the channels around have."""
    details = {name: float(part.get(name)) for name in ("alpha", "beta")}
    return to.node("LRN", given, size=int(part.get("size")), bias=float(part.get("k", 1)), **details)


@module("SpatialZeroPadding", "SpatialReflectionPadding", "SpatialReplicationPadding")
def pad(to: Translation, part: Record, given: str) -> str:
    """Put pixels around; negative numbers cut them off."""
    kind = part.kind.rsplit(".", 1)[-1]
    mode = {"SpatialZeroPadding": "constant", "SpatialReflectionPadding": "reflect"}.get(kind, "edge")
    left, right, top, bottom = (int(part.get(f"pad_{side}", 0)) for side in "lrtb")
    pads = to.constant(np.array([0, 0, top, left, 0, 0, bottom, right]))
    return to.node("Pad", given, pads, mode=mode)
