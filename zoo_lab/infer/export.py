"""Writes models for servers of others: TensorFlow Serving and ONNX Runtime."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ModelError
from zoo_lab.core.optional import require
from zoo_lab.infer.programs import KerasProgram, Program

FORMATS = ("tf", "onnx")


def export(program: Program, path: Path, format: str) -> Path:
    """Write a model in a format and return its place; arguments and errors are those of `InferenceModel.export`."""
    checks = Checks("InferenceModel.export")
    checks.one_of("format", format, FORMATS)
    checks.require(not path.exists(), f"Expected a new place; {str(path)!r} is there already. Give another one.")
    checks.done()
    if not isinstance(program, KerasProgram):
        msg = f"Expected a model of Keras to export; {program.name!r} is a SavedModel already. Copy its folder."
        raise ModelError(msg)
    if format == "onnx":
        for package in ("onnx", "tf2onnx"):
            require(package, extra="onnx", why="Writing ONNX")
    path.parent.mkdir(parents=True, exist_ok=True)
    model = _called(program)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # numpy's, of Keras' own look for numpy.object
            model.export(path, format="tf_saved_model" if format == "tf" else "onnx", verbose=False)
    except (NotImplementedError, TypeError, ValueError) as error:
        msg = f"The model {program.name!r} cannot be written as {format!r}: {error}"
        raise ModelError(msg) from error
    return path


def _called(program: KerasProgram) -> Any:
    """Return the model, called once: Keras exports only what it has seen run."""
    example = program.example()
    if example is not None:
        program.model(example)
    return program.model
