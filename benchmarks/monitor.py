"""What watching costs: frames of a long chart, bytes to the page, training with and without, JupyterLab's start, Stop.

`monitorpage` asks a headless Chromium, `monitorkernel` a Jupyter kernel, `monitorstop` both; each comparison is made
in turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alone import run_alone
from benchmarks.markdown import table

_EXTENSION = Path(__file__).resolve().parent.parent / "zoo_lab" / "labextension"


def compare(
    points: int = 100_000, seconds: float = 5.0, turns: int = 5, pages: int = 7, steps: int = 1500, stops: int = 5
) -> dict[str, Any]:
    """Return the figures.

    Args:
        points: iterations in the chart that is moved.
        seconds: how long it is moved.
        turns: runs with the monitor, and as many without.
        pages: JupyterLab pages opened with the extension, and as many without.
        steps: iterations of each run, so many that what is sent once, at its end, is not most of it.
        stops: how often a run is stopped in its page.
    """
    return {
        "points": points,
        "pan": run_alone("benchmarks.monitorpage:pan", points=points, seconds=seconds),
        "training": run_alone("benchmarks.monitorkernel:compare", turns=turns, steps=steps),
        "ready": run_alone("benchmarks.monitorpage:ready", turns=pages),
        "stop": run_alone("benchmarks.monitorstop:stop", turns=stops),
        "extension": extension_kilobytes(),
    }


def extension_kilobytes(folder: Path = _EXTENSION) -> float:
    """Return what JupyterLab's extension takes: all files that a page can ask for, in units of 1,000 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1000


def costs(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return frames a second, KB/s, the share of training that is lost, KB, and the ms by which pages are ready later.

    "spread" is by how many ms two pages of the same kind differ, "unlike" by what share two runs without the monitor
    do, "busy" the share of the processors' time that it takes, "stop" the most ms that Stop took.
    """
    training, ready = figures["training"], figures["ready"]
    pairs = zip(training["with"], training["without"], strict=True)
    busy = [np.median(training[f"busy {way}"]) for way in ("with", "without")]
    later = [1000 * (with_it - without) for with_it, without in zip(ready["with"], ready["without"], strict=True)]
    return {
        "frames": figures["pan"]["frames_per_second"],
        "kilobytes": float(np.median(training["kilobytes_per_second"])),
        "share": float(np.median([1 - with_it / without for with_it, without in pairs])),
        "unlike": _unlike(training["without"]) / float(np.median(training["without"])),
        "busy": float(busy[0] - busy[1]),
        "extension": figures["extension"],
        "later": float(np.median(later)),
        "stop": 1000 * max(figures["stop"]),
        "spread": 1000 * _unlike(ready["without"]),
    }


def _unlike(values: list[float]) -> float:
    """Return by how much two measurements of one thing differ."""
    return float(np.median(np.abs(np.diff(values)))) if len(values) > 1 else 0.0


def markdown(figures: Mapping[str, Any]) -> str:
    """Return the table of the figures."""
    found, training, ready = costs(figures), figures["training"], figures["ready"]
    rates = [f"{np.median(training[way]):,.0f}" for way in ("with", "without")]
    pages = [f"{np.median(ready[way]):.2f}" for way in ("with", "without")]
    rows = [
        [f"scripted pan over {figures['points']:,} iterations, frames/s", f"{found['frames']:.0f}"],
        ["the longest frame of it, ms", f"{figures['pan']['longest_ms']:.0f}"],
        ["kernel → browser while training, KB/s", f"{found['kilobytes']:.1f}"],
        [
            f"training with the monitor against without ({rates[0]} against {rates[1]} samples/s), lost",
            _percent(found["share"]),
        ],
        ["between two runs without it", _percent(found["unlike"])],
        ["of the processors' time, all of which trains, the monitor takes", _percent(found["busy"])],
        ["JupyterLab extension, KB", f"{found['extension']:.0f}"],
        [
            f"JupyterLab ready with the extension against without ({pages[0]} s against {pages[1]} s), ms later",
            f"{found['later']:.0f}",
        ],
        ["between two pages without it, ms", f"{found['spread']:.0f}"],
        ["Stop pressed in the page until the cell behind the training has run, at most, ms", f"{found['stop']:,.0f}"],
    ]
    return table(["what watching costs", ""], rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
