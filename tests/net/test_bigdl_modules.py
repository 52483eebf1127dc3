"""Each module of BigDL computes what its definition says; the files are written here, the numbers by numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.net import caffe_numpy as reference
from tests.net.battery import check_outputs
from tests.net.bigdl_wire import Module, Tensor
from zoo_lab.net import Net

RANDOM = np.random.default_rng(8)
IMAGES = RANDOM.normal(size=(2, 4, 7, 6)).astype(np.float32)
ROWS = RANDOM.normal(size=(3, 6)).astype(np.float32)
STEPS = RANDOM.normal(size=(3, 5, 6)).astype(np.float32)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


KERNEL, BIAS, GROUPED = numbers(6, 4, 3, 2), numbers(6), numbers(2, 3, 2, 3, 2)
LAST = numbers(1, 3, 2, 4, 6)
UP = numbers(2, 2, 3, 3, 2)
MATRIX, SCALES, SHIFTS, MEANS, VARIANCES = numbers(5, 6), numbers(4), numbers(4), numbers(4), np.abs(numbers(4)) + 0.1
PLACES, FRAMES = numbers(1, 4, 1, 1), numbers(3, 12)


def channels(values: Any) -> Any:
    return np.reshape(values, (1, -1, 1, 1))


def module(kind: str, *weights: Any, **attributes: Any) -> Module:
    return Module(kind, "the one", weights=weights, **attributes)


def conv(**more: Any) -> dict[str, Any]:
    sizes = {"kernelW": 2, "kernelH": 3, "strideW": 1, "strideH": 2, "padW": 2, "padH": 1}
    return planes(**{**sizes, "nGroup": 1, "withBias": True, "format": 0, **more})


def planes(**more: Any) -> dict[str, Any]:
    return {"nInputPlane": 4, "nOutputPlane": 6, **more}


def window(**more: Any) -> dict[str, Any]:
    return {"kW": 2, "kH": 3, "dW": 2, "dH": 2, "padW": 1, "padH": 1, **more}


def same_conv(x: Any) -> Any:
    """TensorFlow's SAME for a kernel of (3, 2): one line above and below, one column to the right."""
    return reference.conv(np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 1))), KERNEL, BIAS)


