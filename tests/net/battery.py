"""What every loader of a foreign format must do, the same for all of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.core.errors import DataError
from zoo_lab.infer import InferenceModel
from zoo_lab.net import GraphNet, Net

_AGAIN = """
import sys
import numpy as np
from zoo_lab.net import Net
net, x, y = Net.load_keras(sys.argv[1]), np.load(sys.argv[2]), np.load(sys.argv[3])
np.testing.assert_allclose(net.predict(x, verbose=0), y, rtol=1e-5, atol=1e-5)
print("the same")
"""


def check_outputs(net: Any, x: Any, expected: Any, folder: Path, tolerance: float = 1e-5) -> None:
    """The outputs are those computed elsewhere, and stay so when the model is saved and loaded again."""
    assert isinstance(net, GraphNet)
    assert not net.compiled
    assert_close(net(x, training=False), expected, tolerance)
    net.save(folder / "saved.keras")
    assert_close(Net.load_keras(folder / "saved.keras")(x, training=False), expected, tolerance)


def check_loader(
    net: GraphNet, served: InferenceModel, x: np.ndarray, *, cut: str, frozen: str, folder: Path, context: Any
) -> None:
    """A net with one input and one output is used, saved, cut, frozen and trained on like any Keras model.

    `cut` is a layer in the middle as the file names it, `frozen` one before it with weights; a later one has some too.
    """
    y = net.predict(x, verbose=0)
    np.testing.assert_allclose(served.predict(x), y, atol=1e-6)
    _check_a_new_process(net, x, y, folder)

    part = net.new_graph([cut])
    assert isinstance(part, GraphNet)
    assert part.predict(x, verbose=0).shape[0] == len(x)

    assert net.freeze_up_to([frozen]) is net
    held, free = net.get_layer(frozen.replace("/", "_")), [layer for layer in net.layers if layer.trainable_weights]
    assert not held.trainable_weights
    before = held.get_weights(), [layer.get_weights() for layer in free]
    net.compile(keras.optimizers.SGD(0.01), "mse")
    run = zoo_lab.fit(net, (x, np.zeros_like(y)), batch_size=len(x), epochs=1, context=context, display="none")
    assert np.isfinite(run.history["loss"]).all()
    assert all((old == new).all() for old, new in zip(before[0], held.get_weights(), strict=True))
    moved = [
        np.abs(old - new).max()
        for layer, kept in zip(free, before[1], strict=True)
        for old, new in zip(kept, layer.get_weights(), strict=True)
    ]
    assert max(moved) > 0
    net.unfreeze([frozen])
    assert held.trainable_weights


def check_bad_files(load: Callable[[Path], Any], good: Path, folder: Path) -> None:
    """Files that are damaged or of another format are told as what they are, before anything is built of them."""
    content = good.read_bytes()
    bad = {
        "empty": b"",
        "half": content[: len(content) // 2],
        "start": content[: len(content) // 7],
        "zip": b"PK\x03\x04" + content,
        "hdf5": b"\x89HDF\r\n\x1a\n" + content,
        "pickle": b"\x80\x04\x95" + content,
        "noise": np.random.default_rng(1).integers(0, 256, 999, np.uint8).tobytes(),
    }
    for name, data in bad.items():
        path = folder / f"{name}{good.suffix}"
        path.write_bytes(data)
        with pytest.raises(DataError, match=f"{name}.*[Ee]xpected"):
            load(path)


def assert_close(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    pairs = zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True)
    for one, other in pairs:
        assert tuple(one.shape) == np.shape(other)
        np.testing.assert_allclose(np.asarray(one), other, rtol=tolerance, atol=tolerance)


def _check_a_new_process(net: Any, x: np.ndarray, y: np.ndarray, folder: Path) -> None:
    paths = folder / "net.keras", folder / "x.npy", folder / "y.npy"
    net.save(paths[0])
    np.save(paths[1], x)
    np.save(paths[2], y)
    code = [sys.executable, "-c", _AGAIN, *map(str, paths)]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "the same", done.stderr[-2000:]
