"""The static twin of the live widget: what stays in a saved notebook and shows everywhere.

One SVG image, as JupyterLab, Notebook, VS Code, Colab, nbconvert and GitHub all draw it (an HTML output would lose its
inline SVG to GitHub's sanitizer), the same in words, and the run as JSON. The picture brings its own background, so
it can be read on white and on black pages; where the browser tells images about a dark page, it is dark too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.widgets import wording
from zoo_lab.widgets.besides import Beside
from zoo_lab.widgets.columns import finite
from zoo_lab.widgets.curves import Curves
from zoo_lab.widgets.packets import error_of, rejected
from zoo_lab.widgets.svg import Box, Series, chart, text
from zoo_lab.widgets.svg_style import style_sheet
from zoo_lab.widgets.thinning import sample, smooth, thin

RUN_MIME = "application/vnd.zoo-lab.run+json"
_WIDTH, _HEIGHT = 820, 310
_TOP = 124
_LEGEND_ROWS = 2
_SHOWN_METRICS = 5
_POINTS = 300
_MARKS = 200
_BATCHES = 10


def bundle(curves: Curves, kernel: str = "") -> dict[str, Any]:
    """Return the MIME bundle of a run as it stands: SVG, plain text, and the run as JSON."""
    return {"image/svg+xml": picture(curves), "text/plain": words(curves), RUN_MIME: record(curves, kernel=kernel)}


def picture(curves: Curves) -> str:
    """Return the run as one SVG document of a few kilobytes, whatever its length."""
    metrics = curves.metrics[:_SHOWN_METRICS]
    wide = _WIDTH - 40 - 44
    width = (wide - 64) / 2 if metrics else wide
    left = Box(60, _TOP, width, _HEIGHT - _TOP - 38)
    parts = [_head(curves), _legend(curves, ["loss"], left, 0), chart(left, _series(curves, ["loss"], 0))]
    if metrics:
        right = Box(60 + width + 64, left.top, width, left.height)
        parts += [_legend(curves, metrics, right, 1), chart(right, _series(curves, metrics, 1))]
    parts.append(curves.watched.picture(_HEIGHT))
    height = _HEIGHT + curves.watched.height
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    card = f'<rect class="card" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>'
    title = f"<title>{escape(f'{curves.name}: {curves.status}')}</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="zoo-run" role="img" {size}>'
        f"<style>{style_sheet()}</style>{title}{card}{''.join(parts)}</svg>"
    )


def words(curves: Curves) -> str:
    """Return the run in a few lines of plain text, the last ten epochs as a table."""
    lines = [f"{curves.name}: {curves.status}"]
    if len(curves):
        lines.append(f"loss {wording.spark(list(thin(curves.values['loss'], 40)))} {_newest(curves, 'loss')}")
        lines.append(_pace(curves))
    names = curves.epoch_values.names
    if names:
        width = max(9, *(len(name) for name in names))
        lines.append("epoch  " + "  ".join(f"{name:>{width}}" for name in names))
        rows = len(curves.epoch_values)
        for row in range(max(rows - 10, 0), rows):
            shown = (f"{wording.value(curves.epoch_values[name][row]):>{width}}" for name in names)
            lines.append(f"{curves.epoch_number[row] + 1:>5}  " + "  ".join(shown))
    return "\n".join([*lines, *curves.watched.words])


def record(curves: Curves, points: int = _POINTS, kernel: str = "") -> dict[str, Any]:
    """Return the run as JSON values: its settings, its curves in at most `points` points, all its epochs.

    `kernel` is the id of the kernel that has its weights, "" where none has.
    """
    started = dataclasses.asdict(curves.started) if curves.started else {}
    names = ["loss", *curves.metrics]
    return {
        "version": 1,
        "run": curves.run,
        "name": curves.name,
        "state": curves.state,
        "status": curves.status,
        "message": curves.stopped.message if curves.stopped else "",
        "error": error_of(curves),
        "seconds": finite(curves.elapsed_seconds),
        "iterations": curves.last_iteration,
        "samples_per_second": finite(curves.pace.samples_per_second),
        "iterations_planned": curves.iterations,
        "epochs_done": curves.epochs_done,
        "parts": {name: finite(float(f"{seconds:.4g}")) for name, seconds in curves.pace.parts.items()},
        "knobs": {name: finite(value) for name, value in curves.knobs.items()},
        "watch": curves.watched.record(),
        "rejected": [rejected(event) for event in curves.rejected[-_BATCHES:]],
        "asking": curves.asking,
        "kept": list(curves.kept),
        "kernel": kernel if curves.kept else "",
        "notice": curves.newest_notice if curves.over else "",
        "handled": {str(iteration): choice for iteration, choice in curves.handled.items()},
        "beside": [_beside(other, points) for other in curves.beside.values()],
        "marks": [list(mark) for mark in curves.marks[-_MARKS:]],
        "settings": {name: value for name, value in started.items() if name not in ("run", "time", "name")},
        "curves": {
            "iteration": _listed(thin(curves.iteration, points)),
            **{name: _listed(thin(curves.values[name], points)) for name in names},
        },
        "timing": _timing(curves, points),
        "lanes": {name: _listed(sample(curves.lanes.table[name], points), 3) for name in curves.lanes.table.names},
        "lost": [list(loss) for loss in curves.lanes.lost],
        "epochs": {
            "epoch": list(curves.epoch_number),
            "iteration": list(curves.epoch_iteration),
            **{name: _listed(curves.epoch_values[name]) for name in curves.epoch_values.names},
        },
    }


def _beside(other: Beside, points: int) -> dict[str, Any]:
    """Return a curve beside the run's own, thinned as that is."""
    values = {name: _listed(thin(other.values[name], points)) for name in other.values.names}
    rows = {"iteration": _listed(thin(other.iteration, points)), **values}
    return {"run": other.run, "name": other.name, "begin": other.begin, "curves": rows}


