"""What requests may look like, and what no body can do."""

from __future__ import annotations

import io
import json
import pickle
from typing import Any

import numpy as np
import pytest

from zoo_lab.serving.errors import ServiceError
from zoo_lab.serving.wire import JSON, NPY, read_body, rows_of, write_answer


def npy(array: np.ndarray, **arguments: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **arguments)
    return buffer.getvalue()


def forged(header: str) -> bytes:
    text = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_rows_and_columns_of_json_become_arrays():
    inputs, by_row = read_body(b'{"instances": [[1.5, 2], [3, 4]]}', JSON)
    assert (inputs.tolist(), inputs.dtype.name, by_row) == ([[1.5, 2], [3, 4]], "float32", True)
    inputs, by_row = read_body(b'{"inputs": {"a": [[1], [2]], "b": ["x", "y"]}}', "application/json; charset=utf-8")
    assert ({name: array.tolist() for name, array in inputs.items()}, by_row) == (
        {"a": [[1], [2]], "b": ["x", "y"]},
        False,
    )
    inputs, _ = read_body(b'{"instances": [{"a": 1, "b": [2]}, {"a": 3, "b": [4]}]}', JSON)
    assert {name: array.tolist() for name, array in inputs.items()} == {"a": [1, 3], "b": [[2], [4]]}
    assert rows_of(inputs) == 2


@pytest.mark.parametrize("by_columns", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", ">f4", "uint8", "int64", "bool"])
def test_numpy_files_become_arrays(dtype: str, by_columns: bool):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    inputs, by_row = read_body(npy(np.asfortranarray(array) if by_columns else array), NPY)
    np.testing.assert_array_equal(inputs, array)
    assert by_row
    assert inputs.dtype.isnative
    assert inputs.dtype != np.float64


BAD = {
    b"": "Expected JSON",
    b"{": "Expected JSON",
    b"[" * 100_000: "too many brackets",
    b"\xff\xfe": "Expected JSON",
    b"[1]": "received neither, or both",
    b"{}": "received neither, or both",
    b'{"instances": [[1]], "inputs": [[1]]}': "received neither, or both",
    b'{"instances": []}': "without a row",
    b'{"instances": 3}': "without a row",
    b'{"instances": [[1, 2], [3]]}': "lists of different lengths",
    b'{"instances": [[1], [null]]}': "such as null",
    b'{"instances": [{"a": 1}, {"b": 1}]}': "the same names",
    b'{"instances": [{}]}': "the same names",
    b'{"instances": [[1' + b"0" * 400 + b"]]}": "numbers",
    b'{"instances": [[1' + b"0" * 9000 + b"]]}": "Expected JSON",
    b'{"inputs": 5}': "Expected numbers",
    b'{"instances": [[1]], "signature_name": "other"}': "signature_name",
}


@pytest.mark.parametrize("body", BAD, ids=lambda body: repr(body[:30]))
def test_bad_json_is_told(body: bytes):
    with pytest.raises(ServiceError, match=BAD[body]) as raised:
        read_body(body, JSON)
    assert (raised.value.status, raised.value.kind) == (400, "bad_request")


class Evil:
    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('code of the wire was run')",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x93NUMPY",
        pickle.dumps(Evil()),
        npy(np.array([Evil()], object), allow_pickle=True),
        npy(np.array(["text"])),
        npy(np.float32(1)),
        npy(np.zeros((2, 2), "c8")),
        npy(np.zeros(3, "i4,f4")),
        npy(np.zeros((3, 2)))[:-1],
        npy(np.zeros((3, 2))) + b"\0",
        forged("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 1000), }"),
        forged("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }"),
        forged("{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').getpid(), 4), }"),
        forged("{'descr': '<f4', "),
        b"\x93NUMPY\x03\x00" + npy(np.zeros(2))[8:],
    ],
    ids=str,
)
def test_bad_numpy_files_are_told_and_never_unpickled(body: bytes):
    with pytest.raises(ServiceError) as raised:
        read_body(body, NPY)
    assert raised.value.status == 400


def test_other_types_are_refused():
    for kind in ("", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"):
        with pytest.raises(ServiceError, match="Expected a body of") as raised:
            read_body(b'{"instances": [[1]]}', kind)
        assert raised.value.status == 415


def test_arrays_of_different_lengths_have_no_number_of_rows():
    with pytest.raises(ServiceError, match="as many in each input"):
        rows_of({"a": np.zeros(2), "b": np.zeros(3)})


def test_answers_are_json_that_every_reader_takes():
    odd = np.array([[1.5, np.nan], [np.inf, 2]], np.float32)
    body, kind = write_answer(odd, True, "*/*")
    assert kind == JSON
    assert json.loads(body) == {"predictions": [[1.5, None], [None, 2.0]]}
    several = {"a": np.array([1, 2]), "b": np.array([[True], [False]])}
    assert json.loads(write_answer(several, True, "")[0]) == {
        "predictions": [{"a": 1, "b": [True]}, {"a": 2, "b": [False]}]
    }
    assert json.loads(write_answer(several, False, NPY)[0]) == {"outputs": {"a": [1, 2], "b": [[True], [False]]}}
    words = [np.array([b"\xc3\xa4"], object), np.array([3])]
    assert json.loads(write_answer(words, True, "")[0]) == {"predictions": [{"output_0": "ä", "output_1": 3}]}


def test_an_answer_is_a_numpy_file_where_that_is_accepted():
    body, kind = write_answer(np.arange(4, dtype=np.float32), True, f"{NPY}, {JSON}")
    assert kind == NPY
    np.testing.assert_array_equal(np.load(io.BytesIO(body), allow_pickle=False), [0, 1, 2, 3])
