"""Turns a model's outputs into a column: its Spark type, decided on the driver, and its Arrow arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from zoo_lab.core.errors import ModelError

_SPARK_TYPES = {
    "bool": "boolean",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "uint8": "smallint",
    "uint16": "int",
    "uint32": "bigint",
    "float16": "float",
    "bfloat16": "float",
    "float32": "float",
    "float64": "double",
    "string": "string",
}
_ARROW_TYPES = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
}


@dataclass(frozen=True)
class Output:
    """One output of a model in a column.

    Attributes:
        depth: how many lists deep a row is; 0 for a single value.
        item: the Spark type of a value.
        last: how many values the innermost list has; None where that differs or is not known.
    """

    depth: int
    item: str
    last: int | None = None

    @classmethod
    def of(cls, output: Any) -> Output:
        """Return how an output is kept: one value a row as a number, and that as a double if it is a float."""
        shape, dtype = tuple(output.shape), str(getattr(output.dtype, "name", output.dtype))
        if dtype not in _SPARK_TYPES:
            msg = f"Expected outputs of numbers, booleans or strings; received {dtype}. Convert them in the model."
            raise ModelError(msg)
        item = _SPARK_TYPES[dtype]
        if shape[1:] in ((), (1,)):
            return cls(0, "double" if item == "float" else item)
        return cls(len(shape) - 1, item, shape[-1])

    @property
    def spark_type(self) -> str:
        """The column's type in Spark's words."""
        return "array<" * self.depth + self.item + ">" * self.depth

    @property
    def arrow_type(self) -> pa.DataType:
        """The column's type in Arrow."""
        result = _ARROW_TYPES[self.item]
        for _ in range(self.depth):
            result = pa.list_(result)
        return result

    def array(self, values: np.ndarray) -> pa.Array:
        """Return an output array as an Arrow array, one item a row."""
        if str(values.dtype) == "bfloat16":
            values = values.astype(np.float32)
        result = pa.array(values.reshape(-1)).cast(_ARROW_TYPES[self.item])
        for axis in range(self.depth, 0, -1):
            rows, length = int(np.prod(values.shape[:axis])), values.shape[axis]
            result = pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32) * length), result)
        return result


@dataclass(frozen=True)
class Column:
    """The prediction column: one output, or several as a struct of named ones."""

    outputs: tuple[Output, ...]
    names: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        """How many values a row of the first output has, where it is a list of a known length."""
        return self.outputs[0].last

    @property
    def spark_type(self) -> str:
        """The column's type in Spark's words."""
        if not self.names:
            return self.outputs[0].spark_type
        fields = zip(self.names, self.outputs, strict=True)
        return "struct<" + ", ".join(f"`{name}`: {output.spark_type}" for name, output in fields) + ">"

    @property
    def arrow_type(self) -> pa.DataType:
        """The column's type in Arrow."""
        if not self.names:
            return self.outputs[0].arrow_type
        return pa.struct([(name, output.arrow_type) for name, output in zip(self.names, self.outputs, strict=True)])

    def array(self, values: Any) -> pa.Array:
        """Return the model's outputs for a batch as one Arrow array."""
        if not self.names:
            return self.outputs[0].array(values)
        parts = [values[name] for name in self.names] if isinstance(values, Mapping) else values
        arrays = [output.array(part) for output, part in zip(self.outputs, parts, strict=True)]
        return pa.StructArray.from_arrays(arrays, names=list(self.names))


def column_of(outputs: Any, names: Sequence[str] = ()) -> Column:
    """Return the column for a model's outputs: whatever has shapes (rows first) and dtypes, in the model's structure.

    Args:
        outputs: one, or a list or dict of them.
        names: of the outputs in a list; numbered where they are missing.
    """
    if isinstance(outputs, Mapping):
        return Column(tuple(map(Output.of, outputs.values())), tuple(map(str, outputs)))
    if not isinstance(outputs, (list, tuple)):
        return Column((Output.of(outputs),))
    if len(names) != len(outputs):
        names = [f"output_{position}" for position in range(len(outputs))]
    return Column(tuple(map(Output.of, outputs)), tuple(names))


def symbolic_outputs(model: Any) -> Any:
    """Return the outputs of a Functional or Sequential model as its graph knows them, None for other models."""
    if not getattr(model, "outputs", None):
        return None
    return model.compute_output_spec(model.inputs if len(model.inputs) > 1 else model.inputs[0])


def expect_weights(model: Any) -> None:
    """Raise `ModelError` if a model has not been built yet: it would get other weights on every worker."""
    if not model.built:
        msg = f"Expected a model with weights; {model.name!r} is not built. Train or load it, or call it on some rows."
        raise ModelError(msg)