def floor_pool(x: Any, kind: str) -> Any:
    """Windows of (3, 2) at steps of 2 with a padding of 1, rounded down; averages of what is in the image."""
    value = -np.inf if kind == "MAX" else 0
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=value)
    ones = np.pad(np.ones(x.shape), ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.empty((*x.shape[:2], 4, 4))
    for i, j in np.ndindex(4, 4):
        rows, columns = slice(2 * i, 2 * i + 3), slice(2 * j, 2 * j + 2)
        part = padded[:, :, rows, columns]
        area = ones[:, :, rows, columns].sum((2, 3))
        out[:, :, i, j] = part.max((2, 3)) if kind == "MAX" else part.sum((2, 3)) / area
    return out


ON_IMAGES: dict[str, tuple[Module, Callable[[Any], Any]]] = {
    "SpatialConvolution": (
        module("SpatialConvolution", KERNEL[None], BIAS, **conv()),
        lambda x: reference.conv(x, KERNEL, BIAS, (2, 1), (1, 2)),
    ),
    "SpatialConvolution in groups": (
        module("SpatialConvolution", GROUPED, **conv(nGroup=2, withBias=False)),
        lambda x: reference.conv(x, GROUPED.reshape(6, 2, 3, 2), 0, (2, 1), (1, 2)),
    ),
    "SpatialConvolution of equal size": (
        module("SpatialConvolution", KERNEL[None], BIAS, **conv(padW=-1, padH=-1, strideH=1)),
        same_conv,
    ),
    "SpatialDilatedConvolution": (
        module("SpatialDilatedConvolution", KERNEL, BIAS, **planes(dilationW=3, dilationH=2, **window(dW=1, dH=1))),
        lambda x: reference.conv(x, KERNEL, BIAS, (1, 1), (1, 1), dilation=(2, 3)),
    ),
    "SpatialFullConvolution": (
        module("SpatialFullConvolution", UP, BIAS, **planes(nGroup=2, adjW=1, adjH=0, **window())),
        lambda x: reference.deconv(x, UP.reshape(4, 3, 3, 2), BIAS, (2, 2))[:, :, 1:14, 1:12],
    ),
    "SpatialMaxPooling": (module("SpatialMaxPooling", **window(ceil_mode=False)), lambda x: floor_pool(x, "MAX")),
    "SpatialMaxPooling rounded up": (
        module("SpatialMaxPooling", **window(ceil_mode=True)),
        lambda x: reference.pool(x, "MAX", (3, 2), (2, 2), (1, 1)),
    ),
    "SpatialAveragePooling": (
        module("SpatialAveragePooling", **window(ceilMode=False, countIncludePad=False)),
        lambda x: floor_pool(x, "AVE"),
    ),
    "SpatialAveragePooling rounded up": (
        module("SpatialAveragePooling", **window(ceilMode=True, countIncludePad=True)),
        lambda x: reference.pool(x, "AVE", (3, 2), (2, 2), (1, 1)),
    ),
    "SpatialAveragePooling of all": (
        module("SpatialAveragePooling", **window(globalPooling=True)),
        lambda x: x.mean((2, 3), keepdims=True),
    ),
    "SpatialBatchNormalization": (
        module(
            "SpatialBatchNormalization", SCALES, SHIFTS, nOutput=4, eps=0.01, momentum=0.2, affine=True,
            runningMean=Tensor(MEANS), runningVar=Tensor(VARIANCES),
        ),
        lambda x: (x - channels(MEANS)) / np.sqrt(channels(VARIANCES) + 0.01) * channels(SCALES) + channels(SHIFTS),
    ),
    "SpatialCrossMapLRN": (
        module("SpatialCrossMapLRN", size=3, alpha=0.9, beta=0.6, k=2.0),
        lambda x: reference.lrn_across(x, 3, 0.9, 0.6, 2),
    ),
    "SpatialWithinChannelLRN": (
        module("SpatialWithinChannelLRN", size=3, alpha=0.9, beta=0.6),
        lambda x: reference.lrn_within(x, 3, 0.9, 0.6),
    ),
    "SpatialZeroPadding": (
        module("SpatialZeroPadding", padLeft=1, padRight=2, padTop=0, padBottom=3),
        lambda x: np.pad(x, ((0, 0), (0, 0), (0, 3), (1, 2))),
    ),
    "CMul": (module("CMul", PLACES, size=[1, 4, 1, 1]), lambda x: x * PLACES),
    "CAdd": (module("CAdd", PLACES, size=[1, 4, 1, 1]), lambda x: x + PLACES),
    "PReLU": (module("PReLU", SCALES, nOutputPlane=4), lambda x: np.where(x > 0, x, x * channels(SCALES))),
    "SoftMax": (module("SoftMax"), reference.softmax),
    "Reshape": (module("Reshape", size=[12, 14], batchMode=0), lambda x: x.reshape(2, 12, 14)),
    "View": (module("View", sizes=[168], numInputDims=0), lambda x: x.reshape(2, 168)),
    "InferReshape": (module("InferReshape", size=[0, -1], batchMode=True), lambda x: x.reshape(2, 4, 42)),
    "InferReshape with rows": (module("InferReshape", size=[-1, 168], batchMode=False), lambda x: x.reshape(2, 168)),
    "InferReshape of rows": (module("InferReshape", size=[-1, 42], batchMode=False), lambda x: x.reshape(8, 42)),
    "Select": (module("Select", dimension=2, index=-1), lambda x: x[:, 3]),
    "Select a column": (module("Select", dimension=-1, index=2), lambda x: x[..., 1]),
    "Narrow": (module("Narrow", dimension=3, offset=2, length=-2), lambda x: x[:, :, 1:6]),
    "Mean": (module("Mean", dimension=2, nInputDims=3, squeeze=True), lambda x: x.mean(2)),
    "Sum": (
        module("Sum", dimension=3, nInputDims=-1, sizeAverage=False, squeeze=False),
        lambda x: x.sum(2, keepdims=True),
    ),
    "Transpose": (
        module("Transpose", size=2, permutation_0=[2, 3], permutation_1=[3, 4]),
        lambda x: x.transpose(0, 2, 3, 1),
    ),
    "Squeeze": (
        Module("Sequential", "the one", [Module("Narrow", dimension=2, offset=1), Module("Squeeze", dims=[2])]),
        lambda x: x[:, 0],
    ),
    "Unsqueeze": (module("Unsqueeze", pos=2, numInputDims=3), lambda x: x[:, :, None]),
}  # fmt: skip

ON_ROWS: dict[str, tuple[Module, Callable[[Any], Any]]] = {
    "Linear": (
        module("Linear", MATRIX, BIAS[:5], inputSize=6, outputSize=5, withBias=True),
        lambda x: x @ MATRIX.T + BIAS[:5],
    ),
    "Linear of before": (
        module("Linear", MATRIX, BIAS[:5], inputSize=6, outputSize=5, withBias=True, old=True),
        lambda x: x @ MATRIX.T + BIAS[:5],
    ),
    "BatchNormalization": (
        module("BatchNormalization", nOutput=6, affine=False, runningMean=Tensor(BIAS), runningVar=Tensor(BIAS**2)),
        lambda x: (x - BIAS) / np.sqrt(BIAS**2 + 1e-5),
    ),
    "Add": (module("Add", BIAS, inputSize=6), lambda x: x + BIAS),
    "LogSoftMax": (module("LogSoftMax"), lambda x: np.log(reference.softmax(x))),
    "Abs": (module("Abs"), np.abs),
    "AddConstant": (module("AddConstant", constant_scalar=2.5, inplace=False), lambda x: x + 2.5),
    "MulConstant": (module("MulConstant", scalar=2.5, inplace=False), lambda x: x * 2.5),
    "Clamp": (module("Clamp", minV=-1, maxV=0), lambda x: np.clip(x, -1, 0)),
    "HardTanh": (module("HardTanh", minValue=-0.5, maxValue=0.5), lambda x: np.clip(x, -0.5, 0.5)),
    "Dropout": (module("Dropout", initP=0.9), lambda x: x),
    "ELU": (module("ELU", alpha=0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    "Exp": (module("Exp"), np.exp),
    "LeakyReLU": (module("LeakyReLU", negval=0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
    "Power": (module("Power", power=2.0, scale=0.5, shift=1.0), lambda x: (1 + 0.5 * x) ** 2),
    "ReLU": (module("ReLU"), lambda x: np.maximum(x, 0)),
    "ReLU6": (module("ReLU6"), lambda x: np.clip(x, 0, 6)),
    "Sigmoid": (module("Sigmoid"), lambda x: 1 / (1 + np.exp(-x))),
    "SoftMax": (module("SoftMax", pos=1), reference.softmax),
    "SoftPlus": (module("SoftPlus", beta=1.0), lambda x: np.log1p(np.exp(x))),
    "SoftSign": (module("SoftSign"), lambda x: x / (1 + np.abs(x))),
    "Square": (module("Square"), np.square),
    "Tanh": (module("Tanh"), np.tanh),
    "Threshold": (module("Threshold", th=0.3, v=-7.0), lambda x: np.where(x > 0.3, x, -7)),
    "Identity": (module("Identity"), lambda x: x),
}


@pytest.mark.parametrize("turned", [False, True], ids=["first", "inside"])
@pytest.mark.parametrize("case", ON_IMAGES)
def test_a_module_on_images_computes_what_bigdl_defines(case: str, turned: bool, tmp_path: Path) -> None:
    one, expected = ON_IMAGES[case]
    mixed = np.roll(np.eye(4, dtype=np.float32), 1, 0).reshape(1, 4, 4, 1, 1)
    sizes = {"nInputPlane": 4, "nOutputPlane": 4, "kernelW": 1, "kernelH": 1, "withBias": False}
    before = Module("SpatialConvolution", "mix", weights=[mixed], **sizes)
    root = Module("Sequential", "net", [before, one] if turned else [one], shape=(-1, 4, 7, 6))
    net = Net.load_bigdl(root.save(tmp_path / "net.model"))
    x = np.roll(IMAGES, 1, 1) if turned else IMAGES
    check_outputs(net, IMAGES, expected(x.astype(np.float64)), tmp_path)


@pytest.mark.parametrize("case", ON_ROWS)
def test_a_module_on_rows_computes_what_bigdl_defines(case: str, tmp_path: Path) -> None:
    one, expected = ON_ROWS[case]
    net = Net.load_bigdl(one.save(tmp_path / "net.model"), input_shape=(6,))
    check_outputs(net, ROWS, expected(ROWS.astype(np.float64)), tmp_path)


def test_images_with_channels_last_stay_so(tmp_path: Path) -> None:
    layers = [
        module("SpatialConvolution", LAST, BIAS, **conv(format=1, padW=0, padH=0)),
        Module("SpatialMaxPooling", "pool", **window(format=1, padW=0, padH=0)),
        Module("Reshape", "flat", size=[12], batchMode=2),
    ]
    root = Module("Sequential", "net", layers, shape=(-1, 7, 6, 4))
    x = IMAGES.transpose(0, 2, 3, 1)
    convolved = reference.conv(IMAGES, LAST[0].transpose(3, 2, 0, 1), BIAS, (2, 1))
    pooled = np.stack([convolved[:, :, :3, i : i + 2].max((2, 3)) for i in (0, 2)], 1)
    check_outputs(Net.load_bigdl(root.save(tmp_path / "net.model")), x, pooled.reshape(2, 12), tmp_path)


def test_words_become_vectors_counted_from_1(tmp_path: Path) -> None:
    root = module("LookupTable", MATRIX, nIndex=5, nOutput=6, maxNorm=1.7976931348623157e308)
    words = np.array([[1, 5, 0], [2, 2, 3]], np.float32)
    expected = np.concatenate([np.zeros((1, 6)), MATRIX])[words.astype(int)]
    check_outputs(Net.load_bigdl(root.save(tmp_path / "net.model")), words, expected, tmp_path)


def test_a_convolution_runs_along_steps(tmp_path: Path) -> None:
    one = module("TemporalConvolution", FRAMES, BIAS[:3], inputFrameSize=6, outputFrameSize=3, kernelW=2, strideW=2)
    net = Net.load_bigdl(one.save(tmp_path / "net.model"), input_shape=(5, 6))
    expected = np.stack([STEPS[:, i : i + 2].reshape(3, 12) @ FRAMES.T + BIAS[:3] for i in (0, 2)], 1)
    check_outputs(net, STEPS, expected, tmp_path)


def test_a_module_is_applied_to_each_step(tmp_path: Path) -> None:
    inner = Module("Sequential", "", [linear(MATRIX, BIAS[:5]), Module("Tanh")])
    root = Module("TimeDistributed", "steps", layer=inner, maskZero=False)
    net = Net.load_bigdl(root.save(tmp_path / "net.model"), input_shape=(5, 6))
    check_outputs(net, STEPS, np.tanh(STEPS @ MATRIX.T + BIAS[:5]), tmp_path)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def linear(matrix: Any, *bias: Any) -> Module:
    sizes = {"inputSize": matrix.shape[1], "outputSize": matrix.shape[0], "withBias": bool(bias)}
    return Module("Linear", weights=[matrix, *bias], **sizes)


def test_an_lstm_runs_along_steps(tmp_path: Path) -> None:
    inside, outside, bias = numbers(8, 2), numbers(8, 6), numbers(8)
    cell = Module("Sequential", "", [Module("FlattenTable"), Module("StaticGraph", "", [linear(inside)])])
    lstm = Module(
        "LSTM", inputSize=6, hiddenSize=2, p=0.0, activation=Module("Tanh"), innerActivation=Module("Sigmoid")
    )
    lstm.attributes.update(cell=cell, preTopology=linear(outside, bias))
    layers = [Module("Recurrent", "lstm", topology=lstm, bnorm=False), Module("Select", "last", dimension=2, index=-1)]
    net = Net.load_bigdl(Module("Sequential", "net", layers).save(tmp_path / "net.model"), input_shape=(5, 6))
    hidden, state = np.zeros((3, 2)), np.zeros((3, 2))
    for step in range(5):
        gates = STEPS[:, step] @ outside.T + bias + hidden @ inside.T
        enter, new, forget, out = np.split(gates, 4, 1)
        state = sigmoid(enter) * np.tanh(new) + sigmoid(forget) * state
        hidden = sigmoid(out) * np.tanh(state)
    check_outputs(net, STEPS, hidden, tmp_path)


def test_a_gru_runs_along_steps(tmp_path: Path) -> None:
    gates, new, outside, bias = numbers(4, 2), numbers(2, 2), numbers(6, 6), numbers(6)
    cell = Module("StaticGraph", "", [linear(new), linear(gates)])
    gru = Module("GRU", inputSize=6, outputSize=2, p=0.0, cell=cell, preTopology=linear(outside, bias))
    root = Module("Recurrent", "gru", topology=gru, bnorm=False)
    hidden, expected = np.zeros((3, 2)), []
    for step in range(5):
        told = STEPS[:, step] @ outside.T + bias
        reset, update = np.split(sigmoid(told[:, :4] + hidden @ gates.T), 2, 1)
        fresh = np.tanh(told[:, 4:] + (reset * hidden) @ new.T)
        hidden = (1 - update) * fresh + update * hidden
        expected.append(hidden)
    net = Net.load_bigdl(root.save(tmp_path / "net.model"), input_shape=(5, 6))
    check_outputs(net, STEPS, np.stack(expected, 1), tmp_path)


TABLES = [
    ("CAddTable", {}, lambda a, b: a + b),
    ("CSubTable", {}, lambda a, b: a - b),
    ("CMulTable", {}, lambda a, b: a * b),
    ("CMaxTable", {}, np.maximum),
    ("CMinTable", {}, np.minimum),
    ("CAveTable", {}, lambda a, b: (a + b) / 2),
    ("JoinTable", {"dimension": 1, "nInputDims": 3}, lambda a, b: np.concatenate([a, b], 1)),
    ("JoinTable", {"dimension": -1, "nInputDims": 0}, lambda a, b: np.concatenate([a, b], 3)),
    ("SelectTable", {"index": 2}, lambda a, b: b),
    ("SelectTable", {"dimension": -2}, lambda a, b: a),
]


@pytest.mark.parametrize("kind, attributes, expected", TABLES)
def test_branches_make_tables(kind: str, attributes: Any, expected: Any, tmp_path: Path) -> None:
    mixed = np.roll(np.eye(4, dtype=np.float32), 1, 0).reshape(1, 4, 4, 1, 1)
    sizes = {"nInputPlane": 4, "nOutputPlane": 4, "kernelW": 1, "kernelH": 1, "withBias": False}
    branch = Module("Sequential", "", [Module("SpatialConvolution", "mix", weights=[mixed], **sizes)])
    layers = [Module("ConcatTable", "", [branch, Module("Tanh")]), Module(kind, **attributes)]
    net = Net.load_bigdl(Module("Sequential", "net", layers, shape=(-1, 4, 7, 6)).save(tmp_path / "net.model"))
    x = np.roll(IMAGES, 1, 1)
    check_outputs(net, IMAGES, expected(x, np.tanh(IMAGES)), tmp_path)


def test_concat_joins_branches(tmp_path: Path) -> None:
    root = Module("Concat", "net", [Module("Tanh"), Module("Abs")], shape=(-1, 4, 7, 6), dimension=2)
    expected = np.concatenate([np.tanh(IMAGES), np.abs(IMAGES)], 1)
    check_outputs(Net.load_bigdl(root.save(tmp_path / "net.model")), IMAGES, expected, tmp_path)


def test_a_graph_with_several_inputs_outputs_and_dict(tmp_path: Path) -> None:
    parts = [
        Module("CSubTable", "out", before=["second", "pair"]),
        Module("ConcatTable", "pair", [Module("Tanh"), Module("Abs")], before=["first"]),
        Module("Input", "first"),
        Module("Linear", "second", weights=[MATRIX[:, :5].T[:5, :5]], inputSize=5, outputSize=5, withBias=False),
        Module("Tanh", "shown", before=["out"]),
    ]
    told = {"out_edges": {"second": -1, "pair": 2}, "pair_edges": {"first": -1}, "shown_edges": {"out": -1}}
    root = Module("StaticGraph", "net", parts, inputNames=["first", "second"], outputNames=["out", "shown"], **told)
    path = root.save(tmp_path / "net.model")
    a, b = numbers(3, 5), numbers(3, 5)
    out = b @ MATRIX[:, :5] - np.abs(a)
    check_outputs(Net.load_bigdl(path, input_shape=[(5,), (5,)]), [a, b], [out, np.tanh(out)], tmp_path)


def test_keras_style_layers_are_what_lies_in_them(tmp_path: Path) -> None:
    """Layers of Analytics Zoo hold the modules that compute; they tell their input's shape."""
    zoo = "com.intel.analytics.zoo.pipeline.api.keras."
    labor = Module("Linear", "dense", weights=[MATRIX, BIAS[:5]], inputSize=6, outputSize=5, withBias=True)
    both = Module("Sequential", "dense", [labor, Module(f"{zoo}layers.Activation", "", [Module("ReLU")])])
    dense = Module(f"{zoo}layers.Dense", "dense", [both], shape=(-1, 6), is_keras_module=True)
    given = Module(f"{zoo}layers.Input", "input", [Module("Input")], shape=(-1, 6), is_keras_module=True)
    chain = Module("Sequential", "", [given, dense])
    root = Module(f"{zoo}models.Sequential", "zoo", [chain], is_keras_module=True)
    net = Net.load_bigdl(root.save(tmp_path / "net.model"))
    check_outputs(net, ROWS, np.maximum(ROWS @ MATRIX.T + BIAS[:5], 0), tmp_path)


def test_storages_are_shared_and_cut_by_offset_and_stride(tmp_path: Path) -> None:
    whole = Tensor(np.arange(40, dtype=np.float32))
    matrix, bias = Tensor(np.zeros((2, 6)), whole, offset=3), Tensor(np.zeros(2), whole, offset=39)
    matrix.strides = [1, 2]
    hold = Module("CMul", "hold", weights=[whole], size=[1, 40])
    first = Module("Linear", "first", weights=[matrix, bias], inputSize=6, outputSize=2, withBias=True)
    wide = Module("Linear", "wide", weights=[np.ones((40, 2))], inputSize=2, outputSize=40, withBias=False)
    path = Module("Sequential", "net", [first, wide, hold], kept=whole).save(tmp_path / "net.model")
    told = np.arange(2, 14).reshape(6, 2).T
    expected = ((ROWS @ told.T + [38, 39]).sum(1, keepdims=True)) * np.arange(40)
    check_outputs(Net.load_bigdl(path), ROWS, expected, tmp_path)


def test_a_module_used_twice_is_one_layer(tmp_path: Path) -> None:
    square = Module("Linear", "square", weights=[numbers(6, 6)], inputSize=6, outputSize=6, withBias=False)
    net = Net.load_bigdl(Module("Sequential", "net", [square, Module("Tanh"), square]).save(tmp_path / "net.model"))
    assert len(net.weights) == 1
    matrix = square.weights[0].array
    check_outputs(net, ROWS, np.tanh(ROWS @ matrix.T) @ matrix.T, tmp_path)


def test_a_table_of_branches_takes_several_inputs(tmp_path: Path) -> None:
    layers = [Module("ParallelTable", "", [Module("Tanh"), Module("Abs")]), Module("CAddTable")]
    net = Net.load_bigdl(Module("Sequential", "net", layers).save(tmp_path / "net.model"), input_shape=[(6,), (6,)])
    check_outputs(net, [ROWS, -ROWS], np.tanh(ROWS) + np.abs(ROWS), tmp_path)
