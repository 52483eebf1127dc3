"""Whole nets and values of Torch7: read in both forms, trained, saved, and refused where they must be."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo_lab
from tests.net.torch7.reference import convolved, pooled
from tests.net.torch7.writer import Module, Storage, dumps
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.infer import InferenceModel
from zoo_lab.net import GraphNet, Net, torch_values

_RELOAD = """
import sys
import numpy as np
from zoo_lab.net import Net

np.save(sys.argv[3], Net.load_keras(sys.argv[1]).predict(np.load(sys.argv[2]), verbose=0))
"""
_random = np.random.default_rng(6)
K, KB, W, B = (_random.normal(size=shape).astype(np.float32) for shape in ((4, 3, 3, 3), (4,), (5, 36), (5,)))
X = _random.normal(size=(6, 3, 8, 8)).astype(np.float32)


def net() -> Module:
    window = {"kW": 3, "kH": 3, "dW": 1, "dH": 1, "padW": 0, "padH": 0, "nInputPlane": 3, "nOutputPlane": 4}
    pool = {"kW": 2, "kH": 2, "dW": 2, "dH": 2, "padW": 0, "padH": 0, "ceil_mode": False}
    layers = [
        Module("nn.SpatialConvolution", weight=K, bias=KB, gradWeight=np.empty(0, np.float32), **window),
        Module("nn.ReLU", inplace=True),
        Module("nn.SpatialMaxPooling", **pool),
        Module("nn.View", size=Storage(36), numElements=36),
        Module("nn.Linear", weight=W, bias=B),
    ]
    return Module("nn.Sequential", modules=layers, _type="torch.FloatTensor")


def expected(x: np.ndarray) -> np.ndarray:
    return pooled(np.maximum(convolved(x, K, KB), 0), "max", 2, 2).reshape(len(x), 36) @ W.T + B


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "net.t7").write_bytes(dumps(net()))
    return tmp_path / "net.t7"


@pytest.mark.parametrize("form", [{}, {"long": "i"}, {"text": True}], ids=["binary", "short_longs", "ascii"])
def test_a_net_gives_the_numbers_of_its_definition_in_every_form_of_the_file(
    form: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "net.t7").write_bytes(dumps(net(), **form))
    loaded = Net.load_torch(tmp_path / "net.t7")
    assert isinstance(loaded, GraphNet)
    assert loaded.input_shape == (None, 3, None, None)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected(X), rtol=1e-4, atol=1e-4)
    served = InferenceModel().load_torch(tmp_path / "net.t7", input_shape=(3, 8, 8))
    np.testing.assert_allclose(served.predict(X), expected(X), rtol=1e-4, atol=1e-4)


def test_it_is_cut_frozen_trained_on_the_workers_saved_and_loaded_in_another_process(
    path: Path, tmp_path: Path, context: NNContext
) -> None:
    loaded = Net.load_torch(path, input_shape=(3, 8, 8))
    assert loaded.new_graph(["spatialmaxpooling_1"]).predict(X, verbose=0).shape == (6, 3, 3, 4)
    loaded.freeze_up_to(["relu_1"])
    loaded.compile("sgd", "mse")
    zoo_lab.fit(loaded, (X, np.ones((6, 5))), batch_size=4, context=context, display="none")
    np.testing.assert_array_equal(loaded.get_layer("spatialconvolution_1").get_weights()[0], K.transpose(2, 3, 1, 0))
    assert (loaded.get_layer("linear_1").get_weights()[0] != W.T).any()
    loaded.save(tmp_path / "net.keras")
    np.save(tmp_path / "x.npy", X)
    arguments = [str(tmp_path / name) for name in ("net.keras", "x.npy", "y.npy")]
    project = str(Path(zoo_lab.__file__).parents[1])
    subprocess.run([sys.executable, "-c", _RELOAD, *arguments], check=True, capture_output=True, cwd=project)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), loaded.predict(X, verbose=0), atol=1e-5)


@pytest.mark.parametrize("text", [False, True])
def test_values_come_as_numpy_arrays_lists_and_dicts(text: bool, tmp_path: Path) -> None:
    whole = _random.normal(size=(4, 6))
    shared = np.arange(6, dtype=np.int64).reshape(2, 3)
    given = {
        "turned": whole.T,
        "part": whole[1:3],
        "bytes": np.array([[10, 32], [0, 255]], np.uint8),
        "list": [shared, shared, True, "wörter und\nZeilen"],
        "number": 0.1,
        "nothing": np.empty(0, np.float32),
        3: -7,
    }
    (tmp_path / "values.t7").write_bytes(dumps(given, text=text))
    found = torch_values(tmp_path / "values.t7")
    for name in ("turned", "part", "bytes", "nothing"):
        np.testing.assert_array_equal(found[name], given[name])
        assert found[name].dtype == given[name].dtype
    assert found["list"][0] is found["list"][1]
    np.testing.assert_array_equal(found["list"][0], shared)
    assert found["list"][2:] == [True, "wörter und\nZeilen"]
    assert (found["number"], found[3]) == (0.1, -7)


def test_a_real_tensor_is_read_as_torchfile_reads_it(test_data: Path) -> None:
    file = test_data / "torch" / "n02110063_11239.t7"
    if not file.is_file():
        pytest.skip(f"no {file}")
    found = torch_values(file)
    assert (found.shape, found.dtype) == ((3, 224, 224), np.float32)
    statistics = [found.mean(dtype=np.float64), found.std(dtype=np.float64), found.min(), found.max()]
    np.testing.assert_allclose(statistics, STATISTICS, rtol=1e-6)


STATISTICS = [-0.6127881, 1.5072565, -4.0, 6.0]  # of the package torchfile 0.1.0


def test_a_checkpoint_of_pytorch_is_sent_to_onnx_and_not_unpickled(tmp_path: Path) -> None:
    for name, content in (("new.pt", b"PK\x03\x04rest"), ("old.pth", pickle.dumps(Evil(tmp_path / "ran")))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=r"one of PyTorch.*torch\.onnx\.export.*load_onnx"):
            Net.load_torch(tmp_path / name)
    assert not (tmp_path / "ran").exists()


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_every_cut_of_a_file_is_told_and_nothing_hangs(path: Path, tmp_path: Path) -> None:
    for text in (False, True):
        content = dumps(net(), text=text)
        for length in [*range(0, 200, 7), *range(200, len(content) - 2, 997)]:
            (tmp_path / "cut.t7").write_bytes(content[:length])
            with pytest.raises(DataError, match="it is none, or damaged"):
                torch_values(tmp_path / "cut.t7")


def test_changed_bytes_never_give_more_than_a_typed_error(tmp_path: Path) -> None:
    content = dumps({"net": [1, "two", np.arange(3.0)], 5: Storage(1, 2)})
    for at in range(len(content)):
        for value in (3, 0xFF):
            (tmp_path / "odd.t7").write_bytes(content[:at] + bytes([value]) + content[at + 1 :])
            try:
                torch_values(tmp_path / "odd.t7")
            except DataError as error:
                assert "odd.t7" in str(error)


def test_loops_depth_functions_and_tensors_larger_than_their_storage_are_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    function = b"\x08\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00code"
    large = bytearray(dumps(np.arange(6.0)))
    at = large.index((6).to_bytes(8, "little"))
    large[at : at + 8] = (1 << 40).to_bytes(8, "little")
    reasons = {"holds itself": dumps(loop), "tables in tables": dumps(deep), "a function of Lua": function}
    for reason, content in (reasons | {"on a storage of": bytes(large)}).items():
        (tmp_path / "bad.t7").write_bytes(content)
        with pytest.raises(DataError, match=reason):
            torch_values(tmp_path / "bad.t7")


def test_all_modules_that_are_not_supported_are_told_at_once(tmp_path: Path) -> None:
    odd = [Module("nn.Kaleidoscope"), Module("my.Own"), Module("nn.Kaleidoscope"), Module("nn.ReLU")]
    (tmp_path / "odd.t7").write_bytes(dumps(Module("nn.Sequential", modules=odd)))
    with pytest.raises(ModelError, match=r"my.Own, nn.Kaleidoscope \(2 times\). Known are Abs, "):
        Net.load_torch(tmp_path / "odd.t7")


def test_what_cannot_be_a_net_is_told(path: Path, tmp_path: Path) -> None:
    (tmp_path / "tensor.t7").write_bytes(dumps(np.arange(3.0)))
    with pytest.raises(ModelError, match="expected a net of nn; received ndarray"):
        Net.load_torch(tmp_path / "tensor.t7")
    with pytest.raises(DataError, match=r"an object of nn.Sequential. Load nets with Net.load_torch"):
        torch_values(path)
    (tmp_path / "open.t7").write_bytes(dumps(Module("nn.ReLU")))
    with pytest.raises(ModelError, match="expected input_shape"):
        Net.load_torch(tmp_path / "open.t7")
    with pytest.raises(ArgumentError, match=r"received \(0, 2\)"):
        Net.load_torch(path, input_shape=(0, 2))
    with pytest.raises(ArgumentError, match="which is none"):
        Net.load_torch(tmp_path / "absent.t7")
    (tmp_path / "bare.t7").write_bytes(dumps(Module("nn.Sequential", modules=[Module("nn.Linear", bias=B)])))
    with pytest.raises(ModelError, match=r"linear_1 \(nn.Linear\) has not what such a module has"):
        Net.load_torch(tmp_path / "bare.t7", input_shape=(3,))
