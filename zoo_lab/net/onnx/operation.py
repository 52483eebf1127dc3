"""OnnxOperation: a Keras layer that computes one operator of ONNX, with its constants and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

LAYER, NOTHING, CONSTANT, WEIGHT = "layer", "nothing", "constant", "weight"


@dataclass(frozen=True)
class Call:
    """How an operator is called.

    Attributes:
        op: the operator's name.
        opset: the version of the operators.
        outputs: how many outputs are wanted.
        attributes: by name.
    """

    op: str
    opset: int
    outputs: int
    attributes: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)


@keras.saving.register_keras_serializable(package="zoo_lab")
class OnnxOperation(keras.layers.Layer):
    """One operator of ONNX; `Net.load_onnx` makes it where Keras has no layer of its own that does the same.

    Args:
        operator: its name in ONNX.
        opset: the version of the operators.
        attributes: as ONNX names them; arrays as `written` gives them.
        arguments: one entry for each input: {"from": "layer"} for a tensor that the layer is called with, "nothing",
            "constant" with its values, or "weight" with shape, type and whether it is trained.
        outputs: how many outputs are wanted.
    """

    def __init__(
        self,
        operator: str,
        opset: int,
        attributes: Mapping[str, Any],
        arguments: Sequence[Mapping[str, Any]],
        outputs: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)  # ONNX has no casts but those that it names
        self.operator, self.opset, self.outputs = operator, opset, outputs
        self.attributes = {name: value for name, value in attributes.items() if value is not None}
        self.arguments = [dict(argument) for argument in arguments]
        known = {name: unwritten(value) for name, value in self.attributes.items()}
        self._call = Call(operator, opset, outputs, known)
        # Dictionaries and lists of variables would be tracked twice, and arrays taken for them.
        self._constants = {i: unwritten(entry) for i, entry in enumerate(arguments) if entry["from"] == CONSTANT}
        self._own = {
            i: self.add_weight(
                shape=tuple(entry["shape"]),
                dtype=entry["dtype"],
                initializer="zeros",
                trainable=entry["trainable"],
                name=f"input_{i}",
            )
            for i, entry in enumerate(arguments)
            if entry["from"] == WEIGHT
        }
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Compute the operator for its tensors, in order."""
        import tensorflow as tf

        from zoo_lab.net.onnx.table import operators

        given = iter(inputs if isinstance(inputs, (list, tuple)) else [inputs])
        values = [self._value(i, entry["from"], given) for i, entry in enumerate(self.arguments)]
        result = operators()[self.operator].compute(self._call, *values)
        if isinstance(result, (list, tuple)):
            found = [tf.convert_to_tensor(value) for value in result[: self.outputs]]
            return found[0] if len(found) == 1 else found
        return tf.convert_to_tensor(result)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {
            "operator": self.operator,
            "opset": self.opset,
            "attributes": dict(self.attributes),
            "arguments": [dict(argument) for argument in self.arguments],
            "outputs": self.outputs,
        }
        return {**super().get_config(), **own}

    def _value(self, index: int, source: str, given: Any) -> Any:
        if source == LAYER:
            return next(given)
        if source == WEIGHT:
            return self._own[index].value
        return self._constants[index] if source == CONSTANT else None


def written(value: Any) -> Any:
    """Return an array as what JSON can hold; anything else as it is.

    Example:
        >>> written(np.array([1, 2], np.int32))
        {'array': [1, 2], 'shape': [2], 'dtype': 'int32'}
    """
    if not isinstance(value, np.ndarray):
        return value
    return {"array": value.ravel().tolist(), "shape": list(value.shape), "dtype": value.dtype.name}


def unwritten(value: Any) -> Any:
    """Return the array that `written` made a description of; anything else as it is."""
    if not isinstance(value, Mapping) or "array" not in value:
        return value
    import ml_dtypes  # noqa: F401 - it teaches numpy the name bfloat16

    return np.array(value["array"], np.dtype(value["dtype"])).reshape(tuple(value["shape"]))
