"""Several runs beside each other: their curves in one picture, and in what their settings differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.widgets import wording
from zoo_lab.widgets.best import best
from zoo_lab.widgets.madewith import differing
from zoo_lab.widgets.runfiles import RunFile
from zoo_lab.widgets.svg import Box, Series, chart, text
from zoo_lab.widgets.svg_style import style_sheet
from zoo_lab.widgets.thinning import smooth, thin

MOST = 6
_POINTS = 400
_WIDTH, _HEIGHT = 820, 340
_NO_SETTINGS = ("run", "time", "name", "why", "metrics", "validation", "knobs")


def differences(runs: Sequence[RunFile], everything: bool = False) -> dict[str, list[Any]]:
    """Return setting → its value in each run, of those that differ (or all), and the best value at the end.

    Example:
        >>> differences([first, second])                                    # doctest: +SKIP
        {'batch_size': [128, 256], 'best val_accuracy': ['0.971', '0.968']}
    """
    starts = [_settings(run) for run in runs]
    names = [name for name in dict.fromkeys(name for start in starts for name in start) if name not in _NO_SETTINGS]
    table = {name: [start.get(name) for start in starts] for name in names}
    shown = {name: values for name, values in table.items() if everything or len(set(map(repr, values))) > 1}
    shown |= {
        name: values for name, values in differing([run.curves.made for run in runs]).items() if name not in shown
    }
    shown["iterations done"] = [run.curves.last_iteration for run in runs]
    shown["seconds"] = [round(run.curves.elapsed_seconds, 1) for run in runs]
    found = [best(run.curves) for run in runs]
    for name in dict.fromkeys(one["name"] for one in found if one):
        shown[f"best {name}"] = [wording.value(one["value"]) if one and one["name"] == name else None for one in found]
    return shown


def picture(runs: Sequence[RunFile], metric: str | None = None) -> str:
    """Return the loss (and a metric) of up to six runs as one SVG; dashed lines with dots are validation.

    Args:
        runs: what to draw, more than six are left out.
        metric: of the right half; default the first that the runs have, if any.
    """
    runs = runs[:MOST]
    metric = metric or common_metric(runs)
    width = (_WIDTH - 40 - 44 - 64) / 2 if metric else _WIDTH - 40 - 44
    top = 34 + 20 * (1 + (len(runs) - 1) // 2)
    box = Box(60, top + 22, width, _HEIGHT - top - 60)
    parts = [_legend(runs), text(60, top + 8, "loss", "quiet"), chart(box, _series(runs, "loss"))]
    if metric:
        right = Box(60 + width + 64, box.top, width, box.height)
        label = text(right.left, top + 8, metric.replace("_", " "), "quiet")
        parts += [label, chart(right, _series(runs, metric))]
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    card = f'<rect class="card" x=".5" y=".5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="8"/>'
    names = escape(", ".join(run.name for run in runs))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="zoo-run" role="img" {size}>'
        f"<style>{style_sheet()}</style><title>{names}</title>{card}{''.join(parts)}</svg>"
    )


def common_metric(runs: Sequence[RunFile]) -> str | None:
    """Return the metric that most of the runs have, of several the first; None where they have none."""
    names = [name for run in runs for name in run.curves.metrics]
    return max(dict.fromkeys(names), key=names.count, default=None)


def as_text(runs: Sequence[RunFile], everything: bool = False) -> str:
    """Return the differences as a table of plain text."""
    table = differences(runs, everything)
    head = [f"{at + 1} {run.name}"[:22] for at, run in enumerate(runs)]
    left = max(len(name) for name in table)
    lines = [" " * left + "".join(f"  {name:>14}" for name in head)]
    for name, values in table.items():
        lines.append(f"{name:<{left}}" + "".join(f"  {_word(value):>14}" for value in values))
    return "\n".join(lines)


def as_html(runs: Sequence[RunFile], everything: bool = False) -> str:
    """Return the differences as a table of HTML."""
    heads = "".join(f'<th scope="col">{escape(run.name)}</th>' for run in runs)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(_word(value))}</td>" for value in values)}</tr>'
        for name, values in differences(runs, everything).items()
    )
    return f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _settings(run: RunFile) -> dict[str, Any]:
    started = run.curves.started
    return {} if started is None else {**dataclasses.asdict(started), **started.knobs}


def _word(value: Any) -> str:
    if value is None:
        return wording.UNKNOWN
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _legend(runs: Sequence[RunFile]) -> str:
    parts = []
    for at, run in enumerate(runs):
        left, bottom = 60 + 370 * (at % 2), 34 + 20 * (at // 2)
        found = best(run.curves)
        words = f"{run.name} · {run.state}" + (f" · best {wording.value(found['value'])}" if found else "")
        key = f'<rect class="key s{at}" x="{left}" y="{bottom - 9}" width="10" height="10" rx="3"/>'
        parts.append(key + text(left + 15, bottom, words if len(words) < 52 else words[:51] + "…"))
    return "".join(parts)


def _series(runs: Sequence[RunFile], name: str) -> list[Series]:
    series = []
    for at, run in enumerate(runs):
        curves, style = run.curves, f"s{at}"
        if name in curves.values:
            values = thin(curves.values[name], _POINTS)
            series.append(Series(style, thin(curves.iteration, _POINTS), smooth(values) if name == "loss" else values))
        if f"val_{name}" in curves.epoch_values:
            ends = thin(curves.epoch_iteration, 100)
            series.append(Series(style, ends, thin(curves.epoch_values[f"val_{name}"], 100), marks=True))
    return series
