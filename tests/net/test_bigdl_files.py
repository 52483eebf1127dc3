"""A real model of BigDL, and what is told of files that cannot be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.net import caffe_numpy as reference
from tests.net.battery import assert_close, check_bad_files, check_loader
from tests.net.bigdl_wire import NN, Module, Tensor
from tests.net.wire import message
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.infer import InferenceModel
from zoo_lab.net import Net
from zoo_lab.net.bigdl.reader import modules, read_model

RANDOM = np.random.default_rng(9)
X = RANDOM.normal(size=(3, 6)).astype(np.float32)
MATRIX, BIAS = RANDOM.normal(size=(2, 6)).astype(np.float32), RANDOM.normal(size=2).astype(np.float32)


def dense(**more: Any) -> Module:
    told = {"inputSize": 6, "outputSize": 2, "withBias": True, **more}
    return Module("Linear", "dense", weights=[MATRIX, BIAS], **told)


@pytest.fixture
def lenet(test_data: Path) -> Path:
    return test_data / "models" / "bigdl" / "bigdl_lenet.model"


def test_the_predecessors_lenet_gives_its_numbers(lenet: Path) -> None:
    root, weights = read_model(lenet, None)
    found = {module.name: module for module in modules(root) if module.HasField("weight")}
    told = {name: (weights.array(one.weight), weights.array(one.bias)) for name, one in found.items()}
    digits = RANDOM.random((4, 1, 28, 28)).astype(np.float32)
    first, second = ((kernel[0], bias) for kernel, bias in (told["conv1_5x5"], told["conv2_5x5"]))
    hidden = np.tanh(reference.conv(digits, *first))
    hidden = np.tanh(reference.pool(hidden, "MAX", (2, 2), (2, 2)))
    hidden = reference.pool(reference.conv(hidden, *second), "MAX", (2, 2), (2, 2)).reshape(4, 192)
    hidden = np.tanh(hidden @ told["fc1"][0].T + told["fc1"][1])
    expected = np.log(reference.softmax(hidden @ told["fc2"][0].T + told["fc2"][1]))
    net = Net.load_bigdl(lenet)
    assert net.input_shape == (None, 1, 28, 28)
    assert_close(net.predict(digits, verbose=0), expected)
    flat = Net.load_bigdl(lenet, input_shape=(784,))
    assert_close(flat.predict(digits.reshape(4, 784), verbose=0), expected)


@pytest.mark.slow
def test_a_model_is_served_saved_cut_frozen_and_trained_on(lenet: Path, tmp_path: Path, context: NNContext) -> None:
    digits = RANDOM.random((4, 1, 28, 28)).astype(np.float32)
    served = InferenceModel().load_bigdl(lenet)
    net = Net.load_bigdl(lenet)
    check_loader(net, served, digits, cut="pool3", frozen="conv2_5x5", folder=tmp_path, context=context)


def test_bad_files_are_told(lenet: Path, tmp_path: Path) -> None:
    check_bad_files(Net.load_bigdl, lenet, tmp_path)


@pytest.mark.parametrize("kind", [2, 3], ids=["floats", "doubles"])
def test_weights_lie_in_the_model_or_beside_it(kind: int, tmp_path: Path) -> None:
    one = dense()
    one.weights = [Tensor(MATRIX, kind=kind), Tensor(BIAS, kind=kind)]
    expected = X @ MATRIX.T + BIAS
    assert_close(Net.load_bigdl(one.save(tmp_path / "whole.model"))(X), expected)
    path = one.save(tmp_path / "net.model", tmp_path / "net.bin")
    assert_close(Net.load_bigdl(path, tmp_path / "net.bin")(X), expected)
    with pytest.raises(DataError, match="weights 0 of shape \\(2, 6\\); the file has none. Were they saved beside it"):
        Net.load_bigdl(path)
    check_bad_files(lambda weights: Net.load_bigdl(path, weights), tmp_path / "net.bin", tmp_path)


def test_a_damaged_file_of_weights_is_told(tmp_path: Path) -> None:
    path = dense().save(tmp_path / "net.model", tmp_path / "net.bin")
    data = bytearray((tmp_path / "net.bin").read_bytes())
    data[30] ^= 1
    (tmp_path / "net.bin").write_bytes(data)
    with pytest.raises(DataError, match="its check sum is wrong"):
        Net.load_bigdl(path, tmp_path / "net.bin")


def test_models_of_javas_serialization_are_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "net.model").write_bytes(b"\xac\xed\x00\x05sr\x00")
    with pytest.raises(DataError, match=r"Java's own serialization. Load it with BigDL, and call saveModule"):
        Net.load_bigdl(tmp_path / "net.model")


def test_other_protobuf_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "net.model").write_bytes(message((1, "net"), (7, "some.other.Class")))
    with pytest.raises(DataError, match="received a file without modules"):
        Net.load_bigdl(tmp_path / "net.model")


def test_all_unknown_modules_are_told_with_what_is_known(tmp_path: Path) -> None:
    parts = [Module("Bilinear", "odd"), dense(), Module(f"{NN}ops.Select", "op"), Module("com.me.Linear", "mine")]
    with pytest.raises(ModelError) as raised:
        Net.load_bigdl(Module("Sequential", "net", parts).save(tmp_path / "net.model"))
    told = str(raised.value)
    assert "received 'odd' (Bilinear), 'op' (ops.Select), 'mine' (com.me.Linear). Supported are Abs, Add," in told


def test_all_attributes_that_cannot_be_computed_are_told(tmp_path: Path) -> None:
    wrong = {
        "LookupTable": ({"nIndex": 2, "nOutput": 2, "maxNorm": 1.0}, "expected vectors without maxNorm"),
        "SoftPlus": ({"beta": 2.0}, "expected beta 1"),
        "Reshape": ({"size": [3, 6], "batchMode": 1}, "a shape without rows"),
        "View": ({"sizes": [7]}, "a shape of the numbers in"),
        "Linear": ({"inputSize": 7, "outputSize": 1}, "expected 7 numbers a row"),
        "Narrow": ({"dimension": 1, "offset": 1}, "a dimension after the rows"),
        "Select": ({"dimension": 2, "index": 9}, "expected numbers within 6"),
        "SpatialMaxPooling": ({"kW": 2, "kH": 2}, "rows, channels, height and width"),
        "CAddTable": ({}, "expected a table of tensors; received one"),
        "MulConstant": ({}, "expected the attribute scalar"),
    }
    parts = [Module(kind, kind, **attributes) for kind, (attributes, _) in wrong.items()]
    path = Module("ConcatTable", "net", parts).save(tmp_path / "net.model")
    with pytest.raises(ModelError) as raised:
        Net.load_bigdl(path, input_shape=(6,))
    for kind, (_, part) in wrong.items():
        [line] = [line for line in str(raised.value).splitlines() if f"module '{kind}' ({kind})" in line]
        assert part in line


def test_weights_that_do_not_fit_are_told_at_once(tmp_path: Path) -> None:
    parts = [dense(inputSize=6, outputSize=3), Module("CMul", "cmul", size=[1, 6])]
    with pytest.raises(DataError) as raised:
        Net.load_bigdl(Module("ConcatTable", "net", parts).save(tmp_path / "net.model"))
    told = str(raised.value)
    assert "module 'dense' (Linear): expected weights 0 of shape (3, 6); received (2, 6)" in told
    assert "module 'cmul' (CMul): expected weights 0 of shape (6,); the file has none" in told


def test_a_tensor_beyond_its_storage_is_told(tmp_path: Path) -> None:
    one = dense()
    one.weights[0].offset = 2
    with pytest.raises(DataError, match=r"a tensor of shape \(2, 6\) from 2 on in 12 numbers"):
        Net.load_bigdl(one.save(tmp_path / "net.model"))


def test_a_model_that_does_not_tell_its_input_asks_for_it(tmp_path: Path) -> None:
    path = Module("Sequential", "net", [Module("Tanh")]).save(tmp_path / "net.model")
    with pytest.raises(ModelError, match=r"'net' does not. Call with input_shape=\(3, 224, 224\), without rows"):
        Net.load_bigdl(path)
    with pytest.raises(ArgumentError, match="Expected 1 shapes, one for each input"):
        Net.load_bigdl(path, input_shape=[(3,), (4,)])
    with pytest.raises(ArgumentError, match="whole numbers without rows"):
        Net.load_bigdl(path, input_shape=(3, -1))


def test_a_graph_with_a_loop_is_told(tmp_path: Path) -> None:
    parts = [Module("Tanh", "a", before=["b"]), Module("Tanh", "b", before=["a"])]
    root = Module("StaticGraph", "net", parts, inputNames=["a"], outputNames=["b"])
    with pytest.raises(ModelError, match="a graph without a loop; received one through"):
        Net.load_bigdl(root.save(tmp_path / "net.model"), input_shape=(6,))


def test_missing_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as raised:
        Net.load_bigdl(tmp_path / "gone.model", tmp_path)
    assert "model_path to be a file" in str(raised.value)
    assert "weight_path to be a file" in str(raised.value)
