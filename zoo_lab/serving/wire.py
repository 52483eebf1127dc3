"""Reads what a request asks to predict, and writes what came out: JSON as TensorFlow Serving's REST, or numpy's files.

Nothing is unpickled: an .npy body is a header of plain values and as many bytes as it says.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo_lab.serving.errors import ServiceError, refuse

JSON, NPY = "application/json", "application/x-npy"
_HEADER = 4096
_FORM = 'Expected {"instances": [row, …]} or {"inputs": array or {"name": array, …}}'


def read_body(body: bytes, content_type: str) -> tuple[Any, bool]:
    """Return the inputs of a request, and whether its rows came one by one ("instances").

    Raises `ServiceError` saying what is wrong with the body.

    Example:
        >>> read_body(b'{"instances": [[1, 2], [3, 4]]}', "application/json")[0].shape
        (2, 2)
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        return _read_json(body)
    if kind == NPY:
        return _read_npy(body), True
    msg = f"Expected a body of {JSON} or {NPY}; received {kind or 'none that says what it is'!r}."
    raise ServiceError(415, "unsupported_type", msg)


def write_answer(outputs: Any, by_row: bool, accept: str) -> tuple[bytes, str]:
    """Return an answer's body and its content type: .npy where the request accepts it and there is one output."""
    if NPY in accept and isinstance(outputs, np.ndarray) and outputs.dtype.kind in "biuf":
        buffer = io.BytesIO()
        np.save(buffer, outputs, allow_pickle=False)
        return buffer.getvalue(), NPY
    plain = _plain_rows(outputs) if by_row else _plain_columns(outputs)
    answer = {"predictions" if by_row else "outputs": plain}
    return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode(), JSON


def rows_of(inputs: Any) -> int:
    """Return the number of rows, the same in all arrays; raises `ServiceError` where there are none."""
    arrays = list(inputs.values()) if isinstance(inputs, Mapping) else [inputs]
    counts = {len(array) if array.ndim else 0 for array in arrays}
    if len(counts) != 1 or 0 in counts:
        refuse("Expected at least one row, and as many in each input; received none, or different numbers.")
    return counts.pop()


def _read_json(body: bytes) -> tuple[Any, bool]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        said = "too many brackets inside each other" if isinstance(error, RecursionError) else error
        refuse(f"Expected JSON; {said}.")
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        refuse(f"{_FORM}; received neither, or both.")
    if request.get("signature_name", "serving_default") != "serving_default":
        refuse('Expected no "signature_name": the service was started with one. Leave it out.')
    if "inputs" in request:
        return _columns(request["inputs"]), False
    rows = request["instances"]
    if not isinstance(rows, list) or not rows:
        refuse(f"{_FORM}; received instances without a row.")
    if not isinstance(rows[0], dict):
        return _array(rows, "instances"), True
    names = rows[0].keys()
    if not names or not all(isinstance(row, dict) and row.keys() == names for row in rows):
        refuse("Expected the same names in every instance; received different ones.")
    return {name: _array([row[name] for row in rows], name) for name in names}, True


def _columns(inputs: Any) -> Any:
    if isinstance(inputs, dict) and inputs:
        return {name: _array(values, name) for name, values in inputs.items()}
    return _array(inputs, "inputs")


def _array(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError, RecursionError):
        refuse(f"Expected arrays of one shape in {name!r}; received lists of different lengths.")
    if array.dtype.kind not in "biufU" or not array.ndim:
        refuse(f"Expected numbers, booleans or strings in {name!r}; received something else, such as null.")
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _read_npy(body: bytes) -> np.ndarray:
    stream = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, by_columns, dtype = read(stream, max_header_size=_HEADER)
    except Exception as error:  # noqa: BLE001 - numpy's parser of headers raises many kinds
        refuse(f"Expected an .npy file of version 1 or 2; {error}.")
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or not shape or min(shape) < 0:
        refuse(f"Expected an array of numbers or booleans with rows; received {dtype} of shape {shape}.")
    data = memoryview(body)[stream.tell() :]
    size = dtype.itemsize
    for length in shape:  # Python's integers: a header may claim more than an index can hold
        size *= length
    if size != len(data):
        refuse(f"Expected {size:,} bytes for shape {shape}; received {len(data):,}.")
    flat = np.frombuffer(data, dtype)
    array = flat.reshape(shape[::-1]).T if by_columns else flat.reshape(shape)
    return array.astype(np.float32) if array.dtype == np.float64 else array.astype(dtype.newbyteorder("="), copy=False)


def _plain_rows(outputs: Any) -> list[Any]:
    """Return the outputs row by row: a value each, or a dict by the outputs' names."""
    if isinstance(outputs, np.ndarray):
        return _plain(outputs)
    named = _named(outputs)
    columns = {name: _plain(array) for name, array in named.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain_columns(outputs: Any) -> Any:
    if isinstance(outputs, np.ndarray):
        return _plain(outputs)
    return {name: _plain(array) for name, array in _named(outputs).items()}


def _named(outputs: Any) -> dict[str, np.ndarray]:
    if isinstance(outputs, Mapping):
        return dict(outputs)
    return {f"output_{number}": array for number, array in enumerate(outputs)}


def _plain(array: np.ndarray) -> Any:
    """Return an array as lists that JSON can hold: NaN and infinities, which it cannot, are null; bytes are text."""
    if array.dtype.kind in "OS":
        return np.vectorize(lambda item: item.decode(errors="replace"), otypes=[object])(array).tolist()
    if array.dtype.kind not in "biuU":
        array = array.astype(np.float64) if str(array.dtype) == "bfloat16" else array
        finite = np.isfinite(array)
        if not finite.all():
            return np.where(finite, array.astype(object), None).tolist()
    return array.tolist()
