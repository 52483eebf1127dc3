"""Activations and arithmetic, element by element."""

from __future__ import annotations

from zoo_lab.net.torch7.translation import Translation, module
from zoo_lab.net.torch_file import Record

_PLAIN = {
    "Abs": "Abs",
    "Exp": "Exp",
    "Log": "Log",
    "ReLU": "Relu",
    "Sigmoid": "Sigmoid",
    "SoftSign": "Softsign",
    "Sqrt": "Sqrt",
    "Tanh": "Tanh",
}


def _enter(kind: str, op: str) -> None:
    @module(kind)
    def apply(to: Translation, _: Record, given: str) -> str:
        return to.node(op, given)


for _kind, _op in _PLAIN.items():
    _enter(_kind, _op)


@module("ReLU6")
def relu6(to: Translation, _: Record, given: str) -> str:
    """Clip to 0 … 6."""
    return to.node("Clip", given, to.number(0), to.number(6))


@module("HardTanh", "Clamp")
def clip(to: Translation, part: Record, given: str) -> str:
    """Clip to two bounds."""
    return to.node("Clip", given, to.number(part.get("min_val", -1)), to.number(part.get("max_val", 1)))


@module("LeakyReLU")
def leaky(to: Translation, part: Record, given: str) -> str:
    """Multiply what is below zero by a fixed slope."""
    return to.node("LeakyRelu", given, alpha=float(part.get("negval", 0.01)))


@module("ELU")
def elu(to: Translation, part: Record, given: str) -> str:
    """Below zero: alpha times expm1(x)."""
    return to.node("Elu", given, alpha=float(part.get("alpha", 1)))


@module("SoftPlus")
def softplus(to: Translation, part: Record, given: str) -> str:
    """Return log(1 + exp(beta x)) / beta."""
    beta = float(part.get("beta", 1))
    if beta == 1:
        return to.node("Softplus", given)
    return to.node("Div", to.node("Softplus", to.node("Mul", given, to.number(beta))), to.number(beta))


@module("SoftMax", "LogSoftMax", "SpatialSoftMax", "SpatialLogSoftMax", "SoftMin")
def softmax(to: Translation, part: Record, given: str) -> str:
    """Along the channels: the second axis of 2 or 4."""
    if to.ranks[given] not in (2, 4):
        why = f"Torch7 takes an input of {to.ranks[given]} axes for one without rows"
        raise to.refuse(why)
    given = to.node("Neg", given) if part.kind.endswith("SoftMin") else given
    return to.node("LogSoftmax" if "Log" in part.kind else "Softmax", given, axis=1)


@module("Dropout")
def dropout(to: Translation, part: Record, given: str) -> str:
    """Drop in training; the first version scaled when it did not train."""
    p = float(part.get("p", 0.5))
    dropped = to.node("Dropout", given, ratio=p)
    return dropped if part.get("v2", True) else to.node("Mul", dropped, to.number(1 - p))


@module("MulConstant")
def multiply(to: Translation, part: Record, given: str) -> str:
    """Multiply by a number."""
    return to.node("Mul", given, to.number(part.get("constant_scalar")))


@module("AddConstant")
def add(to: Translation, part: Record, given: str) -> str:
    """Add a number."""
    return to.node("Add", given, to.number(part.get("constant_scalar")))


@module("Threshold")
def threshold(to: Translation, part: Record, given: str) -> str:
    """Return what lies above a bound, and a value for the rest."""
    above = to.node("Greater", given, to.number(part.get("threshold", 0)))
    return to.node("Where", above, given, to.number(part.get("val", 0)))


@module("Power")
def power(to: Translation, part: Record, given: str) -> str:
    """Raise to a fixed power."""
    return to.node("Pow", given, to.number(part.get("pow")))


@module("Square")
def square(to: Translation, _: Record, given: str) -> str:
    """Multiply by itself."""
    return to.node("Pow", given, to.number(2))
