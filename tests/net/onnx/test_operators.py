"""Every operator computes what ONNX Runtime does."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from tests.net.onnx.models import Constant, floats, ints, one_node, run
from zoo_lab.net.onnx import load
from zoo_lab.net.onnx.table import operators

_random = np.random.default_rng(7)


def x(*shape: int, low: float = -3, high: float = 3) -> np.ndarray:
    return _random.uniform(low, high, shape).astype(np.float32)


def n(*shape: int, low: int = -5, high: int = 6, dtype: Any = np.int64) -> np.ndarray:
    return _random.integers(low, high, shape).astype(dtype)


def truth(*shape: int) -> np.ndarray:
    return _random.random(shape) < 0.5


def w(*shape: int) -> Constant:
    return Constant(x(*shape, low=-1, high=1))


CASES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []


def case(op: str, *given: Any, **how: Any) -> None:
    CASES.append((op, given, how))


# arithmetic
for _op in ("Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Neg", "Reciprocal", "Round", "Sign", "Sin", "Sinh", "Tan"):
    case(_op, x(2, 3))
for _op in ("Acos", "Asin", "Atan", "Atanh"):
    case(_op, x(2, 3, low=-0.9, high=0.9))
for _op in ("Acosh", "Asinh", "Cosh", "Log", "Sqrt"):
    case(_op, x(2, 3, low=1.1, high=4))
for _op in ("Add", "Sub", "Mul", "Div"):
    case(_op, x(2, 3, 4), x(2, 3, 4))
    case(_op, x(2, 3, 4), x(3, 1))
    case(_op, n(2, 3), Constant([2, -3, 4], np.int64))
case("Sub", x(2, 3).astype(np.float64), x(2, 3).astype(np.float64))
case("MatMul", x(2, 3).astype(np.float64), Constant(x(3, 4), np.float64))
case("Round", np.array([[0.5, 1.5, -0.5, 2.5]], np.float32))
case("Pow", x(2, 3, low=0.1), x(2, 3))
case("Pow", x(2, 3), floats(2))
case("Pow", n(2, 3), Constant(2, np.int64))
case("Mod", n(2, 3), Constant([3, -3, 4], np.int64))
case("Mod", x(2, 3), floats(2.0, -2.0, 1.5), fmod=1)
for _op in ("Max", "Min", "Sum", "Mean"):
    case(_op, x(2, 3), x(2, 3), x(2, 3))
    case(_op, x(2, 3), w(1, 3))
case("Clip", x(2, 5), Constant(np.float32(-1)), Constant(np.float32(1)))
case("Clip", x(2, 5), None, Constant(np.float32(1)))
case("Clip", x(2, 5), Constant(np.float32(0)), Constant(np.float32(2)))
case("Clip", x(2, 5), opset=9, min=-0.5, max=0.5)
case("Where", truth(2, 3), x(2, 3), x(2, 3))
case("IsInf", np.array([[1, np.inf, -np.inf, np.nan]], np.float32))
case("IsInf", np.array([[1, np.inf, -np.inf, np.nan]], np.float32), detect_negative=0)
case("IsNaN", np.array([[1, np.inf, np.nan]], np.float32))
case("BitShift", n(2, 3, low=0, dtype=np.uint8), Constant([1, 2, 3], np.uint8), direction="LEFT")
case("BitShift", n(2, 3, low=0, dtype=np.uint8), Constant([1, 2, 3], np.uint8), direction="RIGHT")
for _op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
    case(_op, n(2, 3), n(2, 3), opset=18)
case("BitwiseNot", n(2, 3), opset=18)
case("CumSum", x(2, 3), Constant(1, np.int64))
case("CumSum", x(2, 3), Constant(0, np.int64), exclusive=1, reverse=1)
for _op in ("And", "Or", "Xor"):
    case(_op, truth(2, 3), truth(2, 3))
case("Not", truth(2, 3))
for _op in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
    case(_op, n(2, 3, low=0, high=2), n(2, 3, low=0, high=2))
# activations
for _op in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish", "Mish", "Elu", "Celu", "Selu"):
    case(_op, x(2, 5), opset=18 if _op == "Mish" else 17)
case("LeakyRelu", x(2, 5), alpha=0.2)
case("Elu", x(2, 5), alpha=0.7)
case("Celu", x(2, 5), alpha=2.0)
case("Selu", x(2, 5), alpha=1.5, gamma=1.2)
case("HardSigmoid", x(2, 5), alpha=0.3, beta=0.4)
case("ThresholdedRelu", x(2, 5), alpha=0.8)
case("Shrink", x(2, 5), lambd=1.0, bias=0.5)
case("PRelu", x(2, 3, 4), w(3, 1))
case("PRelu", x(2, 3, 4, 4), w(3, 1, 1))
case("Gelu", x(2, 5), opset=20)
case("Gelu", x(2, 5), opset=20, approximate="tanh")
for _op in ("Softmax", "LogSoftmax", "Hardmax"):
    case(_op, x(2, 3, 4))
    case(_op, x(2, 3, 4), axis=1)
    case(_op, x(2, 3, 4), axis=1, opset=11)
case("Softmax", x(3, 4), axis=0)
case("Dropout", x(2, 5))
case("Dropout", x(2, 5), opset=9, ratio=0.3)
case("Identity", x(2, 5))
# matrices
case("MatMul", x(2, 3), w(3, 4))
case("MatMul", x(2, 5, 3), w(3, 4))
case("MatMul", x(2, 3, 4), x(2, 4, 5))
case("MatMul", x(4), w(4, 3))
case("MatMul", x(2, 3, 4), w(4))
case("MatMul", w(3, 2), x(2, 4))
case("MatMul", x(2, 1, 3, 4), w(5, 4, 2))
case("Gemm", x(2, 3), w(3, 4), w(4))
case("Gemm", x(2, 3), w(4, 3), w(1, 4), transB=1, alpha=0.5, beta=2.0)
case("Gemm", x(3, 2), w(3, 4), transA=1)
case("Gemm", x(2, 3), x(3, 4), x(2, 4), alpha=0.5, beta=0.3)
case("Gemm", x(2, 3), w(3, 4), w(2, 1))
case("Einsum", x(2, 3, 4), x(2, 4, 5), equation="bij,bjk->bik")
case("Einsum", x(2, 3, 4), equation="...ij -> ...ji")
case("Det", x(2, 3, 3))
# convolutions
case("Conv", x(2, 3, 7, 8), w(4, 3, 3, 3), w(4))
case("Conv", x(2, 3, 7, 8), w(4, 3, 3, 2), pads=[1, 0, 2, 1], strides=[2, 1])
case("Conv", x(2, 3, 7, 8), w(4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2])
case("Conv", x(2, 3, 7, 8), w(4, 3, 2, 2), auto_pad="SAME_LOWER")
case("Conv", x(2, 3, 9, 9), w(4, 3, 3, 3), w(4), dilations=[2, 2])
case("Conv", x(2, 3, 9, 9), w(4, 3, 3, 3), dilations=[2, 2], strides=[2, 2])
case("Conv", x(2, 4, 7, 8), w(6, 2, 3, 3), w(6), group=2)
case("Conv", x(2, 4, 7, 8), w(8, 1, 3, 3), w(8), group=4, pads=[1, 1, 1, 1])
case("Conv", x(2, 4, 7, 8), w(4, 1, 3, 3), group=4, strides=[2, 1])
case("Conv", x(2, 3, 9), w(4, 3, 3), w(4), strides=[2], pads=[1, 1])
case("Conv", x(2, 3, 9), w(6, 1, 3), group=3, dilations=[2])
case("Conv", x(2, 3, 5, 6, 7), w(4, 3, 2, 3, 2), w(4), strides=[1, 2, 1])
case("Conv", x(2, 3, 5, 6, 7), w(4, 3, 2, 2, 2), dilations=[2, 1, 2], pads=[1, 1, 1, 0, 0, 0])
case("Conv", x(2, 3, 6, 6), x(4, 3, 3, 3))
case("ConvTranspose", x(2, 3, 4, 5), w(3, 4, 3, 3), w(4))
case("ConvTranspose", x(2, 3, 4, 5), w(3, 4, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
case("ConvTranspose", x(2, 3, 4, 5), w(3, 4, 2, 2), strides=[3, 2])
case("ConvTranspose", x(2, 3, 4, 5), w(3, 4, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2])
case("ConvTranspose", x(2, 3, 4, 5), w(3, 4, 3, 3), strides=[2, 2], output_shape=[9, 11])
case("ConvTranspose", x(2, 4, 4, 5), w(4, 3, 3, 3), w(6), group=2)
case("ConvTranspose", x(2, 3, 4, 5), w(3, 2, 2, 2), dilations=[2, 3])
case("ConvTranspose", x(2, 3, 5), w(3, 4, 3), strides=[2])
case("ConvTranspose", x(2, 3, 3, 4, 3), w(3, 2, 2, 2, 2), strides=[2, 1, 2])
# pooling
for _op in ("MaxPool", "AveragePool"):
    case(_op, x(2, 3, 7, 8), kernel_shape=[2, 2], strides=[2, 2])
    case(_op, x(2, 3, 7, 8), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case(_op, x(2, 3, 7, 8), kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    case(_op, x(2, 3, 7, 8), kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_LOWER")
    case(_op, x(2, 3, 7, 8), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    case(_op, x(2, 3, 7, 8), kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
    case(_op, x(2, 3, 9), kernel_shape=[3], strides=[2])
    case(_op, x(2, 3, 5, 6, 7), kernel_shape=[2, 2, 3], strides=[1, 2, 2])
case("MaxPool", x(2, 3, 9, 9), kernel_shape=[3, 3], dilations=[2, 2], strides=[2, 2])
case("AveragePool", x(2, 3, 7, 8), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
case("AveragePool", x(2, 3, 7, 8), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 0], count_include_pad=1)
case("LpPool", x(2, 3, 7, 8), kernel_shape=[2, 2], p=3)
for _op in ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"):
    case(_op, x(2, 3, 4, 5))
case("GlobalAveragePool", x(2, 3, 5))
# normalizations
case("BatchNormalization", x(2, 3, 4, 4), w(3), w(3), w(3), Constant(x(3, low=0.5, high=2)), epsilon=1e-3)
case("BatchNormalization", x(2, 3), w(3), w(3), w(3), Constant(x(3, low=0.5, high=2)))
case("BatchNormalization", x(2, 3, 4), x(3), x(3), x(3), x(3, low=0.5, high=2))
case("InstanceNormalization", x(2, 3, 4, 4), w(3), w(3))
case("LayerNormalization", x(2, 3, 4), w(4), w(4))
case("LayerNormalization", x(2, 3, 4), w(3, 4), axis=1, epsilon=1e-3)
case("LayerNormalization", x(2, 3, 4), w(4), w(4), outputs=3)
case("GroupNormalization", x(2, 4, 3, 3), w(4), w(4), num_groups=2, opset=21)
case("LRN", x(2, 7, 3, 3), size=5, alpha=0.02, beta=0.6, bias=1.5)
case("LpNormalization", x(2, 3, 4), axis=1, p=1)
case("LpNormalization", x(2, 3, 4), axis=-1, p=2)
case("MeanVarianceNormalization", x(2, 3, 4, 4))
# reductions
for _op in ("L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"):
    case(f"Reduce{_op}", x(2, 3, 4), axes=[1])
    case(f"Reduce{_op}", x(2, 3, 4), ints(-1), keepdims=0, opset=18)
case("ReduceLogSum", x(2, 3, 4, low=0.1), axes=[1, 2])
case("ReduceSum", x(2, 3, 4), ints(1, 2))
case("ReduceSum", x(2, 3, 4), None, noop_with_empty_axes=1)
case("ReduceSum", x(2, 3, 4), axes=[0], opset=11)
case("ReduceMean", x(2, 3, 4), keepdims=0)
case("ArgMax", x(2, 3, 4), axis=1)
case("ArgMin", x(2, 3, 4), axis=-1, keepdims=0)
case("ArgMax", n(2, 7, low=0, high=2).astype(np.float32), axis=1, select_last_index=1)
case("TopK", x(2, 7), ints(3), outputs=2)
case("TopK", x(2, 7, 3), ints(3), outputs=2, axis=1, largest=0)
# shapes
case("Reshape", x(2, 3, 4), ints(0, -1))
case("Reshape", x(2, 3, 4), ints(4, 6))
case("Reshape", x(2, 3, 4), ints(-1, 2, 3))
case("Reshape", x(2, 3, 4), ints(2, 2, 6))
for _axis in (0, 1, 2, 3, -1):
    case("Flatten", x(2, 3, 4), axis=_axis)
case("Transpose", x(2, 3, 4), perm=[0, 2, 1])
case("Transpose", x(2, 3, 4), perm=[2, 0, 1])
case("Transpose", x(2, 3, 4))
case("Transpose", x(2, 3, 4, 5), perm=[0, 2, 3, 1])
case("Transpose", n(2, 3, 4, 5), perm=[0, 3, 1, 2])
case("Squeeze", x(2, 1, 3, 1))
case("Squeeze", x(2, 1, 3, 1), ints(1))
case("Squeeze", x(1, 2, 3), axes=[0], opset=11)
case("Unsqueeze", x(2, 3), ints(0, -1))
case("Unsqueeze", x(2, 3), axes=[1], opset=11)
case("Shape", x(2, 3, 4))
case("Shape", x(2, 3, 4), start=-3, end=2)
case("Size", x(2, 3, 4))
case("Expand", x(2, 1, 3), ints(4, 1))
case("Tile", x(2, 3), ints(2, 3))
case("Concat", x(2, 3), x(2, 4), w(2, 1), axis=1)
case("Concat", x(2, 3), x(4, 3), axis=0)
case("Concat", x(2, 3, 4), x(2, 2, 4), axis=-2)
case("Split", x(2, 6), ints(2, 4), axis=1, outputs=2)
case("Split", x(2, 6), axis=1, outputs=3)
case("Split", x(2, 7), axis=1, outputs=3, opset=18, num_outputs=3)
case("Split", x(2, 6), axis=1, split=[1, 5], outputs=2, opset=11)
case("Pad", x(2, 3, 4, 5), ints(0, 0, 1, 2, 0, 0, 3, 1))
case("Pad", x(2, 3, 4), ints(0, 1, 2, 0, 0, 1), Constant(np.float32(1.5)))
case("Pad", x(2, 3, 4), ints(0, 1, 2, 0, 0, 1), mode="edge")
case("Pad", x(2, 3, 4), ints(0, 1, 2, 0, 2, 1), mode="reflect")
case("Pad", x(2, 3, 4), ints(0, 1, 2, 0, 0, 1), mode="wrap", opset=19)
case("Pad", x(2, 3, 4), ints(0, -1, 2, 0, 0, -2))
case("Pad", x(2, 3, 4), ints(1, 2), None, ints(-1), opset=18)
case("Pad", x(2, 3), opset=9, pads=[0, 1, 0, 2], value=2.0)
case("Cast", x(2, 3), to=7)
case("Cast", n(2, 3), to=1)
case("Cast", n(2, 3, low=0, high=2), to=9)
case("CastLike", x(2, 3), n(2, 3))
case("Range", np.array(1.0, np.float32), Constant(np.float32(9)), Constant(np.float32(2.5)))
case("EyeLike", x(3, 4), k=1)
case("Trilu", x(2, 3, 4))
case("Trilu", x(2, 3, 4), Constant(1, np.int64), upper=0)
case("DepthToSpace", x(2, 8, 2, 3), blocksize=2)
case("DepthToSpace", x(2, 8, 2, 3), blocksize=2, mode="CRD")
case("SpaceToDepth", x(2, 2, 4, 6), blocksize=2)
# picking
case("Slice", x(2, 6, 5), ints(1, 0), ints(4, 3), ints(1, 2))
case("Slice", x(2, 6, 5), ints(-1), ints(-(2**63) + 1), ints(1), ints(-2))
case("Slice", x(2, 6, 5), ints(1), ints(2**63 - 1), ints(-1))
case("Slice", x(2, 6), opset=9, axes=[1], starts=[-3], ends=[100])
case("Gather", x(4, 3), Constant([[0, 2], [-1, 1]], np.int64))
case("Gather", w(5, 3), n(2, 4, low=-5, high=5))
case("Gather", x(2, 5, 3), Constant(1, np.int64), axis=1)
case("GatherElements", x(2, 5), n(2, 3, low=-5, high=5), axis=1)
case("GatherND", x(2, 3, 4), Constant([[0, 1], [1, -1]], np.int64))
case("GatherND", x(2, 3, 4), Constant([[1], [0]], np.int64), batch_dims=1)
case("ScatterElements", x(2, 5), Constant([[1, -1], [0, 2]], np.int64), x(2, 2), axis=1)
case("ScatterElements", x(2, 5), Constant([[1, 1], [0, 2]], np.int64), x(2, 2), axis=1, reduction="add", opset=18)
case("Scatter", x(2, 5), Constant([[1, 4], [0, 2]], np.int64), x(2, 2), axis=1, opset=9)
case("ScatterND", x(4, 3), Constant([[1], [-1]], np.int64), x(2, 3))
for _how in ("add", "mul", "min", "max"):
    case("ScatterND", x(4, 3), Constant([[1], [1]], np.int64), x(2, 3), reduction=_how, opset=18)
case("OneHot", n(2, 3, low=-4, high=4), Constant(4, np.int64), floats(0.5, 2))
case("OneHot", n(2, 3, low=0, high=4), Constant([4], np.int64), Constant([0, 1], np.int64), axis=1)
case("NonZero", n(2, 4, low=0, high=2))
case("Compress", x(3, 4), Constant([True, False, True]), axis=1)
case("Compress", x(3, 4), Constant([True, False, True, True]))
case("ReverseSequence", x(4, 3, 2), Constant([1, 4, 2], np.int64))
case("ReverseSequence", x(3, 4, 2), Constant([1, 4, 2], np.int64), time_axis=1, batch_axis=0)
# resizing
_half = {"coordinate_transformation_mode": "half_pixel"}
case("Upsample", x(2, 3, 4, 5), floats(1, 1, 2, 3), opset=9)
case("Upsample", x(2, 3, 4, 5), floats(1, 1, 2, 2), opset=9, mode="linear")
case("Resize", x(2, 3, 4, 5), floats(1, 1, 2, 2), opset=10)
for _rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    case("Resize", x(2, 3, 4, 6), None, floats(1, 1, 1.5, 0.5), nearest_mode=_rounding)
for _position in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
    for _mode in ("linear", "cubic"):
        case(
            "Resize", x(2, 3, 4, 5), None, None, ints(2, 3, 7, 3), mode=_mode, coordinate_transformation_mode=_position
        )
case(
    "Resize", x(2, 3, 4, 5), None, floats(1, 1, 1.6, 2.3), mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1, **_half
)
case("Resize", x(2, 3, 4, 5), None, floats(2, 1.5), axes=[2, 3], mode="linear", opset=18)
case(
    "Resize", x(2, 3, 4, 5), None, floats(1, 1, 1.6, 0.7), mode="linear", opset=19,
    coordinate_transformation_mode="half_pixel_symmetric",
)  # fmt: skip
case("Resize", x(2, 3, 5), None, floats(1, 1, 2), mode="linear")
# recurrent nets
for _op, _gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
    _given = (w(1, 4 * _gates, 3), w(1, 4 * _gates, 4), w(1, 8 * _gates))
    _both = (w(2, 4 * _gates, 3), w(2, 4 * _gates, 4), w(2, 8 * _gates))
    case(_op, x(5, 2, 3), *_given, hidden_size=4, outputs=2)
    case(_op, x(5, 2, 3), *_both, hidden_size=4, direction="bidirectional", outputs=2)
    case(
        _op, x(5, 2, 3), *_given, Constant([3, 5], np.int32), x(1, 2, 4), hidden_size=4, direction="reverse", outputs=2
    )
case(
    "LSTM", x(5, 2, 3), w(1, 16, 3), w(1, 16, 4), None, None, x(1, 2, 4), x(1, 2, 4), w(1, 12), hidden_size=4, outputs=3
)
case("GRU", x(5, 2, 3), w(1, 12, 3), w(1, 12, 4), w(1, 24), hidden_size=4, outputs=2, linear_before_reset=1)
case("RNN", x(5, 2, 3), w(1, 4, 3), w(1, 4, 4), hidden_size=4, outputs=2, activations=["Relu"])


def _names() -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for op, _, _ in CASES:
        seen[op] += 1
        names.append(f"{op}_{seen[op]}")
    return names


@pytest.mark.parametrize(("op", "given", "how"), CASES, ids=_names())
def test_it_computes_what_onnx_runtime_does(op: str, given: Any, how: dict[str, Any], tmp_path: Path) -> None:
    made, arrays = one_node(op, given, **how)
    expected = run(made, arrays)
    onnx.save(made, tmp_path / "one.onnx")
    model = load(tmp_path / "one.onnx")
    names = [tensor.name for tensor in model.inputs]
    found = model(dict(zip(names, arrays, strict=True)) if len(arrays) > 1 else arrays[0])
    found = list(found.values()) if isinstance(found, dict) else [found]
    assert len(found) == len(expected)
    for one, other, symbolic in zip(found, expected, keras.tree.flatten(model.outputs), strict=True):
        assert keras.backend.standardize_dtype(one.dtype) == other.dtype.name
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
        known = [length is None or length == real for length, real in zip(symbolic.shape, other.shape, strict=True)]
        assert all(known), "the shape that the model states is that of its outputs"


def test_the_page_lists_the_operators() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "loaders-onnx.md").read_text()
    assert set(re.findall(r"\b[A-Z]\w+", page.split("## Operators")[1])) == set(operators()) | {"Constant"}


def test_every_operator_of_the_table_has_a_case() -> None:
    assert set(operators()) - {op for op, _, _ in CASES} == {"ConstantOfShape"}, "which test_nets.py has"
