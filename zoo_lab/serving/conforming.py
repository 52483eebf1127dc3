"""Brings a request's arrays into the types and shapes that the model takes, or says what is wrong with them.

So a strange request reaches neither TensorFlow nor another's batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.infer.programs import Program
from zoo_lab.serving.errors import refuse


class Conforming:
    """Checks inputs against one model.

    Args:
        program: the model.
    """

    def __init__(self, program: Program) -> None:
        self._names = list(program.inputs)
        self._takes = program.takes()
        self._nest = program.nest

    def __call__(self, inputs: Any) -> Any:
        """Return the inputs as the model takes them; raises `ServiceError` where they do not fit."""
        if not self._takes:  # a model that does not tell
            return inputs
        arrays = self._in_order(inputs)
        fitting = [
            _fitting(name, array, *takes) for name, array, takes in zip(self._names, arrays, self._takes, strict=True)
        ]
        nest = self._nest(fitting)
        # what is computed together is put together by name
        return dict(enumerate(nest)) if isinstance(nest, (list, tuple)) else nest

    def back(self, inputs: Any) -> Any:
        """Return what a batch was put together from as the model takes it."""
        numbered = isinstance(inputs, dict) and self._takes and all(isinstance(name, int) for name in inputs)
        return [inputs[number] for number in range(len(inputs))] if numbered else inputs

    def _in_order(self, inputs: Any) -> list[np.ndarray]:
        if isinstance(inputs, Mapping):
            if set(inputs) == set(self._names):
                return [inputs[name] for name in self._names]
        elif len(self._names) == 1:
            return [inputs]
        given = ", ".join(map(repr, inputs)) if isinstance(inputs, Mapping) else "one without a name"
        refuse(f"Expected the inputs {', '.join(map(repr, self._names))}; received {given}.")


def _fitting(name: str, array: np.ndarray, shape: tuple[int | None, ...], dtype: str) -> np.ndarray:
    if shape in ((), (1,)) and array.shape[1:] in ((), (1,)):
        array = array.reshape(len(array), *shape)
    found = array.shape[1:]
    if len(found) != len(shape) or any(known not in (None, one) for known, one in zip(shape, found, strict=True)):
        refuse(f"Expected rows of shape {_told(shape)} for {name!r}; received {_told(found)}.")
    text = dtype == "string"
    if text != (array.dtype.kind == "U"):
        refuse(f"Expected {'strings' if text else 'numbers'} for {name!r}; received the other.")
    if text:
        return array.astype(object)
    if array.dtype.kind == "f" and not dtype.startswith(("float", "bfloat")):
        refuse(f"Expected whole numbers ({dtype}) for {name!r}; received fractions.")
    return array if dtype == "bfloat16" else array.astype(dtype, copy=False)


def _told(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if length is None else str(length) for length in shape)})"
