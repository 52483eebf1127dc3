"""Modules that learn, other than convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo_lab.net.torch7.translation import Translation, module
from zoo_lab.net.torch_file import Record


@module("Linear")
def linear(to: Translation, part: Record, given: str) -> str:
    """Multiply rows by a matrix, and add the bias."""
    if to.ranks[given] != 2:
        why = f"Linear takes (rows, features); its input has {to.ranks[given]} axes"
        raise to.refuse(why)
    bias = part.get("bias")
    given_too = [] if bias is None or not bias.size else [to.weight(bias)]
    return to.node("Gemm", given, to.weight(part.get("weight")), *given_too, transB=1, alpha=1.0, beta=1.0)


@module("BatchNormalization", "SpatialBatchNormalization", "VolumetricBatchNormalization")
def normalization(to: Translation, part: Record, given: str) -> str:
    """Normalize each channel; without weights of its own it has ones and zeros."""
    mean, epsilon = np.asarray(part.get("running_mean"), np.float32), float(part.get("eps", 1e-5))
    variance = part.get("running_var")
    if variance is None:  # old files have one over the deviation
        variance = 1 / np.asarray(part.get("running_std"), np.float64) ** 2 - epsilon
    scale, shift = (part.get(name) for name in ("weight", "bias"))
    scale = np.ones_like(mean) if scale is None or not scale.size else scale
    shift = np.zeros_like(mean) if shift is None or not shift.size else shift
    statistics = (to.constant(mean), to.constant(np.asarray(variance, np.float32)))
    momentum = 1 - float(part.get("momentum", 0.1))
    return to.node(
        "BatchNormalization", given, to.weight(scale), to.weight(shift), *statistics, epsilon=epsilon, momentum=momentum
    )


@module("LookupTable")
def lookup_table(to: Translation, part: Record, given: str) -> str:
    """Look up rows of a matrix by numbers that begin with 1, as the net was trained."""
    places = to.node("Sub", given, to.constant(np.int64(1)))
    return to.node("Gather", to.weight(part.get("weight")), places, axis=0, rank=to.ranks[given] + 1)


@module("PReLU")
def prelu(to: Translation, part: Record, given: str) -> str:
    """Multiply what is below zero by a slope for all, or one for each channel."""
    slope = np.asarray(part.get("weight"))
    shape = [-1] + [1] * (to.ranks[given] - 2) if slope.size > 1 else [1]
    return to.node("PRelu", given, to.weight(slope.reshape(shape)))


@module("Mul")
def multiply(to: Translation, part: Record, given: str) -> str:
    """Multiply by one number that is learned."""
    return to.node("Mul", given, to.weight(np.reshape(part.get("weight"), [1])))


@module("Add", "CAdd")
def add(to: Translation, part: Record, given: str) -> str:
    """Add a tensor that is learned."""
    return to.node("Add", given, to.weight(_for_rows(to, part.get("bias"), given)))


@module("CMul")
def multiply_each(to: Translation, part: Record, given: str) -> str:
    """Multiply by a tensor that is learned."""
    return to.node("Mul", given, to.weight(_for_rows(to, part.get("weight"), given)))


def _for_rows(to: Translation, values: Any, given: str) -> np.ndarray:
    values, rank = np.asarray(values), to.ranks[given]
    if values.ndim > rank:
        why = f"its weights have {values.ndim} axes, its input {rank}"
        raise to.refuse(why)
    return values
