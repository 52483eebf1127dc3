"""Tells the user's own lines in a traceback from those of libraries (E)."""

from __future__ import annotations

import os

LIBRARIES = ("/zoo_lab/", "/keras/", "/tensorflow/", "/pyspark/", "/pyspark.zip/", "<frozen ")
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


def is_library(path: str) -> bool:
    """Tell whether a traceback's file is of zoo_lab or of what it stands on, Python's standard library with it."""
    standard = path.startswith(_STANDARD) and not any(folder in path for folder in _INSTALLED)
    return standard or any(library in path for library in LIBRARIES)
