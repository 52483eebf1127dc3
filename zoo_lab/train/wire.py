"""How gradients are written on the wire: as they are, or in 16 bits with the rounding error carried on (E).

Rounding is to nearest, not towards zero as in the predecessor, whose sums shrank with every worker. What rounding takes
away from a worker's gradient is added to its next one (error feedback, Seide et al. 2014), so nothing is lost for good.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import ml_dtypes
import numpy as np

_OVER = 0x7F7F8000  # the first float32 that rounds to infinity; NaN is above it too
CHUNK_BYTES = 1 << 20  # what is done with a chunk on its way stays in the cache


class Wire(ABC):
    """A number format between the workers; `lossy` ones need error feedback."""

    lossy: bool

    @abstractmethod
    def packed(self, values: np.ndarray) -> np.ndarray:
        """Return floating `values` as they travel."""

    @abstractmethod
    def unpacked(self, buffer: bytes | memoryview, dtype: np.dtype) -> np.ndarray:
        """Return the values of a buffer as `dtype`."""


class Exact(Wire):
    """The values themselves."""

    lossy = False

    def packed(self, values: np.ndarray) -> np.ndarray:
        return values

    def unpacked(self, buffer: bytes | memoryview, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(buffer, dtype)


class HalfWidth(Wire):
    """16 bits, rounded to nearest, ties to even.

    Finite values beyond the largest number travel as that, and the error feedback carries the rest on. Infinity and NaN
    stay what they are.
    """

    lossy = True

    def __init__(self, dtype: np.dtype, largest: float) -> None:
        self._dtype = dtype
        self._largest = largest

    def packed(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            packed = values.astype(self._dtype)
        if not np.isfinite(packed).all():
            within = np.clip(values, -self._largest, self._largest).astype(self._dtype)
            packed = np.where(np.isfinite(values), within, packed)
        return packed

    def unpacked(self, buffer: bytes | memoryview, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(buffer, self._dtype).astype(dtype)


class UpperHalf(HalfWidth):
    """The upper half of a float32; working on the bits takes half the time of converting number by number."""

    def packed(self, values: np.ndarray) -> np.ndarray:
        if values.dtype != np.float32:
            return super().packed(values)
        bits = values.view(np.uint32)
        upper = bits & 0x7FFFFFFF
        if upper.max(initial=0) >= _OVER:
            return super().packed(values)
        np.right_shift(bits, 16, out=upper)
        upper &= 1  # to even where it lies in the middle
        upper += bits
        upper += 0x7FFF
        upper >>= 16
        return upper.astype(np.uint16).view(self._dtype)


WIRES: dict[str, Wire] = {
    "none": Exact(),
    # the upper half of a float32: 8 bits of precision, the whole range
    "bf16": UpperHalf(np.dtype(ml_dtypes.bfloat16), float(ml_dtypes.finfo(ml_dtypes.bfloat16).max)),
    # IEEE half precision: 11 bits of precision, up to ±65504
    "fp16": HalfWidth(np.dtype(np.float16), float(np.finfo(np.float16).max)),
}


def with_feedback(wire: Wire, values: np.ndarray, residual: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what travels of `values` plus the last `residual`, and the new residual (None with an exact wire).

    The residual is always finite: of infinity and NaN, which travel as they are, nothing is left over.
    """
    if not wire.lossy:
        return wire.packed(values), None
    total = values if residual is None else values + residual
    packed = wire.packed(total)
    with np.errstate(invalid="ignore"):
        left = total - packed.astype(total.dtype)
    if not np.isfinite(left).all():
        left[~np.isfinite(left)] = 0
    return packed, left
