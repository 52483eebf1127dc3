"""Writes runs into files that others can open: SVG, PNG, CSV, a page that holds all it needs, and a Python script."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from zoo_lab.core.errors import ArgumentError
from zoo_lab.widgets import assets, comparison, twin
from zoo_lab.widgets.lineage import lineage
from zoo_lab.widgets.runfiles import RunFile
from zoo_lab.widgets.script import as_script

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}
:root{{color-scheme:light dark}}
body{{max-width:1100px;margin:24px auto;padding:0 16px;font:14px/1.5 system-ui,sans-serif}}
table{{border-collapse:collapse;margin:16px 0}}td,th{{padding:3px 12px;text-align:right}}th{{font-weight:600}}
tbody tr:nth-child(odd){{background:rgb(128 128 128 / 12%)}}.zoo-monitor{{margin-bottom:16px}}
@media (prefers-color-scheme:dark){{:root{{--jp-layout-color1:#1e1e1e;--jp-layout-color2:#2b2b2b;
--jp-border-color1:#616161;--jp-border-color2:#424242;--jp-border-color3:#333;--jp-ui-font-color1:#e8e8e8;
--jp-ui-font-color2:#b0b0b0;--jp-brand-color1:#42a5f5;--jp-success-color1:#66bb6a;--jp-warn-color1:#ffa726;
--jp-error-color1:#ef5350;--jp-info-color1:#4dd0e1}}body{{background:#1e1e1e;color:#e8e8e8}}}}
</style></head><body><main><h1>{title}</h1>{comparison}<div id="zoo-runs"></div></main>
<script id="zoo-records" type="application/json">{records}</script>
<script type="module">{code}
savedPage();</script></body></html>
"""
_PAGE_POINTS = 2000


def export(runs: Sequence[RunFile], path: Path) -> Path:
    """Write `runs` into `path`, as its ending says: .svg, .png, .csv, .html or .py; return the path.

    A script is of one run; the weights that it began with, or that the first of those that it branches from did, are
    written beside it, as .npz, where they were kept.

    Errors:
        ArgumentError: another ending, a folder that is not there, or a script of several runs.

    Example:
        >>> export(list_runs(folder)[0], Path("runs.html"))                 # doctest: +SKIP
    """
    write = _WRITERS.get(path.suffix.lower())
    if path.suffix.lower() not in (*_WRITERS, ".py"):
        msg = f"Expected a file that ends with {', '.join((*_WRITERS, '.py'))}; received {path.name!r}."
        raise ArgumentError(msg)
    if not path.parent.is_dir():
        msg = f"Expected a folder that is there; received {str(path.parent)!r}."
        raise ArgumentError(msg)
    path.write_bytes(_script_of(runs, path) if write is None else write(runs))
    return path


def _script_of(runs: Sequence[RunFile], path: Path) -> bytes:
    """Return one run as a script, and write its first weights beside `path`."""
    if len(runs) != 1:
        msg = f"Expected one run for a script, such as %zoo_runs 1 --export {path.name}; received {len(runs)}."
        raise ArgumentError(msg)
    start, weights = lineage(runs[0])[0].made.start, path.with_suffix(".npz")
    if not start:
        return as_script(runs[0]).encode()
    text = as_script(runs[0], weights.name)
    weights.write_bytes(base64.b64decode(start))
    return text.encode()


def as_csv(runs: Sequence[RunFile]) -> str:
    """Return a row for each iteration of each run; what an epoch gave stands in the row of its last iteration."""
    names = list(dict.fromkeys(name for run in runs for name in ("loss", *run.curves.metrics)))
    ends = list(
        dict.fromkeys(name for run in runs for name in run.curves.epoch_values.names if name.startswith("val_"))
    )
    parts = list(dict.fromkeys(name for run in runs for name in run.curves.timing.names))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "iteration", "seconds", *names, *ends, *parts])
    for run in runs:
        curves = run.curves
        rows = {iteration: row for row, iteration in enumerate(curves.epoch_iteration)}
        for at, iteration in enumerate(curves.iteration):
            values = [_cell(curves.values, name, at) for name in ("seconds", *names)]
            epoch = rows.get(iteration)
            given = ["" if epoch is None else _cell(curves.epoch_values, name, epoch) for name in ends]
            writer.writerow([run.name, iteration, *values, *given, *(_cell(curves.timing, name, at) for name in parts)])
    return out.getvalue()


def as_page(runs: Sequence[RunFile]) -> str:
    """Return a page with the runs' interactive curves that asks for nothing from anywhere."""
    records = json.dumps([twin.record(run.curves, _PAGE_POINTS) | {"name": run.name} for run in runs])
    several = f"{comparison.picture(runs)}{comparison.as_html(runs, everything=True)}" if len(runs) > 1 else ""
    code = assets.module("saved_page").replace("export default function", "function")
    return _PAGE.format(
        title=escape(", ".join(run.name for run in runs[:3]) + (" …" if len(runs) > 3 else "")),
        style=assets.style(*assets.MONITOR_STYLES),
        comparison=several,
        records=records.replace("<", "\\u003c"),
        code=code.replace("</script", "<\\/script"),
    )


def as_png(runs: Sequence[RunFile]) -> bytes:
    """Return the comparison's curves as a PNG of 1,640 pixels width."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metric = comparison.common_metric(runs)
    figure = Figure(figsize=(10.25, 4), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2 if metric else 1, squeeze=False)[0]
    for place, name in zip(axes, filter(None, ("loss", metric)), strict=True):
        for at, run in enumerate(runs):
            curves = run.curves
            if name in curves.values:
                place.plot(curves.iteration, curves.values[name], color=f"C{at}", label=run.name)
            if f"val_{name}" in curves.epoch_values:
                place.plot(curves.epoch_iteration, curves.epoch_values[f"val_{name}"], f"C{at}--o", markersize=4)
        place.set(xlabel="iteration", ylabel=name.replace("_", " "))
        place.grid(alpha=0.3)
    axes[0].legend()
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _as_svg(runs: Sequence[RunFile]) -> bytes:
    return (twin.picture(runs[0].curves) if len(runs) == 1 else comparison.picture(runs)).encode()


def _cell(table: object, name: str, row: int) -> str:
    if name not in table:  # type: ignore[operator]
        return ""
    number = table[name][row]  # type: ignore[index]
    return "" if math.isnan(number) else f"{number:.9g}"


_WRITERS: dict[str, Callable[[Sequence[RunFile]], bytes]] = {
    ".svg": _as_svg,
    ".png": as_png,
    ".csv": lambda runs: as_csv(runs).encode(),
    ".html": lambda runs: as_page(runs).encode(),
}
