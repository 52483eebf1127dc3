"""Loads a Caffe network with its weights; nothing of the files is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.net.protofile import expect_files


def load(
    def_path: str | Path,
    model_path: str | Path,
    *,
    input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
) -> Any:
    """Return the `keras.Model` of a Caffe network; arguments and errors are those of `Net.load_caffe`."""
    from zoo_lab.net.caffe.graph import build_model
    from zoo_lab.net.caffe.reader import read_blobs, read_network

    checks = Checks("Net.load_caffe")
    expect_files(checks, def_path=def_path, model_path=model_path)
    checks.done()
    return build_model(str(def_path), read_network(Path(def_path)), read_blobs(Path(model_path)), input_shape)
