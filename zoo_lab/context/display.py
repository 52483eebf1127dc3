"""Shows a context in a notebook cell; its plain-text twin is the context's `repr`."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

_LABELS = {
    "app": "Application",
    "master": "Master",
    "executors": "Executors",
    "slots": "Slots",
    "memory": "Memory",
    "state": "State",
    "ui": "Spark UI",
}


def as_html(description: Mapping[str, Any]) -> str:
    """Return a small table of what `NNContext.describe` gives."""
    rows = "".join(
        f'<tr><th style="text-align:left">{label}</th><td style="text-align:left">{_cell(name, description)}</td></tr>'
        for name, label in _LABELS.items()
        if description.get(name, "") != ""
    )
    return f"<table><caption>zoo_lab context</caption>{rows}</table>"


def _cell(name: str, description: Mapping[str, Any]) -> str:
    text = html.escape(str(description[name]))
    if name == "ui" and text.startswith(("http://", "https://")):
        # the class is for labextension/src/sparkui.ts, which leads the link through a hub
        return f'<a class="zoo-lab-spark-ui" href="{text}" target="_blank" rel="noopener">{text}</a>'
    return text
