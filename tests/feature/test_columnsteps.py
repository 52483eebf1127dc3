"""Columns whose rows go through steps: what a step is given, what its results become, which columns get which."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature import ChainedPreprocessing, Preprocessing, Scale, SeqToTensor
from zoo_lab.feature.columnplan import plan_columns
from zoo_lab.feature.columnsteps import stepped_column
from zoo_lab.feature.columntypes import ColumnKind
from zoo_lab.feature.columnwriter import ColumnWriter
from zoo_lab.feature.image import ImageBytesToMat, ImageHFlip, ImageMatToTensor, ImageResize, RowToImageFeature
from zoo_lab.feature.place import Place

PLACE = Place("column 'c'", 3, first_row=10)
PICTURE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
ROW = {"origin": "a.png", "height": 4, "width": 6, "nChannels": 3, "mode": 16, "data": PICTURE.tobytes()}
KINDS = {
    "a": ColumnKind("number", "double", "float32"),
    "b": ColumnKind("number", "int", "int32"),
    "v": ColumnKind("array", "array<float>"),
    "file": ColumnKind("", "binary", problem="expected numbers; received binary."),
}


class Padded(Preprocessing):
    """Fills a list up to three numbers."""

    def __call__(self, value: Any) -> Any:
        return np.pad(value, (0, 3 - len(value)))


@pytest.mark.parametrize("first", [[], [RowToImageFeature()]], ids=["image", "row"])
def test_an_image_comes_as_one(first: Any) -> None:
    chain = ChainedPreprocessing([*first, ImageHFlip(), ImageMatToTensor()])
    found = stepped_column(pa.array([ROW, ROW]), chain, PLACE)
    np.testing.assert_array_equal(found, [PICTURE[:, ::-1].transpose(2, 0, 1)] * 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(stepped_column(pa.array([ROW]), ImageHFlip(), PLACE)[0], PICTURE[:, ::-1])


def test_files_come_as_bytes_and_lists_may_differ_in_length() -> None:
    file = cv2.imencode(".png", PICTURE)[1].tobytes()
    chain = ChainedPreprocessing([ImageBytesToMat(), ImageResize(4, 6)])
    np.testing.assert_array_equal(stepped_column(pa.array([file]), chain, PLACE)[0], PICTURE)
    lists = stepped_column(pa.array([[1.0], [1.0, 2.0, 3.0], []]).slice(1), Padded(), PLACE)
    assert lists.tolist() == [[1, 2, 3], [0, 0, 0]]
    assert stepped_column(pa.array([2, 3]), Scale(0.5), PLACE).tolist() == [1.0, 1.5]


def test_errors_name_the_column_the_row_and_the_step() -> None:
    for values, step, told in (
        ([[1.0], None], Padded(), "row 11 of partition 3 .*expected a value; received null"),
        ([[1.0], [1.0, 2.0]], SeqToTensor(), r"row 11 .*expected shape \(1,\) .*received shape \(2,\)"),
        ([[1.0], [1.0, 2.0]], SeqToTensor([1]), r"row 11 .*a value for SeqToTensor\(\[1\]\)"),
        ([{**ROW, "mode": -1, "height": -1}], ImageHFlip(), "row 10 .*expected an image"),
        ([{**ROW, "data": None}], RowToImageFeature(), "row 10 .*RowToImageFeature"),
    ):
        with pytest.raises(DataError, match=told):
            stepped_column(pa.array(values), step, PLACE)


def planned(features: Any, steps: Any, **more: Any) -> Any:
    return plan_columns(KINDS, features, None, None, preprocessing=steps, **more)


def test_steps_are_given_to_the_inputs_that_they_are_for() -> None:
    half, double = Scale(0.5), Scale(2)
    structure, [stack] = planned(["a", "b"], half)
    assert (structure.x, stack.stacked, stack.step) == ("[a, b]", True, half)
    structure, plans = planned({"one": "a", "two": "v"}, {"one": half, "two": None})
    assert [plan.step for plan in plans] == [half, None]
    structure, plans = planned("v", [half, double])
    assert structure.x == ["v", "v'"]
    assert [(plan.columns, plan.step) for plan in plans] == [(("v",), half), (("v",), double)]
    _, [file] = planned("file", ImageBytesToMat())
    assert file.columns == ("file",)
    writer = ColumnWriter(None, plans, ["v"])
    [block] = writer.blocks(0, [pa.record_batch([pa.array([[2.0, 4.0]])], ["c"])])
    assert {name: values.tolist() for name, values in block.items()} == {"v": [[1, 2]], "v'": [[4, 8]]}


def test_steps_that_fit_no_columns_are_refused() -> None:
    for features, steps, told in (
        ({"one": "a", "two": "v"}, Scale(2), "list or dict of steps like that of the columns"),
        ({"one": "a", "two": "v"}, {"one": Scale(2)}, "a step, or None, for each of"),
        (["a", "v"], Scale(2), "list or dict of steps like that of the columns"),
        (["a", "v"], [Scale(2)], "a step, or None, for each of"),
        ("a", print, "to be a step or a chain; received builtin_function_or_method"),
        ("file", None, "received binary"),
    ):
        with pytest.raises(ArgumentError, match=told):
            planned(features, steps)


def test_rows_are_stepped_a_few_at_a_time() -> None:
    _, plans = planned("a", Scale(2))
    blocks = list(ColumnWriter(None, plans, ["a"]).blocks(0, [pa.record_batch([pa.array(np.arange(300.0))], ["c"])]))
    assert [len(block["a"]) for block in blocks] == [128, 128, 44]
    np.testing.assert_array_equal(np.concatenate([block["a"] for block in blocks]), 2 * np.arange(300))
