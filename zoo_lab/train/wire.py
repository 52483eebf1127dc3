"""How gradients are written on the wire: as they are, or in 16 bits with the rounding error carried on (E).

Rounding is to nearest, not towards zero as in the predecessor, whose sums shrank with every worker. What rounding takes
away from a worker's gradient is added to its next one (error feedback, Seide et al. 2014), so nothing is lost for good.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

CHUNK_BYTES = 4 << 20
_LARGEST_FP16 = 65504.0


class Wire(ABC):
    """A number format between the workers; `lossy` ones need error feedback."""

    lossy: bool

    @abstractmethod
    def packed(self, values: np.ndarray) -> np.ndarray:
        """Return floating `values` as they travel."""

    @abstractmethod
    def unpacked(self, buffer: bytes, dtype: np.dtype) -> np.ndarray:
        """Return the values of a buffer as `dtype`."""


class Exact(Wire):
    """The values themselves."""

    lossy = False

    def packed(self, values: np.ndarray) -> np.ndarray:
        return values

    def unpacked(self, buffer: bytes, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(buffer, dtype)


class BFloat16(Wire):
    """The upper 16 bits of a float32, rounded to nearest, ties to even: 8 bits of precision, the whole range."""

    lossy = True

    def packed(self, values: np.ndarray) -> np.ndarray:
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        odd = (bits >> 16) & 1
        rounded = (bits + (odd + np.uint32(0x7FFF))) >> 16
        # adding may carry a NaN's payload over into another number
        return np.where(np.isnan(values), np.uint32(0x7FC0), rounded).astype(np.uint16)

    def unpacked(self, buffer: bytes, dtype: np.dtype) -> np.ndarray:
        bits = np.frombuffer(buffer, np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32).astype(dtype, copy=False)


class Float16(Wire):
    """IEEE half precision: 11 bits of precision; values beyond ±65504 are carried on by the error feedback."""

    lossy = True

    def packed(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, -_LARGEST_FP16, _LARGEST_FP16).astype(np.float16)

    def unpacked(self, buffer: bytes, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(buffer, np.float16).astype(dtype)


WIRES: dict[str, Wire] = {"none": Exact(), "bf16": BFloat16(), "fp16": Float16()}


def with_feedback(wire: Wire, values: np.ndarray, residual: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what travels of `values` plus the last `residual`, and the new residual (None with an exact wire)."""
    if not wire.lossy:
        return wire.packed(values), None
    total = values if residual is None else values + residual
    packed = wire.packed(total)
    return packed, total - wire.unpacked(packed.data, total.dtype)
