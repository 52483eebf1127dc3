"""Executes notebooks as `zoo-lab demo` does, with zoo_lab from this tree."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]


def execute(source: Path | list[str], folder: Path, allow_errors: bool = False) -> nbformat.NotebookNode:
    """Return the notebook (a file, or one of these code cells) after running all its cells in `folder`."""
    if isinstance(source, Path):
        notebook = nbformat.read(source, as_version=4)
    else:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in source])
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=resources, allow_errors=allow_errors
    )
    return client.execute()


def printed(cell: nbformat.NotebookNode) -> str:
    """Return the text that a cell has left: what it printed, its results as plain text, its errors."""
    texts = []
    for output in cell.outputs:
        texts.append(
            output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", []))
        )
    return "\n".join(texts)