def _timing(curves: Curves, points: int) -> dict[str, list[float | None]]:
    """Return the seconds of each part, thinned as the curves are; nothing where nobody measured them."""
    timing = curves.timing
    measured = timing.names if len(timing.names) > 1 else ()
    return {name: _listed((sample if name == "slowest" else thin)(timing[name], points), 3) for name in measured}


def _head(curves: Curves) -> str:
    model = f"{curves.started.model} · {wording.plural(curves.started.workers, 'worker')}" if curves.started else ""
    head = text(20, 32, curves.name, "name") + text(_WIDTH - 20, 32, model, "quiet", "end")
    pace = _pace(curves)
    room = (_WIDTH - 60) // 7 - len(pace)  # about 7 pixels a letter
    status = curves.status if len(curves.status) <= room else curves.status[: room - 1] + "…"
    return head + text(20, 56, status) + text(_WIDTH - 20, 56, pace, "quiet", "end")


def _pace(curves: Curves) -> str:
    epochs = f"{curves.epochs_done}/{curves.epochs} epochs" if curves.epochs else ""
    speed = wording.rate(curves.pace.samples_per_second) if curves.pace.samples_per_second is not None else ""
    elapsed = "" if curves.over else wording.duration(curves.elapsed_seconds)  # then the sentence says it
    return " · ".join(part for part in (epochs, speed, elapsed) if part)


def _legend(curves: Curves, names: Sequence[str], box: Box, colour: int) -> str:
    rows: list[list[str]] = [[]]
    left = box.left
    for index, name in enumerate(names):
        label = _label(curves, name)
        width = 30 + 6.4 * len(label)
        if left > box.left and left + width > box.left + box.width:
            rows.append([])
            left = box.left
        key = f'<rect class="key s{colour + index}" x="{left:.1f}" y="-10" width="10" height="10" rx="3"/>'
        rows[-1].append(key + text(left + 15, -1, label))
        left += width
    shown = rows[:_LEGEND_ROWS]  # what does not fit is in the text and in the record
    tops = [box.top - 18 * (len(shown) - at) for at in range(len(shown))]
    groups = (f'<g transform="translate(0 {top:.0f})">{"".join(row)}</g>' for top, row in zip(tops, shown, strict=True))
    return "".join(groups)


def _label(curves: Curves, name: str) -> str:
    label = f"{name.replace('_', ' ')} {_newest(curves, name)}"
    validation = curves.epoch_values.last().get(f"val_{name}")
    return label if validation is None else f"{label} · val {wording.value(validation)}"


def _newest(curves: Curves, name: str) -> str:
    return wording.value(curves.values.last().get(name))


def _series(curves: Curves, names: Sequence[str], colour: int) -> list[Series]:
    iterations = thin(curves.iteration, _POINTS)
    series = []
    for index, name in enumerate(names):
        style, values = f"s{colour + index}", thin(curves.values[name], _POINTS)
        if name == "loss":
            series.append(Series(style, iterations, values, faint=True))
            values = smooth(values)
        series.append(Series(style, iterations, values))
        if f"val_{name}" in curves.epoch_values:
            ends = thin(curves.epoch_iteration, 100)
            series.append(Series(style, ends, thin(curves.epoch_values[f"val_{name}"], 100), marks=True))
        for place, other in enumerate(curves.beside.values()):
            if name in other.values:
                rows = thin(other.iteration, _POINTS), thin(other.values[name], _POINTS)
                series.append(Series(f"s{(place + 3) % 6}", rows[0], smooth(rows[1]) if name == "loss" else rows[1]))
    return series


def _listed(values: Sequence[float], digits: int = 6) -> list[float | None]:
    return [finite(float(f"{value:.{digits}g}")) for value in values]
