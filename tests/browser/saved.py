"""Notebooks as they are saved with a run in them."""

from __future__ import annotations

import nbformat

from tests.widgets.recorded import record
from zoo_lab.widgets import twin
from zoo_lab.widgets.cell import _hidden_twin
from zoo_lab.widgets.curves import Curves


def saved_notebook(state: str) -> nbformat.NotebookNode:
    """Return a notebook with what a run leaves in it: at its end, or (as a widget and its twin) in the middle."""
    curves = Curves("saved")
    events = record(run="saved", epochs=5, steps=60)
    for event in events if state == "finished" else events[:170]:
        curves.add(event)
    display = nbformat.v4.new_output
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "gone", "version_major": 2, "version_minor": 0}}
    twin_only = [display("display_data", twin.bundle(curves))]
    both = [display("display_data", widget | {"text/plain": ""}), display("display_data", _hidden_twin(curves))]
    cell = nbformat.v4.new_code_cell("%zoo_fit", outputs=twin_only if state == "finished" else both)
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return nbformat.v4.new_notebook(cells=[cell], metadata=python)
