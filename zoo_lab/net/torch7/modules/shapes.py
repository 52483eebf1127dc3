"""Shapes, parts of tensors, and reductions."""

from __future__ import annotations

import numpy as np

from zoo_lab.net.torch7.translation import Translation, axis_of, module
from zoo_lab.net.torch_file import Record, Table


@module("View", "Reshape")
def view(to: Translation, part: Record, given: str) -> str:
    """Reshape each row; -1 in front, without setNumInputDims, means the rows themselves."""
    size = [int(length) for length in np.asarray(part.get("size")).tolist()]
    if part.kind.endswith("Reshape") and part.get("batchMode", True) is False:
        why = "batchMode=false makes of all rows one"
        raise to.refuse(why)
    target = [0, *size]
    if size[0] == -1 and not part.get("numInputDims"):
        if len(size) == 1:
            why = "View(-1) makes of all rows one; call setNumInputDims before it is saved"
            raise to.refuse(why)
        target = size
    return to.node("Reshape", given, to.constant(np.array(target)), rank=len(target))


@module("Transpose")
def transpose(to: Translation, part: Record, given: str) -> str:
    """Exchange pairs of axes, one after another."""
    order = list(range(to.ranks[given]))
    for pair in part.get("permutations").items_in_order():
        one, other = (int(axis) - 1 for axis in (pair.items_in_order() if isinstance(pair, Table) else pair))
        order[one], order[other] = order[other], order[one]
    return to.node("Transpose", given, perm=order)


@module("Squeeze")
def squeeze(to: Translation, part: Record, given: str) -> str:
    """Drop one axis of length 1."""
    if part.get("dim") is None:
        why = "without a dimension it would drop a single row too"
        raise to.refuse(why)
    axis = axis_of(int(part.get("dim")), part.get("numInputDims"))
    return to.node("Squeeze", given, to.constant(np.array([axis])), rank=to.ranks[given] - 1)


@module("Unsqueeze")
def unsqueeze(to: Translation, part: Record, given: str) -> str:
    """Insert one axis."""
    axis = axis_of(int(part.get("pos")), part.get("numInputDims"))
    return to.node("Unsqueeze", given, to.constant(np.array([axis])), rank=to.ranks[given] + 1)


@module("Padding")
def padding(to: Translation, part: Record, given: str) -> str:
    """Put a value before (with a negative number) or behind along an axis."""
    if part.get("index", 1) != 1:
        why = "an index inside the tensor"
        raise to.refuse(why)
    axis = axis_of(int(part.get("dim")), part.get("nInputDim")) % to.ranks[given]
    around, count = np.zeros((2, to.ranks[given]), np.int64), int(part.get("pad"))
    around[int(count > 0), axis] = abs(count)
    return to.node("Pad", given, to.constant(around.reshape(-1)), to.number(part.get("value", 0)), mode="constant")


@module("Select")
def select(to: Translation, part: Record, given: str) -> str:
    """Pick one of an axis, which goes."""
    picked = _cut(to, part, given, 1)
    return to.node("Squeeze", picked, to.constant(np.array([_axis(part)])), rank=to.ranks[given] - 1)


@module("Narrow")
def narrow(to: Translation, part: Record, given: str) -> str:
    """Keep some of an axis."""
    return _cut(to, part, given, int(part.get("length", 1)))


def _cut(to: Translation, part: Record, given: str, length: int) -> str:
    index = int(part.get("index"))
    begin = index - 1 if index > 0 else index
    end = begin + length if length > 0 else 2**31 + length + 1 if length == -1 else length + 1
    end = 2**31 - 1 if begin < 0 and end == 0 else end
    bounds = (to.constant(np.array([value])) for value in (begin, end, _axis(part)))
    return to.node("Slice", given, *bounds)


def _axis(part: Record) -> int:
    return axis_of(int(part.get("dimension")), part.get("nInputDims"))


@module("Mean", "Sum", "Max", "Min")
def reduce(to: Translation, part: Record, given: str) -> str:
    """Reduce one axis, which goes."""
    kind = part.kind.rsplit(".", 1)[-1]
    kind = "Mean" if kind == "Sum" and part.get("sizeAverage") else kind
    axis, rank = [_axis(part)], to.ranks[given] - 1
    if kind == "Sum":
        return to.node("ReduceSum", given, to.constant(np.array(axis)), keepdims=0, rank=rank)
    return to.node(f"Reduce{kind}", given, axes=axis, keepdims=0, rank=rank)


@module("Normalize")
def normalize(to: Translation, part: Record, given: str) -> str:
    """Divide rows by their norm."""
    p = part.get("p", 2)
    if p not in (1, 2):
        why = f"the norm of p={p}"
        raise to.refuse(why)
    return to.node("LpNormalization", given, axis=1, p=int(p))
