"""Products of matrices."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.table import operator


@operator("MatMul", trains=(0, 1))
def matmul(_: Call, a: Any, b: Any) -> Any:
    """Multiply as numpy's matmul does."""
    a, b = tf.convert_to_tensor(a), tf.convert_to_tensor(b)
    left, right = a.shape.rank == 1, b.shape.rank == 1
    product = tf.matmul(a[None] if left else a, b[:, None] if right else b)
    product = tf.squeeze(product, -1) if right else product
    if left:
        product = tf.squeeze(product, -1 if right else -2)
    return product


@operator("Gemm", trains=(1, 2))
def gemm(call: Call, a: Any, b: Any, c: Any = None) -> Any:
    """alpha A B + beta C, each transposed where asked."""
    product = tf.matmul(a, b, bool(call.get("transA")), bool(call.get("transB")))
    product = _scaled(product, call.get("alpha", 1.0))
    return product if c is None else product + _scaled(c, call.get("beta", 1.0))


@operator("Einsum")
def einsum(call: Call, *tensors: Any) -> Any:
    """Sum of products by an equation."""
    return tf.einsum(call.get("equation").replace(" ", ""), *tensors)


@operator("Det")
def det(_: Call, x: Any) -> Any:
    """Return determinants."""
    return tf.linalg.det(x)


def _scaled(x: Any, factor: float) -> Any:
    return x if factor == 1 else x * tf.cast(factor, tf.convert_to_tensor(x).dtype)
