"""The slice table: which contiguous part of a flat array each of several tasks owns."""

from __future__ import annotations


def slice_bounds(size: int, parts: int, index: int) -> tuple[int, int]:
    """Return (start, stop) of slice `index` when `size` values are cut into `parts`.

    Slices are contiguous, in order, and differ by at most one in length: slice i starts at
    i·(size//parts) + min(i, size % parts). A slice may be empty when `size` < `parts`.

    Example:
        >>> [slice_bounds(7, 3, i) for i in range(3)]
        [(0, 3), (3, 5), (5, 7)]
    """
    start = index * (size // parts) + min(index, size % parts)
    stop = (index + 1) * (size // parts) + min(index + 1, size % parts)
    return start, stop
