"""Loads a model that BigDL saved; nothing of the file is run, no class of Java is looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.net.protofile import expect_files


def load(model_path: str | Path, weight_path: str | Path | None = None, *, input_shape: Any = None) -> Any:
    """Return the `keras.Model` of a file; arguments and errors are those of `Net.load_bigdl`."""
    from zoo_lab.net.bigdl.graph import build_model
    from zoo_lab.net.bigdl.reader import read_model

    checks = Checks("Net.load_bigdl")
    expect_files(checks, **{"model_path": model_path, **({"weight_path": weight_path} if weight_path else {})})
    checks.done()
    root, weights = read_model(Path(model_path), Path(weight_path) if weight_path else None)
    return build_model(str(model_path), root, weights, input_shape)
