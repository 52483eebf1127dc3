"""Writes one small chart as SVG text: lines, marks, axes. It takes milliseconds and no plotting library."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One curve: its CSS class for the colour, its points, and whether it is drawn as marks on a dashed line."""

    style: str
    x: Sequence[float]
    y: Sequence[float]
    marks: bool = False
    faint: bool = False


@dataclass(frozen=True)
class Box:
    """The rectangle inside the axes, in pixels."""

    left: float
    top: float
    width: float
    height: float


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    """Return a text element."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {place} class={quoteattr(style)}>{escape(content)}</text>"


def outline(area: Box, corners: Sequence[float], style: str, title: str) -> str:
    """Return a box on a picture that fills `area`; its corners x1, y1, x2, y2 are parts of the picture's sides."""
    x1, y1, x2, y2 = corners
    place = f'x="{area.left + x1 * area.width:.1f}" y="{area.top + y1 * area.height:.1f}"'
    size = f'width="{max(x2 - x1, 0) * area.width:.1f}" height="{max(y2 - y1, 0) * area.height:.1f}"'
    return f'<rect class="box {style}" {place} {size}><title>{escape(title)}</title></rect>'


def chart(box: Box, series: Sequence[Series]) -> str:
    """Return grid, axes and curves of one chart; an empty chart where no value is finite."""
    points = [point for one in series for point in _finite(one)]
    if not points:
        return text(box.left + box.width / 2, box.top + box.height / 2, "no values yet", "quiet", "middle")
    x_low, x_high = min(point[0] for point in points), max(point[0] for point in points)
    y_low, y_high = _padded(min(point[1] for point in points), max(point[1] for point in points))
    x_scale = box.width / max(x_high - x_low, 1)
    y_scale = box.height / (y_high - y_low)

    def place(point: Point) -> Point:
        return box.left + (point[0] - x_low) * x_scale, box.top + box.height - (point[1] - y_low) * y_scale

    axes = _axes(box, ticks(x_low, x_high, 6), ticks(y_low, y_high, 5), place)
    return axes + "".join(_curve(one, place) for one in series)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return about `wanted` round numbers (1, 2 or 5 times a power of ten) between `low` and `high`.

    Example:
        >>> ticks(0.0, 1.0)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _padded(low: float, high: float) -> tuple[float, float]:
    air = (high - low) * 0.06 or abs(high) * 0.1 or 0.5
    return low - air, high + air


def _finite(series: Series) -> list[Point]:
    return [(x, y) for x, y in zip(series.x, series.y, strict=True) if math.isfinite(y)]


def _axes(box: Box, x_ticks: Sequence[float], y_ticks: Sequence[float], place: Callable[[Point], Point]) -> str:
    bottom, parts = box.top + box.height, []
    for tick in y_ticks:
        height = place((0.0, tick))[1]
        parts.append(f'<path class="grid" d="M{box.left:.1f} {height:.1f}h{box.width:.1f}"/>')
        parts.append(text(box.left - 7, height + 3.5, f"{tick:.4g}", "tick", "end"))
    parts.append(f'<path class="axis" d="M{box.left:.1f} {bottom:.1f}h{box.width:.1f}"/>')
    for tick in x_ticks:
        if tick == round(tick):
            parts.append(text(place((tick, 0.0))[0], bottom + 16, f"{tick:,.0f}", "tick", "middle"))
    return "".join(parts)


def _curve(series: Series, place: Callable[[Point], Point]) -> str:
    places = [place(point) for point in _finite(series)]
    if not places:
        return ""
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    kind = "dashed" if series.marks else "faint" if series.faint else "line"
    drawn = f'<path class="{kind} {series.style}" d="{path}"/>'
    if not series.marks:
        return drawn
    dots = "".join(f'<circle class="dot {series.style}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places)
    return drawn + dots
