"""What is exported gives the same numbers where zoo_lab is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.infer import InferenceModel

_READER = """
import sys
import numpy as np
import tensorflow as tf

signature = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
[name] = signature.structured_input_signature[1]
[output] = signature(**{name: tf.constant(np.load(sys.argv[2]))}).values()
np.save(sys.argv[3], output.numpy())
print(signature.structured_input_signature[1][name].shape, *{name for name in sys.modules if name == "zoo_lab"})
"""


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(9)
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, "softmax")])


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(5, 8, 8, 3)).astype(np.float32)


def test_plain_tensorflow_serves_a_saved_model_for_any_number_of_rows(
    model: Any, x: np.ndarray, tmp_path: Path
) -> None:
    folder = InferenceModel(model).export(tmp_path / "small" / "1")
    np.save(tmp_path / "x.npy", x)
    arguments = [str(folder), str(tmp_path / "x.npy"), str(tmp_path / "y.npy")]
    done = subprocess.run([sys.executable, "-c", _READER, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["(None,", "8,", "8,", "3)"]
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model.predict(x, verbose=0), atol=1e-6)


def test_onnx_runtime_gives_the_same_numbers(model: Any, x: np.ndarray, tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(InferenceModel(model).export(tmp_path / "small.onnx", format="onnx"))
    [given] = session.get_inputs()
    [found] = session.run(None, {given.name: x})
    # another library's convolution sums in another order
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)


def test_wrong_exports_are_refused(model: Any, tmp_path: Path) -> None:
    served = InferenceModel(model)
    with pytest.raises(ArgumentError, match="format.*'onnx'"):
        served.export(tmp_path / "new", format="onx")
    with pytest.raises(ArgumentError, match="is there already"):
        served.export(tmp_path)
    folder = served.export(tmp_path / "once")
    with pytest.raises(ModelError, match="is a SavedModel already"):
        InferenceModel().load_tf(folder).export(tmp_path / "twice")
