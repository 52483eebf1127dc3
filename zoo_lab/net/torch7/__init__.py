"""Nets of Torch7: translation makes of nn's modules the nodes that zoo_lab.net.onnx builds; modules/ has the table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks


def load(path: str | Path, *, input_shape: Sequence[int | None] | None = None) -> Any:
    """Return the model of a Torch7 file, not compiled; arguments and errors are those of `Net.load_torch`."""
    checks = Checks("Net.load_torch")
    lengths = [] if input_shape is None else list(input_shape)
    fits = all(length is None or (isinstance(length, int) and length > 0) for length in lengths)
    checks.require(fits, f"Expected input_shape to hold positive integers or None; received {input_shape!r}.")
    checks.done()
    from zoo_lab.net.onnx.builder import build
    from zoo_lab.net.torch7.translation import translate
    from zoo_lab.net.torch_file import read

    path = Path(path)
    graph = translate(read(path, "Net.load_torch"), path.name, None if input_shape is None else tuple(lengths))
    return build(graph, path.name)
