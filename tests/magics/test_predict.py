"""%zoo_predict shows rows with their predictions, and keeps all predictions under a name."""

from __future__ import annotations

import inspect
import io
from typing import Any

import keras
import numpy as np
import pytest

from zoo_lab.infer.api import predict
from zoo_lab.magics.predict import COMMAND, shown
from zoo_lab.magics.samples import Sample
from zoo_lab.magics.wording import as_picture, prediction_text, value_text

NOT_OF_PREDICT = {"rows", "labels", "into"}


@pytest.fixture
def namespace(shell: Any, context: Any) -> dict[str, Any]:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")], name="small")
    x = np.random.default_rng(1).normal(size=(60, 4)).astype("float32")
    shell.user_ns.update(model=model, x=x, y=(x[:, 0] > 0).astype("int32"), words=["low", "high"], sc=context.sc)
    return shell.user_ns


def test_the_options_are_the_arguments_of_predict_with_their_defaults():
    parameters = inspect.signature(predict).parameters
    assert {option.key for option in COMMAND.table} - NOT_OF_PREDICT == set(parameters) - {"context"}
    for option in COMMAND.options:
        if option.key in parameters and option.default:
            assert option.default == str(parameters[option.key].default)


def test_arrays_are_shown_and_all_rows_kept(run_cell: Any, namespace: dict[str, Any]) -> None:
    printed = run_cell("%zoo_predict model (x, y) --rows 3 --labels words --into found")
    expected = namespace["model"].predict(namespace["x"], verbose=0)
    np.testing.assert_allclose(namespace["found"], expected, atol=1e-6)
    assert "3 rows and the predictions of small" in printed
    lines = [line for line in printed.splitlines() if line[:2] in ("0 ", "1 ", "2 ")]
    assert len(lines) == 3
    for row, line in enumerate(lines):
        best = int(expected[row].argmax())
        assert line.rstrip().endswith(f"{namespace['words'][best]} {100 * expected[row, best]:.0f} %")
        assert f" {namespace['words'][namespace['y'][row]]} " in line
    assert "Out[" not in printed


def test_a_table_s_failing_rows_are_shown_with_their_reasons(run_cell: Any, namespace: Any, context: Any) -> None:
    rows = [(number, [float(number)] * 4 if number != 1 else None) for number in range(5)]
    namespace["table"] = context.spark.createDataFrame(rows, "id int, prediction array<float>").coalesce(1)
    printed = run_cell("%zoo_predict model table --feature-cols prediction --rows 2")
    assert "1 None        none: Column 'prediction': expected a value; received null." in printed
    run_cell("%zoo_predict model table --feature-cols prediction --into kept --prediction-col p --on-error null")
    assert namespace["kept"].columns == ["id", "prediction", "p", "p_error"]


def test_records_and_pinned_rows_are_shown(run_cell: Any, namespace: Any, context: Any) -> None:
    from zoo_lab.feature.featureset import FeatureSet

    namespace["records"] = context.sc.parallelize([(row, 1) for row in namespace["x"]], 2)
    namespace["pinned"] = FeatureSet.from_numpy(namespace["x"], namespace["y"], context=context)
    for name in ("records", "pinned"):
        printed = run_cell(f"%zoo_predict model {name} --rows 2 --labels words")
        assert "2 rows and the predictions of small" in printed
        assert "expected" in printed
    namespace["pinned"].unpersist()


def test_wrong_lines_are_told(run_cell: Any, namespace: Any) -> None:
    assert "--rows to be an integer of at least 1" in run_cell("%zoo_predict model x --rows 0", fails=True)
    assert "usage" not in run_cell("%zoo_predict --help")
    assert "Example: %zoo_predict" in run_cell("%zoo_predict --help")


def test_images_become_pictures_and_stand_in_a_grid():
    from PIL import Image

    colours = np.zeros((8, 6, 3), np.uint8)
    colours[..., 0] = 200
    image = Image.open(io.BytesIO(as_picture(colours)))
    assert (image.size, image.getpixel((0, 0))) == ((6, 8), (200, 0, 0))
    assert Image.open(io.BytesIO(as_picture(np.full((8, 8, 1), 0.5, np.float32)))).getpixel((0, 0)) == 128
    assert Image.open(io.BytesIO(as_picture(np.eye(8, dtype=np.float32) * 4 - 2))).getpixel((0, 0)) == 255
    assert as_picture(np.zeros(9)) == b""
    assert as_picture("text") == b""
    page = shown("m", Sample({"x": [colours]}, [np.array([0.2, 0.8])], [None], [1]), ["cat", "dog"])
    assert "<figure" in page["text/html"]
    assert "8 × 6 × 3 numbers  dog       dog 80 %" in page["text/plain"]


def test_spark_s_images_are_turned_from_bgr(context: Any):
    from PIL import Image
    from pyspark.sql import Row

    blue = np.zeros((5, 4, 3), np.uint8)
    blue[..., 0] = 250
    kind = Row("origin", "height", "width", "nChannels", "mode", "data")
    image = Image.open(io.BytesIO(as_picture(kind("", 5, 4, 3, 16, bytearray(blue.tobytes())))))
    assert image.getpixel((0, 0)) == (0, 0, 250)
    assert as_picture(kind("", 5, 4, 3, 16, bytearray(3))) == b""


def test_values_and_predictions_in_words():
    assert prediction_text({"a": 1, "b": [0.25, 0.75]}) == "a: 1, b: 1 75 %"
    assert prediction_text([np.array([1.0, 2.0]), np.float32(0.5)]) == "1, 2, 0.5"
    assert prediction_text(np.array([3.0, -1.0]), ["up", "down"]) == "up"
    assert value_text(np.arange(9)) == "0, 1, 2, 3, 4, 5, … (9)"
    assert value_text(b"caf\xc3\xa9") == "café"
    assert value_text(None) == "None"
