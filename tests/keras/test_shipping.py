"""A model packed on the driver and built again, also where its classes cannot be imported."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from zoo_lab.core.errors import ModelError
from zoo_lab.keras.shipping import pack, unpack

SOURCE = """
import threading
import keras

FACTOR = 3.0


def tripled(inputs):
    return inputs * FACTOR


class Tripled(keras.layers.Layer):
    def call(self, inputs):
        return tripled(inputs)


class Plus(Tripled):
    def __init__(self, much=1.0, **kwargs):
        super().__init__(**kwargs)
        self.much = much

    def call(self, inputs):
        return super().call(inputs) + self.much

    def get_config(self):
        return {**super().get_config(), "much": self.much}


def distance(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred) * FACTOR, -1)


def largest(y_true, y_pred):
    return keras.ops.max(keras.ops.abs(y_true - y_pred) * FACTOR, -1)


LOCK = threading.Lock()


class Locked(keras.layers.Layer):
    def call(self, inputs):
        with LOCK:
            return inputs
"""

REBUILD = """
import pickle, sys
import numpy
from zoo_lab.keras.shipping import unpack
with open(sys.argv[1], "rb") as file:
    package, weights, x = pickle.load(file)
model, compiled = unpack(package)
model.set_weights(weights)
assert "beside" not in sys.modules
if compiled is not None:
    assert "optimizer" not in compiled
    model.compile(**compiled)
    print(model.evaluate(x, numpy.zeros((len(x), 2)), verbose=0))
else:
    print(float(numpy.sum(model(x))))
"""


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A module in a folder that only this process has on its path, like a file beside a notebook."""
    (tmp_path / "beside.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    yield importlib.import_module("beside")
    sys.modules.pop("beside")


def rebuilt_elsewhere(model, x, folder):
    """Return what the model gives in a process that knows none of its classes."""
    (folder / "package").write_bytes(pickle.dumps((pack(model), model.get_weights(), x)))
    done = subprocess.run(
        [sys.executable, "-c", REBUILD, str(folder / "package")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_classes_and_functions_beside_the_notebook_travel_with_their_globals(beside, tmp_path):
    inside = [
        layers.Input((2,)),
        beside.Tripled(),
        beside.Plus(2.0),
        layers.Activation(beside.tripled),
        layers.Dense(2),
    ]
    model = keras.Sequential(inside)
    model.compile("sgd", beside.distance, metrics=[beside.largest])
    x = np.ones((4, 2), "float32")
    expected = model.evaluate(x, np.zeros((4, 2)), verbose=0)
    assert rebuilt_elsewhere(model, x, tmp_path) == pytest.approx(expected, rel=1e-6)


def test_a_model_that_is_not_compiled_travels_without_compile_arguments(tmp_path):
    model = keras.Sequential([layers.Input((2,)), layers.Dense(2)])
    x = np.ones((4, 2), "float32")
    assert rebuilt_elsewhere(model, x, tmp_path) == pytest.approx(float(np.sum(model(x))), rel=1e-6)


def test_what_keras_has_itself_is_not_pickled():
    model = keras.Sequential([layers.Input((2,)), layers.Dense(2, "gelu"), layers.BatchNormalization()])
    model.compile("adam", "mse", metrics=["mae", keras.metrics.AUC()])
    assert len(pack(model).custom) < 100


def test_packing_leaves_the_model_as_it_is_and_unpacking_the_package():
    model = keras.Sequential([layers.Input((2,)), layers.Dense(2)])
    model.compile("adam", "mse")
    weights = model.get_weights()
    package = pack(model)
    first, second = unpack(package)[0], unpack(package)[0]
    assert model.compiled
    assert model.optimizer is not None
    assert (
        [a.shape for a in first.get_weights()] == [a.shape for a in second.get_weights()] == [w.shape for w in weights]
    )


def test_lambda_layers_travel(tmp_path):
    model = keras.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x * 5.0)])
    assert rebuilt_elsewhere(model, np.ones((3, 2), "float32"), tmp_path) == pytest.approx(30.0)


def test_what_cannot_be_pickled_is_told(beside):
    model = keras.Sequential([layers.Input((2,)), beside.Locked()])
    with pytest.raises(ModelError, match=r"(?s)Locked.*lock.*cannot be pickled|cannot be sent to the workers.*lock"):
        pack(model)


def test_a_class_without_get_config_is_told_with_the_repair():
    class Odd(layers.Layer):
        def __init__(self, thing, units):
            super().__init__()
            self.thing = thing

        def call(self, inputs):
            return inputs

    model = keras.Sequential([layers.Input((2,)), Odd(object(), 3)])
    with pytest.raises(ModelError, match=r"(?s)cannot be sent to the workers.*get_config\(\)"):
        pack(model)


def test_a_class_whose_constructor_refuses_its_config_is_told_with_the_repair():
    class Odd(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def call(self, inputs):
            return inputs

    model = keras.Sequential([layers.Input((2,)), Odd(3)], name="odd")
    with pytest.raises(ModelError) as caught:
        unpack(pack(model))
    message = str(caught.value)
    assert message.startswith("The model 'odd' cannot be built again on a worker:")
    assert "Odd.__init__() got an unexpected keyword argument 'trainable'" in message
    assert "**kwargs" in message
    assert len(message.splitlines()) < 4


def test_a_compile_of_its_own_is_told_with_the_repair():
    class Own(keras.Sequential):
        def compile(self, rate):
            super().compile(keras.optimizers.SGD(rate), "mse")

        def get_compile_config(self):
            return None

    model = Own([layers.Input((2,)), layers.Dense(2)])
    model.compile(0.1)
    with pytest.raises(ModelError, match=r"compile\(\) is its own.*get_compile_config\(\)"):
        pack(model)
