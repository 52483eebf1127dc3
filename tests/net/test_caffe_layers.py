"""Each layer of Caffe computes what its definition says; the files are written here, the numbers by numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.net import caffe_numpy as reference
from tests.net.battery import check_outputs
from tests.net.wire import caffe_model
from zoo_lab.net import Net

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(2, 4, 7, 6)).astype(np.float32)
FLAT = RANDOM.normal(size=(2, 6)).astype(np.float32)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


KERNEL, BIAS = numbers(6, 4, 3, 2), numbers(6)
GROUPED, DEPTHWISE, UP, UP_GROUPED = numbers(6, 2, 3, 3), numbers(8, 1, 3, 3), numbers(4, 3, 3, 2), numbers(4, 1, 4, 4)
MATRIX, FLAT_MATRIX, LAST_MATRIX = numbers(5, 168), numbers(3, 6), numbers(5, 6)
VECTOR, OTHER = numbers(4), numbers(4)
IMAGE_PART = numbers(7, 6)
MEAN, VARIANCE = numbers(4), np.abs(numbers(4)) + 0.1


def channels(values: Any) -> Any:
    return np.reshape(values, (1, -1, 1, 1))


def above(x: Any, others: Any) -> Any:
    return np.where(x > 0, x, others)


LAYERS: dict[str, tuple[str, list[Any], Callable[[Any], Any]]] = {
    "Convolution": (
        "convolution_param { num_output: 6 kernel_h: 3 kernel_w: 2 stride: 2 pad_h: 1 pad_w: 2 }",
        [KERNEL, BIAS],
        lambda x: reference.conv(x, KERNEL, BIAS, (2, 2), (1, 2)),
    ),
    "Convolution of equal length": (
        "convolution_param { num_output: 6 kernel_size: 3 pad: 2 dilation: 2 group: 2 bias_term: false }",
        [GROUPED],
        lambda x: reference.conv(x, GROUPED, pad=(2, 2), dilation=(2, 2)),
    ),
    "Convolution of each channel": (
        "convolution_param { num_output: 8 kernel_size: 3 stride: 2 pad: 1 group: 4 bias_term: false }",
        [DEPTHWISE],
        lambda x: reference.conv(x, DEPTHWISE, stride=(2, 2), pad=(1, 1)),
    ),
    "Convolution of each channel, strides differ": (
        "convolution_param { num_output: 8 kernel_size: 3 stride: 2 stride: 1 group: 4 bias_term: false }",
        [DEPTHWISE],
        lambda x: reference.conv(x, DEPTHWISE, stride=(2, 1)),
    ),
    "Deconvolution": (
        "convolution_param { num_output: 3 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 3 pad_h: 1 pad_w: 0 }",
        [UP, BIAS[:3]],
        lambda x: reference.deconv(x, UP, BIAS[:3], (2, 3), (1, 0)),
    ),
    "Deconvolution of each channel": (
        "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 group: 4 }",
        [UP_GROUPED, BIAS[:4]],
        lambda x: reference.deconv(x, UP_GROUPED, BIAS[:4], (2, 2), (1, 1)),
    ),
    "Deconvolution dilated": (
        "convolution_param { num_output: 3 kernel_h: 3 kernel_w: 2 dilation: 3 dilation: 2 stride: 2 }",
        [UP, BIAS[:3]],
        lambda x: reference.deconv(x, UP, BIAS[:3], (2, 2), dilation=(3, 2)),
    ),
    "InnerProduct": (
        "inner_product_param { num_output: 5 }",
        [MATRIX, BIAS[:5]],
        lambda x: x.reshape(2, -1) @ MATRIX.T + BIAS[:5],
    ),
    "InnerProduct of the last axis": (
        "inner_product_param { num_output: 5 axis: -1 bias_term: false }",
        [LAST_MATRIX],
        lambda x: x @ LAST_MATRIX.T,
    ),
    "InnerProduct transposed": (
        "inner_product_param { num_output: 5 transpose: true bias_term: false }",
        [MATRIX.T],
        lambda x: x.reshape(2, -1) @ MATRIX.T,
    ),
    "Pooling MAX": (
        "pooling_param { kernel_size: 3 stride: 2 }",
        [],
        lambda x: reference.pool(x, "MAX", (3, 3), (2, 2)),
    ),
    "Pooling MAX padded": (
        "pooling_param { kernel_size: 2 stride: 2 pad: 1 }",
        [],
        lambda x: reference.pool(x, "MAX", (2, 2), (2, 2), (1, 1)),
    ),
    "Pooling AVE": (
        "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }",
        [],
        lambda x: reference.pool(x, "AVE", (3, 3), (2, 2), (1, 1)),
    ),
    "Pooling AVE rounded up": (
        "pooling_param { pool: AVE kernel_h: 2 kernel_w: 4 stride_h: 2 stride_w: 3 }",
        [],
        lambda x: reference.pool(x, "AVE", (2, 4), (2, 3)),
    ),
    "Pooling AVE of all": (
        "pooling_param { pool: AVE global_pooling: true }",
        [],
        lambda x: x.mean((2, 3), keepdims=True),
    ),
    "Pooling MAX of all": ("pooling_param { global_pooling: true }", [], lambda x: x.max((2, 3), keepdims=True)),
    "AbsVal": ("", [], np.abs),
    "BNLL": ("", [], lambda x: np.log1p(np.exp(x))),
    "Dropout": ("dropout_param { dropout_ratio: 0.9 }", [], lambda x: x),
    "ELU": ("elu_param { alpha: 0.5 }", [], lambda x: above(x, 0.5 * np.expm1(x))),
    "Exp": ("exp_param { base: 2 scale: 0.5 shift: 1 }", [], lambda x: 2 ** (1 + 0.5 * x)),
    "Exp of e": ("", [], np.exp),
    "Log": ("log_param { base: 10 scale: 0.1 shift: 3 }", [], lambda x: np.log10(3 + 0.1 * x)),
    "Power": ("power_param { power: 3 scale: 0.5 shift: 4 }", [], lambda x: (4 + 0.5 * x) ** 3),
    "Power of 2": ("power_param { power: 2 shift: 1 }", [], lambda x: (1 + x) ** 2),
    "PReLU": ("", [VECTOR], lambda x: above(x, x * channels(VECTOR))),
    "PReLU shared": ("prelu_param { channel_shared: true }", [VECTOR[:1]], lambda x: above(x, x * VECTOR[0])),
    "ReLU": ("", [], lambda x: np.maximum(x, 0)),
    "ReLU leaky": ("relu_param { negative_slope: 0.1 }", [], lambda x: above(x, 0.1 * x)),
    "Sigmoid": ("", [], lambda x: 1 / (1 + np.exp(-x))),
    "Softmax": ("", [], reference.softmax),
    "Softmax of the last axis": ("softmax_param { axis: -1 }", [], lambda x: reference.softmax(x, 3)),
    "TanH": ("", [], np.tanh),
    "Threshold": ("threshold_param { threshold: 0.3 }", [], lambda x: (x > 0.3).astype(np.float32)),
    "LRN": (
        "lrn_param { local_size: 3 alpha: 0.9 beta: 0.6 k: 2 }",
        [],
        lambda x: reference.lrn_across(x, 3, 0.9, 0.6, 2),
    ),
    "LRN within channels": (
        "lrn_param { local_size: 3 alpha: 0.9 beta: 0.6 norm_region: WITHIN_CHANNEL }",
        [],
        lambda x: reference.lrn_within(x, 3, 0.9, 0.6),
    ),
    "BatchNorm": (
        "batch_norm_param { eps: 0.01 }",
        [MEAN * 4, VARIANCE * 4, [4]],
        lambda x: (x - channels(MEAN)) / np.sqrt(channels(VARIANCE) + 0.01),
    ),
    "Scale": (
        "scale_param { bias_term: true }",
        [VECTOR, OTHER],
        lambda x: x * channels(VECTOR) + channels(OTHER),
    ),
    "Scale of places": ("scale_param { axis: 2 num_axes: -1 }", [IMAGE_PART], lambda x: x * IMAGE_PART),
    "Bias": ("", [VECTOR], lambda x: x + channels(VECTOR)),
    "Normalize": (
        "norm_param { across_spatial: false channel_shared: false }",
        [VECTOR],
        lambda x: x / np.sqrt((x**2).sum(1, keepdims=True)) * channels(VECTOR),
    ),
    "Normalize across places": (
        "norm_param { eps: 0.5 }",
        [[2]],
        lambda x: x / np.sqrt((x**2).sum((1, 2, 3), keepdims=True) + 0.5) * 2,
    ),
    "Flatten": ("", [], lambda x: x.reshape(2, -1)),
    "Flatten some": ("flatten_param { axis: 2 end_axis: 3 }", [], lambda x: x.reshape(2, 4, 42)),
    "Reshape": ("reshape_param { shape { dim: 0 dim: -1 dim: 3 } }", [], lambda x: x.reshape(2, 56, 3)),
    "Reshape of some": (
        "reshape_param { shape { dim: 2 dim: -1 } axis: 1 num_axes: 1 }",
        [],
        lambda x: x.reshape(2, 2, 2, 7, 6),
    ),
    "Permute": (
        "permute_param { order: 0 order: 3 order: 1 order: 2 }",
        [],
        lambda x: x.transpose(0, 3, 1, 2),
    ),
    "Permute to channels last": (
        "permute_param { order: 0 order: 2 order: 3 order: 1 }",
        [],
        lambda x: x.transpose(0, 2, 3, 1),
    ),
    "Reduction": ("reduction_param { axis: 2 coeff: 3 }", [], lambda x: 3 * x.sum((2, 3))),
    "Reduction ASUM": ("reduction_param { axis: 3 operation: ASUM }", [], lambda x: np.abs(x).sum(3)),
    "Reduction SUMSQ": ("reduction_param { axis: -1 operation: SUMSQ }", [], lambda x: (x**2).sum(3)),
    "Reduction MEAN": ("reduction_param { axis: 1 operation: MEAN }", [], lambda x: x.mean((1, 2, 3))),
    "ArgMax": ("argmax_param { axis: 1 }", [], lambda x: x.argmax(1)[:, None]),
    "ArgMax with values": (
        "argmax_param { top_k: 2 out_max_val: true }",
        [],
        lambda x: np.stack([np.argsort(-x.reshape(2, -1), 1)[:, :2], -np.sort(-x.reshape(2, -1), 1)[:, :2]], 1)[
            ..., None
        ],
    ),
}


def write(folder: Path, layers: str, blobs: dict[str, list[Any]], inputs: str | None = None) -> tuple[Path, Path]:
    """Write a network and its weights; return their paths."""
    files = folder / "net.prototxt", folder / "net.caffemodel"
    dims = " ".join(f"dim: {length}" for length in X.shape)
    files[0].write_text((inputs or f'input: "data" input_shape {{ {dims} }}\n') + layers)
    files[1].write_bytes(caffe_model(blobs or {"none": []}))
    return files


# Behind a convolution of one by one, layers get channels last; without it they get the input as it is.
@pytest.mark.parametrize("turned", [False, True], ids=["first", "inside"])
@pytest.mark.parametrize("case", LAYERS)
def test_a_layer_computes_what_caffe_defines(case: str, turned: bool, tmp_path: Path) -> None:
    param, blobs, expected = LAYERS[case]
    before = 'layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param '
    before += "{ num_output: 4 kernel_size: 1 bias_term: false } }\n"
    kind, bottom = case.split(" ", 1)[0], "c" if turned else "data"
    layer = f'layer {{ name: "the/one" type: "{kind}" bottom: "{bottom}" top: "y"\n{param} }}'
    mixed = np.roll(np.eye(4, dtype=np.float32), 1, 0).reshape(4, 4, 1, 1)
    files = write(tmp_path, (before if turned else "") + layer, {"the/one": blobs, "c": [mixed]})
    net = Net.load_caffe(*files)
    assert net.get_layer("the_one")
    x = np.roll(X, 1, 1) if turned else X
    check_outputs(net, X, expected(x.astype(np.float64)), tmp_path)


@pytest.mark.parametrize(
    "kind, param, blobs, expected",
    [
        ("InnerProduct", "inner_product_param { num_output: 3 bias_term: false }", [FLAT_MATRIX], FLAT @ FLAT_MATRIX.T),
        ("BatchNorm", "", [BIAS, np.ones(6), [1]], (FLAT - BIAS) / np.sqrt(1 + 1e-5)),
        ("PReLU", "", [BIAS], above(FLAT, FLAT * BIAS)),
        ("Scale", "", [BIAS], FLAT * BIAS),
        ("Softmax", "", [], reference.softmax(FLAT)),
        ("ArgMax", "", [], FLAT.argmax(1).reshape(2, 1, 1)),
    ],
)
def test_layers_take_rows_of_numbers_too(kind: str, param: str, blobs: Any, expected: Any, tmp_path: Path) -> None:
    layer = f'layer {{ name: "one" type: "{kind}" bottom: "data" top: "data" {param} }}'
    files = write(tmp_path, layer, {"one": blobs}, 'input: "data" input_shape { dim: 2 dim: 6 }')
    check_outputs(Net.load_caffe(*files), FLAT, expected, tmp_path)
