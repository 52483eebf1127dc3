"""Where the notebooks that come with zoo_lab lie."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# In a wheel the notebook is put into the package; in a source tree it lies beside it.
_PLACES = (_PACKAGE / "server" / "quickstart.ipynb", _PACKAGE.parent / "notebooks" / "quickstart.ipynb")


def quickstart() -> Path | None:
    """Return the path of the quickstart notebook, or None where it was not installed."""
    return next((path for path in _PLACES if path.is_file()), None)
