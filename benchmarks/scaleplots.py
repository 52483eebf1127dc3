"""Draws what `scalepage` tells, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.costmodel import efficiency
from benchmarks.scalepage import CLUSTER, HASTY, INCEPTION, NODES, PUBLISHED_SPEED_UP, RESNET, constants_of, winner

EFFICIENCY = "scaling-efficiency.svg"
STRATEGIES = "scaling-strategies.svg"
_COLOURS = {"collect": "#d98c3f", "sliced": "#3f7fbf"}


def draw(figures: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw efficiency by nodes and the faster strategy by size and nodes into `folder`; return the files."""
    import matplotlib as mpl

    # Fixed salt and no date: the same figures give the same file.
    with mpl.rc_context({"svg.hashsalt": "zoo_lab", "svg.fonttype": "none", "font.size": 9}):
        return [
            _save(_efficiency(constants_of(figures)), folder / EFFICIENCY),
            _save(_strategies(constants_of(figures)), folder / STRATEGIES),
        ]


def _efficiency(known: dict[str, Any]) -> Any:
    figure, axes = _figure(5.6, 3.2)
    nodes = np.unique(np.geomspace(1, NODES[-1], 40).round()).astype(int)
    for network, width in ((INCEPTION, 2.0), (RESNET, 2.0), *((hasty, 1.0) for hasty in HASTY)):
        shares = [100 * efficiency(network.on(int(count)), CLUSTER, known["sliced"]) for count in nodes]
        axes.plot(nodes, shares, linewidth=width, label=network.name)
    start = 100 * efficiency(INCEPTION.on(16), CLUSTER, known["sliced"])
    published = [start, start * PUBLISHED_SPEED_UP / 6]
    axes.plot([16, 96], published, "k--o", markersize=3, label="published: Inception-v1, from 16 on")
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 4, 16, 64, 96, 256], ["1", "4", "16", "64", "96", "256"])
    axes.set(xlabel="nodes", ylabel="efficiency, %", ylim=(0, 105), title="sliced, predicted, 10 Gbit/s")
    axes.legend(fontsize=7)
    return figure


def _strategies(known: dict[str, Any]) -> Any:
    figure, axes = _figure(5.6, 3.2)
    for nodes in np.unique(np.geomspace(2, NODES[-1], 22).round()).astype(int):
        for size in np.geomspace(1e5, 1e9, 22):
            axes.plot(nodes, size / 1e6, "s", markersize=5.5, color=_COLOURS[winner(int(nodes), size, known)])
    for name, colour in _COLOURS.items():
        axes.plot([], [], "s", color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([2, 8, 16, 64, 256], ["2", "8", "16", "64", "256"])
    axes.set(xlabel="nodes", ylabel="weights, MB", title="the faster strategy, predicted, 10 Gbit/s")
    figure.legend(loc="outside right upper")
    return figure


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, format="svg", metadata={"Date": None})
    return path
