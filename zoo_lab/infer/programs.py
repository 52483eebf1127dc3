"""What can be predicted with, seen from the driver: the same few questions to a Keras model and to a SavedModel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from zoo_lab.core.errors import ModelError
from zoo_lab.feature.structure import Structure, name_leaves
from zoo_lab.infer.compiled import CompiledModel
from zoo_lab.infer.modelcopy import ModelParcel, Parcel
from zoo_lab.infer.results import Column, column_of, expect_weights, symbolic_outputs


class Program(Protocol):
    """A model that is ready to predict.

    Attributes:
        name: what messages and services call it.
        inputs: the names of its inputs, in order; empty where they are not known.
    """

    name: str
    inputs: Sequence[str]

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the outputs for the fields of `data`, batch by batch, in this process."""

    def parcel(self, threads: int) -> Parcel:
        """Return what a worker needs to do the same."""

    def column(self) -> Column | None:
        """Return how its outputs become a column; None where only running it would tell."""

    def example(self) -> Any:
        """Return two rows of zeros as inputs; None where their shapes are not known."""

    def nest(self, fields: Sequence[Any]) -> Any:
        """Return one value for each input in the structure in which the model takes them."""

    def takes(self) -> list[tuple[tuple[int | None, ...], str]]:
        """Return shape of a row (None for lengths left open) and type of each input; nothing where not known."""


class KerasProgram:
    """A Keras model; the arguments and questions are those of `Program`."""

    def __init__(self, model: Any) -> None:
        expect_weights(model)
        _expect_no_memory(model)
        self.model = model
        self.name = model.name
        self._compiled = CompiledModel(model)
        symbolic = getattr(model, "inputs", None)
        self._structure = _input_structure(model) if symbolic else None
        self.inputs = [tensor.name for tensor in symbolic] if symbolic else []

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the outputs for the fields of `data`, batch by batch, in this process."""
        return self._compiled.outputs(structure, data, batch_size)

    def parcel(self, threads: int) -> ModelParcel:
        """Return what a worker needs to do the same, with the weights of now."""
        return ModelParcel.of(self.model, threads)

    def column(self) -> Column | None:
        """Return how its outputs become a column; None where only running it would tell."""
        outputs = symbolic_outputs(self.model)
        return None if outputs is None else column_of(outputs, getattr(self.model, "output_names", None) or ())

    def example(self) -> Any:
        """Return two rows of zeros as inputs; None where their shapes are not known."""
        takes = self.takes()
        if not takes or any(length is None for shape, _ in takes for length in shape):
            return None
        return self.nest([zeros(shape, dtype) for shape, dtype in takes])

    def takes(self) -> list[tuple[tuple[int | None, ...], str]]:
        """Return shape of a row (None for lengths left open) and type of each input; nothing where not known."""
        return [(tuple(tensor.shape[1:]), tensor.dtype) for tensor in self.model.inputs] if self.inputs else []

    def nest(self, fields: Sequence[Any]) -> Any:
        """Return one value for each input in the structure in which the model takes them."""
        import keras

        if self._structure is None:
            return fields[0] if len(fields) == 1 else list(fields)
        return keras.tree.pack_sequence_as(self._structure, list(fields))


def as_fields(inputs: Any) -> tuple[Structure, dict[str, np.ndarray]]:
    """Return arrays, or nests of them, as named fields and their structure; float64 becomes float32, as Keras does.

    Example:
        >>> structure, data = as_fields({"age": [1.0, 2.0]})
        >>> structure.x, data["x0"].dtype.name
        ({'age': 'x0'}, 'float32')
    """
    from zoo_lab.feature.structure import leaves

    if isinstance(inputs, (list, tuple)) and not any(isinstance(item, np.ndarray) for item in inputs):
        inputs = np.asarray(inputs)
    if isinstance(inputs, dict):
        inputs = {key: np.asarray(value) for key, value in inputs.items()}
    arrays = list(map(np.asarray, leaves(inputs)))
    nest = name_leaves("x", inputs)
    arrays = [array.astype(np.float32) if array.dtype == np.float64 else array for array in arrays]
    return Structure(nest), dict(zip(leaves(nest), arrays, strict=True))


def zeros(shape: tuple[int | None, ...], dtype: str) -> np.ndarray:
    """Return two rows of zeros, or of empty strings."""
    return np.full((2, *shape), b"", object) if dtype == "string" else np.zeros((2, *shape), dtype)


def _expect_no_memory(model: Any) -> None:
    remembering = [layer.name for layer in model._flatten_layers() if getattr(layer, "stateful", False)]
    if remembering:
        msg = (
            f"Expected layers that forget earlier calls, as rows come to any worker in any order; {model.name!r} has "
            f"{', '.join(remembering)}, built with stateful=True. Build them with stateful=False and set the weights."
        )
        raise ModelError(msg)


def _input_structure(model: Any) -> Any:
    functional = getattr(model, "_functional", None) or model  # inside a Sequential
    return functional._inputs_struct  # noqa: SLF001 - Keras tells it nowhere else
