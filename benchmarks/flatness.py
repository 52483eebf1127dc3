"""Tells whether the figures of a long run stay flat: after its first fifth, they must not grow. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_SETTLED = 0.2  # of the run: in it the JVM compiles and pools fill


@dataclass(frozen=True)
class Allowance:
    """How much a figure may grow: by `share` of its first level, and by `floor` where that is little."""

    share: float
    floor: float


@dataclass(frozen=True)
class Trend:
    """How one figure went on over a run.

    Attributes:
        name: of the figure.
        first: its level after the first fifth of the run.
        last: its level at the end of the run.
        flat: whether it grew by no more than is allowed.
    """

    name: str
    first: float
    last: float
    flat: bool


ALLOWED = {
    "milliseconds": Allowance(0.10, 1.0),
    "driver_memory": Allowance(0.05, 20.0),
    "worker_memory": Allowance(0.05, 20.0),
    "heap": Allowance(0.10, 10.0),
    "temporary_files": Allowance(0.0, 2.0),
    "shuffle_files": Allowance(0.0, 2.0),
    "broadcast_files": Allowance(0.0, 2.0),
    "jobs": Allowance(0.15, 5.0),
    "stages": Allowance(0.15, 5.0),
}


def trends(stretches: Sequence[Mapping[str, float]], ceilings: Mapping[str, float] | None = None) -> list[Trend]:
    """Return the trend of every figure that has an allowance.

    Args:
        stretches: the figures of each part of the run, in order and equally long.
        ceilings: figure → a level that it may reach as it likes, such as what Spark's UI is set to retain.
    """
    return [_trend(name, [stretch[name] for stretch in stretches], (ceilings or {}).get(name, 0.0)) for name in ALLOWED]


def sentence(found: Sequence[Trend]) -> str:
    """Return the verdict as one line."""
    growing = [
        f"{trend.name.replace('_', ' ')} {trend.first:,.1f} → {trend.last:,.1f}" for trend in found if not trend.flat
    ]
    return "Flat." if not growing else f"Growing: {'; '.join(growing)}."


def _trend(name: str, values: Sequence[float], ceiling: float) -> Trend:
    settled = values[max(1, round(_SETTLED * len(values))) :]
    part = -(-len(settled) // 3)
    first, last = float(np.median(settled[:part])), float(np.median(settled[-part:]))
    allowed = ALLOWED[name]
    grown = max(allowed.share * first, allowed.floor)
    return Trend(name, first, last, last <= max(first + grown, ceiling))
