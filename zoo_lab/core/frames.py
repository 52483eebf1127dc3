"""Tells the user's own lines in a traceback from those of libraries (E)."""

from __future__ import annotations

LIBRARIES = ("/zoo_lab/", "/keras/", "/tensorflow/", "/pyspark/", "/pyspark.zip/", "<frozen ")


def is_library(path: str) -> bool:
    """Tell whether a traceback's file is of zoo_lab or of what it stands on."""
    return any(library in path for library in LIBRARIES)
