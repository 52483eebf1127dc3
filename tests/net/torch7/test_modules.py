"""Each module of nn computes what its definition says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.net.torch7.reference import across_channels, convolved, pooled, softmax, spread
from tests.net.torch7.writer import Module, Storage, dumps
from zoo_lab.net.torch7 import load
from zoo_lab.net.torch7.translation import modules

_random = np.random.default_rng(5)


def a(*shape: int) -> np.ndarray:
    return _random.normal(size=shape).astype(np.float32)


def nn(kind: str, **fields: Any) -> Module:
    return Module(f"nn.{kind}", train=False, **fields)


def conv(kind: str, planes: tuple[int, int], size: tuple[int, ...], weight: Any, **fields: Any) -> Module:
    letters = "TWH" if kind.startswith("Vol") else "WH"
    by_axis = dict(zip("THW" if len(size) == 3 else "HW", size, strict=True))
    named = {f"k{letter}": by_axis[letter] for letter in letters}
    return nn(kind, nInputPlane=planes[0], nOutputPlane=planes[1], weight=weight, **named, **fields)


def pool(kind: str, size: int, step: int, pad: int = 0, **fields: Any) -> Module:
    return nn(kind, kW=size, kH=size, dW=step, dH=step, padW=pad, padH=pad, **fields)


CASES: dict[str, tuple[Module, np.ndarray, Any]] = {}


def case(module: Module, x: np.ndarray, expected: Any) -> None:
    kind = module.kind.split(".")[1]
    number = sum(name.split("-")[0] == kind for name in CASES) + 1
    CASES[f"{kind}-{number}"] = (module, x, expected)


X2, X3, X4 = a(3, 6), a(3, 4, 5), a(2, 4, 7, 6)
W, B = a(5, 6), a(5)
case(nn("Linear", weight=W, bias=B), X2, X2 @ W.T + B)
case(nn("Linear", weight=W.copy()), X2, X2 @ W.T)
K, KB = a(6, 4, 3, 2), a(6)
case(
    conv("SpatialConvolution", (4, 6), (3, 2), K, bias=KB, dW=1, dH=2, padW=0, padH=1),
    X4,
    convolved(X4, K, KB, (2, 1), (1, 0)),
)
case(
    conv("SpatialConvolutionMM", (4, 6), (3, 2), K.reshape(6, -1).copy(), bias=KB, dW=2, dH=1),
    X4,
    convolved(X4, K, KB, (1, 2)),
)
G = a(6, 2, 3, 3)
_cudnn = conv("SpatialConvolution", (4, 6), (3, 3), G, groups=2, dW=1, dH=1, padW=1, padH=1)
_cudnn.kind = "cudnn.SpatialConvolution"
case(_cudnn, X4, convolved(X4, G, pad=1, groups=2))
case(
    conv("SpatialDilatedConvolution", (4, 6), (3, 2), K, bias=KB, dW=1, dH=1, dilationW=2, dilationH=2),
    X4,
    convolved(X4, K, KB, dilation=2),
)
V, X5 = a(3, 2, 2, 3, 2), a(2, 2, 4, 5, 4)
case(conv("VolumetricConvolution", (2, 3), (2, 3, 2), V, dT=1, dW=2, dH=1), X5, convolved(X5, V, step=(1, 1, 2)))
F, FB = a(4, 5, 3, 3), a(5)
case(
    conv("SpatialFullConvolution", (4, 5), (3, 3), F, bias=FB, dW=2, dH=2, padW=1, padH=1, adjW=1, adjH=1),
    X4,
    spread(X4, F, FB, 2, 1, 1),
)
case(conv("SpatialFullConvolution", (4, 5), (3, 3), F, dW=1, dH=1), X4, spread(X4, F))
for _ceil in (False, True):
    for _pad in (0, 1):
        case(pool("SpatialMaxPooling", 3, 2, _pad, ceil_mode=_ceil), X4, pooled(X4, "max", 3, 2, _pad, _ceil))
        for _count in (False, True):
            case(
                pool("SpatialAveragePooling", 3, 2, _pad, ceil_mode=_ceil, count_include_pad=_count, divide=True),
                X4,
                pooled(X4, "mean", 3, 2, _pad, _ceil, _count),
            )
case(pool("SpatialAveragePooling", 2, 2, divide=False), X4, 4 * pooled(X4, "mean", 2, 2))
S, T, M, R = a(4), a(4), a(4), a(4) ** 2 + 0.1
_normal = (X4 - M[:, None, None]) / np.sqrt(R[:, None, None] + 1e-3)
_norm = {"running_mean": M, "eps": 1e-3, "momentum": 0.1, "affine": True}
case(
    nn("SpatialBatchNormalization", weight=S, bias=T, running_var=R, **_norm),
    X4,
    _normal * S[:, None, None] + T[:, None, None],
)
case(nn("SpatialBatchNormalization", running_std=1 / np.sqrt(R + 1e-3), **_norm), X4, _normal)
case(
    nn("BatchNormalization", weight=S, bias=T, running_var=R, **_norm),
    a(3, 4) * 0 + 1,
    np.tile((1 - M) / np.sqrt(R + 1e-3) * S + T, (3, 1)),
)
_relu = np.maximum(X4, 0)
case(nn("ReLU", inplace=True), X4, _relu)
case(nn("ReLU6"), 9 * X4, np.clip(9 * X4, 0, 6))
case(nn("LeakyReLU", negval=0.2), X4, np.where(X4 < 0, 0.2 * X4, X4))
case(nn("PReLU", nOutputPlane=0, weight=np.array([0.3], np.float32)), X4, np.where(X4 < 0, 0.3 * X4, X4))
case(nn("PReLU", nOutputPlane=4, weight=S), X4, np.where(X4 < 0, S[:, None, None] * X4, X4))
case(nn("ELU", alpha=0.7), X4, np.where(X4 < 0, 0.7 * np.expm1(X4), X4))
case(nn("Tanh"), X2, np.tanh(X2))
case(nn("Sigmoid"), X2, 1 / (1 + np.exp(-X2)))
case(nn("SoftMax"), X2, softmax(X2))
case(nn("SoftMax"), X4, softmax(X4))
case(nn("LogSoftMax"), X2, np.log(softmax(X2)))
case(nn("SpatialSoftMax"), X4, softmax(X4))
case(nn("SoftMin"), X2, softmax(-X2))
case(nn("SoftPlus", beta=2), X2, np.log1p(np.exp(2 * X2)) / 2)
case(nn("SoftSign"), X2, X2 / (1 + abs(X2)))
case(nn("HardTanh", min_val=-0.5, max_val=0.7), X2, np.clip(X2, -0.5, 0.7))
case(nn("Dropout", p=0.4, v2=True), X2, X2)
case(nn("Dropout", p=0.4, v2=False), X2, 0.6 * X2)
case(nn("View", size=Storage(2, 3), numElements=6), X2, X2.reshape(3, 2, 3))
case(nn("View", size=Storage(-1), numElements=-1, numInputDims=2), X3, X3.reshape(3, -1))
case(nn("View", size=Storage(-1, 20), numElements=-20), X3, X3.reshape(-1, 20))
case(nn("Reshape", size=Storage(20), nelement=20, batchMode=True), X3, X3.reshape(3, 20))
case(nn("SpatialCrossMapLRN", size=3, alpha=0.2, beta=0.6, k=1.5), X4, across_channels(X4, 3, 0.2, 0.6, 1.5))
case(nn("Identity"), X2, X2)
_pads = {"pad_l": 1, "pad_r": 2, "pad_t": 3, "pad_b": 0}
case(nn("SpatialZeroPadding", **_pads), X4, np.pad(X4, [(0, 0), (0, 0), (3, 0), (1, 2)]))
case(nn("SpatialZeroPadding", pad_l=-1, pad_r=0, pad_t=0, pad_b=-2), X4, X4[:, :, :-2, 1:])
case(nn("SpatialReflectionPadding", **_pads), X4, np.pad(X4, [(0, 0), (0, 0), (3, 0), (1, 2)], "reflect"))
case(nn("SpatialReplicationPadding", **_pads), X4, np.pad(X4, [(0, 0), (0, 0), (3, 0), (1, 2)], "edge"))
case(nn("MulConstant", constant_scalar=0.5), X2, 0.5 * X2)
case(nn("AddConstant", constant_scalar=0.5), X2, 0.5 + X2)
case(nn("Threshold", threshold=0.2, val=-1), X2, np.where(X2 > 0.2, X2, -1))
case(nn("Padding", dim=1, pad=-2, nInputDim=2, value=3), X3, np.pad(X3, [(0, 0), (2, 0), (0, 0)], constant_values=3))
case(nn("Padding", dim=2, pad=2, value=0), X3, np.pad(X3, [(0, 0), (0, 2), (0, 0)]))
case(nn("Transpose", permutations=[[2, 3]]), X3, X3.transpose(0, 2, 1))
case(nn("Transpose", permutations=[[2, 3], [3, 4]]), X4, X4.transpose(0, 2, 3, 1))
case(nn("Unsqueeze", pos=1, numInputDims=1), X2, X2[:, None])
case(nn("Squeeze", dim=2), X3[:, :1], X3[:, 0])
case(nn("Select", dimension=2, index=3), X3, X3[:, 2])
case(nn("Select", dimension=3, index=-1), X3, X3[:, :, -1])
case(nn("Narrow", dimension=2, index=2, length=2), X3, X3[:, 1:3])
case(nn("Narrow", dimension=3, index=2, length=-1), X3, X3[:, :, 1:])
case(nn("Mean", dimension=3, sizeAverage=True), X3, X3.mean(2))
case(nn("Sum", dimension=1, nInputDims=2), X3, X3.sum(1))
case(nn("Max", dimension=3), X3, X3.max(2))
case(nn("Normalize", p=2), X2, X2 / np.linalg.norm(X2, axis=1, keepdims=True))
case(nn("Power", pow=2), X2, X2**2)
case(nn("Mul", weight=np.array([1.5], np.float32)), X2, 1.5 * X2)
case(nn("CMul", weight=a(1, 6) * 0 + 2), X2, 2 * X2)
case(nn("CAdd", bias=a(1, 6) * 0 + 2), X2, 2 + X2)
E_ = a(9, 4)
_ids = np.array([[1, 9, 3], [2, 2, 8]], np.int64)
case(nn("LookupTable", weight=E_), _ids, E_[_ids - 1])
_two = [nn("ReLU"), nn("MulConstant", constant_scalar=2)]
case(nn("Sequential", modules=_two), X4, 2 * _relu)
case(nn("Concat", dimension=2, modules=_two), X4, np.concatenate([_relu, 2 * X4], 1))
_table = nn("ConcatTable", modules=_two)
for _kind, _joined in (
    ("CAddTable", _relu + 2 * X4), ("CMulTable", _relu * 2 * X4), ("CSubTable", _relu - 2 * X4),
    ("CMaxTable", np.maximum(_relu, 2 * X4)), ("CMinTable", np.minimum(_relu, 2 * X4)),
):  # fmt: skip
    case(nn("Sequential", modules=[_table, nn(_kind)]), X4, _joined)
_join = nn("JoinTable", dimension=1, nInputDims=3)
case(nn("Sequential", modules=[_table, _join]), X4, np.concatenate([_relu, 2 * X4], 1))
_each = nn("ParallelTable", modules=[nn("Identity"), nn("AddConstant", constant_scalar=1)])
case(nn("Sequential", modules=[_table, _each, nn("CAddTable")]), X4, _relu + 2 * X4 + 1)
_nested = nn("ConcatTable", modules=[_table, nn("Identity")])
case(
    nn("Sequential", modules=[_nested, nn("FlattenTable"), nn("SelectTable", index=-1)]),
    X4, X4,
)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_computes_what_it_is_defined_to(name: str, tmp_path: Path) -> None:
    module, x, expected = CASES[name]
    (tmp_path / "net.t7").write_bytes(dumps(module))
    model = load(tmp_path / "net.t7", input_shape=x.shape[1:])
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


def test_the_page_lists_the_modules() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "loaders-torch.md").read_text()
    assert set(re.findall(r"\b[A-Z]\w+", page.split("## Modules")[1])) == set(modules())


def test_every_module_of_the_table_has_a_case() -> None:
    def kinds(part: Module) -> set[str]:
        inner = part.fields.get("modules", [])
        return {part.kind.split(".")[1]}.union(*map(kinds, inner))

    tested = set().union(*(kinds(module) for module, _, _ in CASES.values()))
    alike = {"Abs", "Add", "CDivTable", "Clamp", "Contiguous", "Copy", "Exp", "Log", "Min", "SpatialLogSoftMax", "Sqrt"}
    volumes = {name for name in modules() if name.startswith("Volumetric")}
    assert set(modules()) - tested <= alike | volumes | {"Square"}
