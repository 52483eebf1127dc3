"""Turns the figures of a run into Markdown: the whole of it, and what the README shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks import cluster, endurance, images, ingest, monitor, prediction, serving, startup, training, update
from benchmarks.markdown import table
from benchmarks.targets import amount, targets


# name → its name in the README, what stands over it in a whole report, and its tables
_SECTIONS = {
    "startup": ("Start", "Contexts in new processes", startup.markdown),
    "training": ("Training", "`local[2]` against Keras' fit with two threads", training.markdown),
    "ingest": ("Rows", "Rows into a FeatureSet", ingest.markdown),
    "images": ("Images", "Images", images.markdown),
    "update": ("Optimizer update", "Optimizer update", update.markdown),
    "predict": ("Prediction", "`zoo_lab.predict` against Keras' predict with two threads", prediction.markdown),
    "serve": ("Service", "`zoo-lab serve` with an mlp", serving.markdown),
    "monitor": ("Monitor", "The monitor and JupyterLab's extension", monitor.markdown),
    "cluster": ("Local cluster", f"`{cluster.MASTER}` as two hosts", cluster.markdown),
    "endurance": ("Endurance", "Endurance", endurance.markdown),
}
_SHORTER = {"endurance": endurance.summary}


def whole(figures: Mapping[str, Any]) -> str:
    """Return every table of the sections that were measured."""
    parts = [
        f"### {title}\n\n{told(figures[name])}" for name, (_, title, told) in _SECTIONS.items() if figures.get(name)
    ]
    return "\n\n".join([_head(figures), *parts, _targets(figures)])


def short(figures: Mapping[str, Any]) -> str:
    """Return what the README shows: all tables, but of the long runs only where they began and ended."""
    parts = [
        f"**{title}**\n\n{_SHORTER.get(name, told)(figures[name])}"
        for name, (title, _, told) in _SECTIONS.items()
        if figures.get(name)
    ]
    return "\n\n".join([_head(figures), *parts, _targets(figures)])


def _head(figures: Mapping[str, Any]) -> str:
    told = f"Measured on {figures['machine']}."
    if "import_seconds" in figures:
        told += f" `import zoo_lab` takes {figures['import_seconds']:.2f} s."
    return told


def _targets(figures: Mapping[str, Any]) -> str:
    found = targets(figures)
    met = sum(target.met for target in found)
    cells = [
        [target.name, target.wanted, amount(target.measured, target.unit), target.verdict]
        for target in sorted(found, key=lambda target: -target.missed_by)
    ]
    return f"{met} of {len(found)} targets are met.\n\n{table(['target', 'to reach', 'measured', 'verdict'], cells)}"
