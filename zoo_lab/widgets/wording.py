"""Numbers as people read them: durations, rates, losses."""

from __future__ import annotations

import math

UNKNOWN = "\N{EN DASH}"


def duration(seconds: float | None) -> str:
    """Return seconds as "850 ms", "12 s", "1 min 05 s" or "2 h 03 min"; a dash where unknown.

    Example:
        >>> duration(65.2), duration(0.85), duration(None) == UNKNOWN
        ('1 min 05 s', '850 ms', True)
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def rate(per_second: float | None) -> str:
    """Return a rate as "12,345 samples/s"; a dash where unknown.

    Example:
        >>> rate(12345.6), rate(3.21)
        ('12,346 samples/s', '3.2 samples/s')
    """
    if per_second is None or not math.isfinite(per_second):
        return UNKNOWN
    return f"{per_second:,.0f} samples/s" if per_second >= 100 else f"{per_second:.1f} samples/s"


def value(number: float | None) -> str:
    """Return a loss or metric in four significant digits, "nan" and "inf" spelled out.

    Example:
        >>> value(0.123456), value(1234.5), value(2e-7)
        ('0.1235', '1234', '2e-07')
    """
    return UNKNOWN if number is None else f"{number:.4g}"


def plural(count: int, noun: str) -> str:
    """Return "1 worker", "2 workers".

    Example:
        >>> plural(1, "worker"), plural(1200, "iteration")
        ('1 worker', '1,200 iterations')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def spark(numbers: list[float], width: int = 40) -> str:
    """Return a line of block characters that shows the course of `numbers`.

    Example:
        >>> spark([3.0, 2.0, 1.0])
        '█▅▁'
    """
    known = [number for number in numbers if math.isfinite(number)]
    if not known:
        return ""
    stride = max(len(known) / width, 1.0)
    picked = [known[int(index * stride)] for index in range(int(len(known) / stride))]
    low, high = min(picked), max(picked)
    scale = 7 / (high - low) if high > low else 0.0
    return "".join("▁▂▃▄▅▆▇█"[round((number - low) * scale)] for number in picked)
