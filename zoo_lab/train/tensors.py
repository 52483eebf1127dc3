"""Tensors on the memory of NumPy arrays: TensorFlow copies an array that it is given, weights and gradients too."""

from __future__ import annotations

from typing import Any

import numpy as np

_ALIGNED = 64  # bytes; what TensorFlow's kernels ask of a tensor's memory


def aligned(count: int, dtype: Any) -> np.ndarray:
    """Return an array of `count` values, not set, that `borrowed` need not copy."""
    dtype = np.dtype(dtype)
    room = np.empty(count * dtype.itemsize + _ALIGNED, np.uint8)
    start = -room.ctypes.data % _ALIGNED
    return room[start : start + count * dtype.itemsize].view(dtype)


def borrowed(array: np.ndarray) -> Any:
    """Return a tensor on an array's own memory, which must stay as it is while the tensor is used.

    Where the array is not aligned, or only readable, it is copied.
    """
    import tensorflow as tf

    lendable = array.size and array.flags.writeable and array.flags.c_contiguous and not array.ctypes.data % _ALIGNED
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__()) if lendable else tf.convert_to_tensor(array)
