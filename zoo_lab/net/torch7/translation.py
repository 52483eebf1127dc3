"""Makes one graph of the modules of Torch7's nn: containers lead from one to the next, the others become nodes."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from zoo_lab.core.errors import ModelError
from zoo_lab.net.onnx.graph import Graph, Node, Port
from zoo_lab.net.torch_file import Record, Table

OPSET = 17
Handler = Callable[..., Any]
_known: dict[str, Handler] = {}
_FAMILIES = ("containers", "layers", "pointwise", "shapes", "windows")


def module(*names: str) -> Callable[[Handler], Handler]:
    """Enter a function into the table: it gets a `Translation`, the module and its input, and returns the output."""

    def enter(function: Handler) -> Handler:
        _known.update(dict.fromkeys(names, function))
        return function

    return enter


def modules() -> Mapping[str, Handler]:
    """Return the table, filled."""
    for family in _FAMILIES:
        importlib.import_module(f"zoo_lab.net.torch7.modules.{family}")
    return _known


def translate(net: Any, source: str, input_shape: tuple[int | None, ...] | None) -> Graph:
    """Return the graph of a net.

    Args:
        net: what the file holds.
        source: the file, for messages.
        input_shape: of a row, channels first; None to find it out from the first module that has a size.

    Raises `ModelError` listing all modules that are not known.
    """
    if not isinstance(net, Record):
        msg = (
            f"{source}: expected a net of nn; received {type(net).__name__}. Read values with zoo_lab.net.torch_values."
        )
        raise ModelError(msg)
    known = modules()
    unknown = Counter(part.kind for part in _parts(net) if kind_of(part) not in known)
    if unknown:
        told = ", ".join(f"{kind} ({count} times)" if count > 1 else kind for kind, count in sorted(unknown.items()))
        msg = f"{source}: expected modules that are known; received also {told}. Known are {', '.join(sorted(known))}."
        raise ModelError(msg)
    shape, dtype = _input_of(net, source, input_shape)
    translation = Translation(source, len(shape))
    outputs = translation.run(net, "input")
    return Graph(
        name=source.rsplit(".", 1)[0],
        opset=OPSET,
        inputs=[Port("input", shape, dtype)],
        outputs=list(_flat(outputs)),
        nodes=translation.nodes,
        constants=translation.constants,
        trained=frozenset(translation.trained),
    )


class Translation:
    """The nodes so far.

    Attributes:
        ranks: how many axes each tensor has, rows included.
        nodes, constants, trained: what the graph gets.
    """

    def __init__(self, source: str, rank: int) -> None:
        self.source = source
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self.trained: set[str] = set()
        self.ranks = {"input": rank}
        self._numbers: Counter[str] = Counter()
        self._current = ""

    def run(self, part: Record, given: Any) -> Any:
        """Translate a module; its input and output are names of tensors, or lists of them where Torch has tables."""
        kind = kind_of(part)
        self._numbers[kind] += 1
        outer, self._current = self._current, f"{kind.lower()}_{self._numbers[kind]}"
        try:
            return modules()[kind](self, part, given)
        except (TypeError, KeyError, AttributeError, IndexError) as error:
            msg = f"{self.source}: {self._current} ({part.kind}) has not what such a module has: {error!r}"
            raise ModelError(msg) from error
        finally:
            self._current = outer

    def node(self, op: str, *given: str, rank: int | None = None, **attributes: Any) -> str:
        """Add a node with one output and return that."""
        count = sum(node.name.split("/")[0] == self._current for node in self.nodes)
        name = f"{self._current}/{count}" if count else self._current
        output = f"{name}:out"
        self.nodes.append(Node(op, name, given, (output,), attributes))
        self.ranks[output] = self.ranks.get(given[0], 0) if rank is None else rank
        return output

    def weight(self, values: Any) -> str:
        """Add a constant that is trained."""
        if values is None:
            raise KeyError("weight")  # noqa: EM101 - run() tells it
        name = self.constant(np.array(values, np.float32))
        self.trained.add(name)
        return name

    def constant(self, values: Any) -> str:
        """Add a constant."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.asarray(values)
        self.ranks[name] = self.constants[name].ndim
        return name

    def number(self, value: float) -> str:
        """Add a constant number."""
        return self.constant(np.float32(value))

    def refuse(self, why: str) -> ModelError:
        """Return the error for a module that is used as it is not supported."""
        return ModelError(f"{self.source}: {self._current} cannot be built: {why}")


def kind_of(part: Record) -> str:
    """Return a module's class without its library: nn, cudnn, inn … have the same."""
    return part.kind.rsplit(".", 1)[-1]


def children(part: Record) -> list[Record]:
    """Return the modules inside a container."""
    inner = part.get("modules")
    found = inner.items_in_order() if isinstance(inner, Table) else []
    return [child for child in found if isinstance(child, Record)]


def axis_of(dimension: int, inner: int | None) -> int:
    """Return the axis that Torch's 1-based dimension means; where a module knows its row's axes it counts those."""
    if dimension < 0:
        return dimension
    return dimension if inner and inner > 0 else dimension - 1


def _parts(part: Record, around: tuple[int, ...] = ()) -> Iterator[Record]:
    yield part
    if id(part) not in around:
        for child in children(part):
            yield from _parts(child, (*around, id(part)))


def _flat(outputs: Any) -> Iterator[str]:
    if isinstance(outputs, list):
        for output in outputs:
            yield from _flat(output)
    else:
        yield outputs


def _input_of(net: Record, source: str, given: tuple[int | None, ...] | None) -> tuple[tuple[int | None, ...], str]:
    """Return shape and type of the input."""
    for part in _parts(net):
        kind, planes = kind_of(part), part.get("nInputPlane")
        weight = part.get("weight")
        if kind == "LookupTable":
            return (None, *(given or (None,))), "int64"
        if given is not None:
            return (None, *given), "float32"
        if planes is not None:
            return (None, int(planes), *[None] * (3 if kind.startswith("Volumetric") else 2)), "float32"
        if kind == "Linear" and weight is not None:
            return (None, weight.shape[1]), "float32"
        if kind in _CHANGES_SHAPE:
            break
    msg = f"{source}: expected input_shape, as the first modules do not tell it. Give a row's, such as (3, 224, 224)."
    raise ModelError(msg)


_CHANGES_SHAPE = (
    "Reshape",
    "View",
    "Transpose",
    "Select",
    "Narrow",
    "Squeeze",
    "Unsqueeze",
    "Padding",
    "ParallelTable",
)
