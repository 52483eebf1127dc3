"""ONNX: file reads and checks · builder makes layers · native knows Keras' own · operators/ computes the rest.

Imports of TensorFlow stand in the modules behind `load`, so that naming this package costs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks


def load(path: str | Path) -> Any:
    """Return the model of an ONNX file, not compiled; arguments and errors are those of `Net.load_onnx`."""
    path = Path(path)
    checks = Checks("Net.load_onnx")
    checks.require(path.is_file(), f"Expected path to be a file; received {str(path)!r}, which is none.")
    checks.done()
    from zoo_lab.net.onnx.builder import build
    from zoo_lab.net.onnx.file import read

    return build(read(path), path.name)
